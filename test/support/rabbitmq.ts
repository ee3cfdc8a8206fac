import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { rabbitBinaries, type RabbitBinaries } from './rabbitmq-packages.ts'

// A private RabbitMQ for tests: its own ports, data and Erlang name server, so that any number of
// them run side by side. They die with the process that started them, however that ends.

/** What is needed to talk to a broker; plain data, so that it can be handed to other processes. */
export type RabbitAddress = {
  readonly host: string
  readonly port: number
  readonly ctlPath: string
  readonly environment: Readonly<Record<string, string>>
}

export type Rabbit = RabbitAddress & {
  /** The default virtual host. */
  readonly url: string
  readonly pid: () => number
  kill9(): Promise<void>
  /** Kills it if it still runs, and starts it again on the same port and data. */
  restart(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export type RabbitOptions = {
  readonly plugins?: readonly string[]
  /** Lines of rabbitmq.conf. */
  readonly settings?: readonly string[]
}

const run = promisify(execFile)
const READY_MS = 90_000

/**
 * Starts a broker of the caller's own.
 * @throws Error with one line that says what is missing, where no broker can be had.
 */
export async function startRabbit(options: RabbitOptions = {}): Promise<Rabbit> {
  const binaries = await rabbitBinaries()
  if ('missing' in binaries) throw new Error(binaries.missing)
  for (let attempt = 1; ; attempt++) {
    const broker = await prepare(binaries, options)
    try {
      await broker.start()
      return broker
    } catch (error) {
      await broker.stop()
      // Another process may have taken a port between choosing and binding it.
      if (attempt === 3) throw error
    }
  }
}

/** Runs rabbitmqctl; answers what it printed. */
export async function rabbitmqctl(address: RabbitAddress, ...words: string[]): Promise<string> {
  const { stdout } = await run(address.ctlPath, ['--quiet', ...words], {
    env: address.environment as NodeJS.ProcessEnv,
    maxBuffer: 2 ** 24,
  })
  return stdout
}

/**
 * RabbitMQ 3.10 forgets a quorum queue, and what is in it, when it is killed within about a second
 * after the queue was declared: the list of queue members is flushed by a timer. A test that kills
 * a broker with young queues has it flushed first.
 */
export async function flushYoungQueues(address: RabbitAddress): Promise<void> {
  await rabbitmqctl(address, 'eval', '[ok = dets:sync(Table) || Table <- dets:all()].')
}

/** Made several at a time: starting rabbitmqctl takes longer than its work. */
const VHOSTS_AT_ONCE = 8
const spareVhosts = new Map<number, string[]>()

/** A fresh virtual host, which is a broker of its own for everything but memory and restarts. */
export async function createVhost(address: RabbitAddress): Promise<string> {
  const { host, port } = address
  const spare = spareVhosts.get(port)?.pop()
  if (spare !== undefined) return spare
  const prefix = `test-${randomBytes(6).toString('hex')}`
  await rabbitmqctl(
    address,
    'eval',
    `[begin
       Name = list_to_binary("${prefix}-" ++ integer_to_list(Number)),
       rabbit_vhost:add(Name, <<"guest">>),
       rabbit_auth_backend_internal:set_permissions(
         <<"guest">>, Name, <<".*">>, <<".*">>, <<".*">>, <<"guest">>)
     end || Number <- lists:seq(1, ${VHOSTS_AT_ONCE})].`,
  )
  const numbers = Array.from({ length: VHOSTS_AT_ONCE }, (_, index) => index + 1)
  const urls = numbers.map((number) => `amqp://guest:guest@${host}:${port}/${prefix}-${number}`)
  const [first, ...others] = urls
  spareVhosts.set(port, [...(spareVhosts.get(port) ?? []), ...others])
  return first!
}

export type UserRights = {
  readonly user: string
  readonly vhost: string
  readonly configure: string
  readonly write: string
  readonly read: string
  readonly topics: readonly { exchange: string; write: string; read: string }[]
}

/** A user with the password `secret` and these rights. */
export async function createUser(address: RabbitAddress, rights: UserRights): Promise<void> {
  const [user, vhost] = [erlang(rights.user), erlang(rights.vhost)]
  const backend = 'rabbit_auth_backend_internal'
  const plain = [rights.configure, rights.write, rights.read].map(erlang).join(', ')
  const topics = rights.topics.map(({ exchange, write, read }) => {
    const words = [exchange, write, read].map(erlang).join(', ')
    return `${backend}:set_topic_permissions(${user}, ${vhost}, ${words}, <<"test">>)`
  })
  const steps = [
    `${backend}:add_user(${user}, <<"secret">>, <<"test">>)`,
    `${backend}:set_permissions(${user}, ${vhost}, ${plain}, <<"test">>)`,
    ...topics,
  ]
  await rabbitmqctl(address, 'eval', `${steps.join(',\n')}.`)
}

function erlang(text: string): string {
  return `<<"${text.replaceAll(/[\\"]/g, '\\$&')}">>`
}

async function prepare(binaries: RabbitBinaries, options: RabbitOptions): Promise<Rabbit> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-rabbitmq-'))
  const ports = await freePorts(3)
  const [port, distributionPort, epmdPort] = ports as [number, number, number]
  const environment = {
    ...ownSettings(folder, options),
    PATH: [binaries.erlang, process.env['PATH'] ?? ''].join(delimiter),
    ...(binaries.libraries === null ? {} : { LD_LIBRARY_PATH: binaries.libraries }),
    RABBITMQ_NODENAME: `flotilla-${randomBytes(4).toString('hex')}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    ERL_EPMD_PORT: String(epmdPort),
  }
  await writeSettings(folder, options)
  return new PrivateRabbit({ binaries, folder, port, epmdPort, environment })
}

function ownSettings(folder: string, options: RabbitOptions): Record<string, string> {
  return {
    HOME: folder,
    LANG: 'C.UTF-8',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    ...(options.plugins === undefined ? { RABBITMQ_ENABLED_PLUGINS: '' } : {}),
    // With input allowed the start script becomes the broker instead of waiting for it.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-noinput -start_epmd false',
    RABBITMQ_CTL_DIST_PORT_MIN: '40000',
    RABBITMQ_CTL_DIST_PORT_MAX: '60000',
  }
}

async function writeSettings(folder: string, options: RabbitOptions): Promise<void> {
  await mkdir(join(folder, 'data'))
  await mkdir(join(folder, 'log'))
  const plugins = (options.plugins ?? []).join(',')
  await writeFile(join(folder, 'enabled_plugins'), `[${plugins}].\n`)
  const settings = ['log.console.level = warning', ...(options.settings ?? [])]
  await writeFile(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`)
}

type Parts = {
  readonly binaries: RabbitBinaries
  readonly folder: string
  readonly port: number
  readonly epmdPort: number
  readonly environment: Readonly<Record<string, string>>
}

class PrivateRabbit implements Rabbit {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly ctlPath: string
  readonly environment: Readonly<Record<string, string>>
  #parts: Parts
  #nameServer: ChildProcess | null = null
  #broker: ChildProcess | null = null
  #output: string[] = []

  constructor(parts: Parts) {
    this.#parts = parts
    this.port = parts.port
    this.environment = parts.environment
    this.ctlPath = join(parts.binaries.sbin, 'rabbitmqctl')
  }

  get url(): string {
    return `amqp://guest:guest@${this.host}:${this.port}`
  }

  pid(): number {
    return this.#broker?.pid ?? -1
  }

  async start(): Promise<void> {
    const { binaries, epmdPort } = this.#parts
    this.#nameServer ??= this.#spawn(binaries.epmd, '-port', String(epmdPort))
    this.#broker = this.#spawn(join(binaries.sbin, 'rabbitmq-server'))
    await this.#untilReady(this.#broker)
  }

  async kill9(): Promise<void> {
    await kill(this.#broker)
    this.#broker = null
  }

  async restart(): Promise<void> {
    await this.kill9()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.kill9()
    await kill(this.#nameServer)
    this.#nameServer = null
    await rm(this.#parts.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** The kernel kills it when this process is gone, even by kill -9. */
  #spawn(program: string, ...words: string[]): ChildProcess {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...words], {
      env: this.environment as NodeJS.ProcessEnv,
      cwd: this.#parts.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (chunk: Buffer): void => {
      this.#output = [...this.#output.slice(-50), chunk.toString()]
    }
    child.on('error', (error) => this.#output.push(error.message))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    // A broker that is left running must not keep a finished test process alive.
    child.unref()
    return child
  }

  async #untilReady(broker: ChildProcess): Promise<void> {
    const deadline = AbortSignal.timeout(READY_MS)
    while (!(await speaksAmqp(this.host, this.port))) {
      const ended = broker.exitCode !== null || broker.signalCode !== null
      if (ended || deadline.aborted) {
        throw new Error(`RabbitMQ did not start: ${this.#output.join('').slice(-2_000)}`)
      }
      await pause(100)
    }
  }
}

/** A broker that is still booting refuses or drops connections; a ready one greets. */
async function speaksAmqp(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  const patience = AbortSignal.timeout(2_000)
  try {
    await once(socket, 'connect', { signal: patience })
    socket.write(Buffer.from([65, 77, 81, 80, 0, 0, 9, 1]))
    const [greeting] = (await once(socket, 'data', { signal: patience })) as [Buffer]
    return greeting[0] === 1
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function kill(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
