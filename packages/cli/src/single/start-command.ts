import { randomBytes } from 'node:crypto'
import { relative } from 'node:path'
import type { AgentSpec, FleetConfig, SharedConfig } from '@flotilla/fleet'
import { FolderInUseError, PostgresMissingError } from '@flotilla/ledger'
import { atLeast, live, realClock, stdoutJsonSink, terminalSink } from '@flotilla/runtime'
import type { LogSink } from '@flotilla/runtime'
import { checkedConfig, readConfigNow } from '../config-commands.ts'
import { loadAgents } from '../load-agents.ts'
import { withNeededIndicators } from '../needed-indicators.ts'
import { logFolder, stateFolder, userPath } from '../places.ts'
import type { Terminal } from '../terminal.ts'
import { readRecordedSymbols, recordingsOf } from './markets.ts'
import { createNarrator } from './narrator.ts'
import { onceEach } from './observe.ts'
import { SingleFleet } from './single-fleet.ts'
import type { Running } from './single-fleet.ts'
import { summaryOf } from './summary.ts'
import { createTally } from './tally.ts'
import { removeRunNote, runningIn, writeRunNote } from './run-note.ts'
import { forgetWorld, openWorld } from './world.ts'
import type { World } from './world.ts'

export type StartOptions = {
  readonly config?: string
  readonly speed?: number
  readonly seed?: number
  readonly candles: readonly string[]
  readonly trades: readonly string[]
  readonly books: readonly string[]
  /** Real seconds. */
  readonly duration?: number
  readonly httpPort?: number
  readonly simulatorPort: number
  readonly fresh?: boolean
  readonly verbose?: boolean
}

/** `flotilla start`: the whole fleet in this process. */
export async function startSingle(options: StartOptions, terminal: Terminal): Promise<number> {
  const specs = await loadAgents()
  const read = checkedConfig(options.config, specs, terminal)
  if (read === null) return 1
  const simulator = simulatorWithFlags(read.shared.simulator, options)
  const recorded = await readRecordedSymbols([...recordingsOf(simulator), ...simulator.books])
  if (recorded.kind === 'problem') {
    terminal.complain(`flotilla: ${recorded.problem}`)
    return 1
  }
  const complete = (config: FleetConfig): FleetConfig => {
    const shared = withFlags(config.shared, options, recorded.symbols)
    return { ...withNeededIndicators(config), shared }
  }
  const config = complete(read)
  const world = openWorld(stateFolder(), config.shared)
  const problem = await readyWorld(world, options)
  if (problem !== null) {
    terminal.complain(`flotilla: ${problem}`)
    return 1
  }
  const readAgain = (): FleetConfig => complete(readConfigNow(options.config, specs))
  return runFleet({ options, specs, config, readAgain, world, terminal })
}

/** Forgets the world where that is wished for; what keeps it from being used, or null. */
async function readyWorld(world: World, options: StartOptions): Promise<string | null> {
  if (options.fresh !== true) return null
  const running = await runningIn(world.folder)
  if (running !== null) return `a fleet lives in ${world.name} (${running.url}); stop it first`
  forgetWorld(world)
  return null
}

type RunOptions = {
  readonly options: StartOptions
  readonly specs: readonly AgentSpec[]
  readonly config: FleetConfig
  readonly readAgain: () => FleetConfig
  readonly world: World
  readonly terminal: Terminal
}

async function runFleet(run: RunOptions): Promise<number> {
  const { options, specs, config, readAgain, world, terminal } = run
  const accounts = [config.shared, ...config.further.map(({ shared }) => shared)].map(
    ({ account }) => ({ ...account, tally: createTally(account.id) }),
  )
  const isJson = config.shared.logs.format === 'json'
  // Whoever wants JSON gets nothing else: the agents' own lines then tell it all.
  const tell = (text: string): void => {
    if (!isJson) terminal.print(text)
  }
  const narrator = createNarrator({
    print: tell,
    colors: terminal.colors,
    now: () => realClock.now(),
    symbols: config.shared.symbols,
    account: config.shared.account.id,
  })
  const hear = onceEach((message) => {
    for (const { tally } of accounts) tally.hear(message)
    narrator.hear(message)
  })
  const token = randomBytes(24).toString('hex')
  const end = createEnd(options.duration)
  const fleet = new SingleFleet(
    {
      config,
      readAgain,
      specs,
      world,
      hear,
      token,
      logFolder: logFolder(),
      terminal: isJson ? stdoutJsonSink() : terminalLines(terminal, options.verbose === true),
      httpPort: options.httpPort ?? null,
      simulatorPort: options.simulatorPort,
    },
    {
      onRunning: (running) => {
        writeRunNote(world.folder, { url: running.url, token, startedAt: realClock.now() })
        fleet.logger.info({ url: running.url, world: world.name }, 'fleet running')
        tell(greeting(running, world))
        end.begin(running)
      },
      beforeClose: async ({ ports: { ledger } }) => {
        for (const { id, currency, tally } of accounts) {
          const heading = accounts.length === 1 ? 'Summary' : `Summary of account ${id}`
          tell(await summaryOf({ tally, ledger, account: id, currency, heading }))
        }
      },
    },
  )
  try {
    return await live(explained(fleet, terminal), { logger: fleet.logger, until: end.reached })
  } finally {
    end.cancel()
    removeRunNote(world.folder, token)
  }
}

/** Flags win over the file and the environment; whatever is recorded is traded. */
function withFlags(
  shared: SharedConfig,
  options: StartOptions,
  recorded: readonly string[],
): SharedConfig {
  const simulator = simulatorWithFlags(shared.simulator, options)
  return { ...shared, simulator, symbols: recorded.length === 0 ? shared.symbols : [...recorded] }
}

/** A source of prices that a flag names takes the place of those in the file. */
function simulatorWithFlags(
  simulator: SharedConfig['simulator'],
  options: StartOptions,
): SharedConfig['simulator'] {
  const { speed, seed } = options
  const { follow, ...rest } = simulator
  const [candles, trades, books] = [options.candles, options.trades, options.books].map((files) =>
    files.map((file) => userPath(file)),
  ) as [string[], string[], string[]]
  const isNamed = candles.length + trades.length > 0
  const sources = isNamed ? { candles, trades, books } : follow === undefined ? {} : { follow }
  return {
    ...rest,
    ...sources,
    ...(speed === undefined ? {} : { speed }),
    ...(seed === undefined ? {} : { seed }),
  }
}

/** The events are told by the narrator; of the agents' own lines only trouble, unless all is wanted. */
function terminalLines(terminal: Terminal, verbose: boolean): LogSink {
  const sink = terminalSink({
    write: (text) => terminal.print(text.trimEnd()),
    colors: terminal.colors,
  })
  return atLeast(verbose ? 'info' : 'warn', sink)
}

function sourceOf(simulator: SharedConfig['simulator']): string {
  if (simulator.follow !== undefined) return `at the prices of ${simulator.follow.venue}`
  const { length } = recordingsOf(simulator)
  return length === 0 ? `seed ${simulator.seed}` : `${length} recordings`
}

function greeting({ url, shared, clock, endsAt }: Running, world: World): string {
  const isOver = endsAt !== null && endsAt <= clock.now()
  const { mode, symbols, timeframe, venue, simulator, account } = shared
  const isSimulated = venue.kind === 'simulator'
  const source = sourceOf(simulator)
  const pace = isSimulated ? `, ${source}, ${simulator.speed} times as fast as life` : ''
  return [
    `Flotilla trades ${symbols.join(', ')} (${timeframe}) ${mode === 'paper' ? 'on paper' : 'LIVE'} ` +
      `at ${venue.id}, account ${account.id}${pace}`,
    `  overview  ${url}`,
    '  logs      npm run logs -- --follow',
    `  data      ${relative(process.cwd(), world.folder)} (goes on from here at the next start)`,
    ...(isOver
      ? ['  The recording is over; start with --fresh to replay it from its beginning.']
      : []),
    '',
  ].join('\n')
}

/** When the run ends by itself: after the duration, or with the recorded prices. */
function createEnd(durationSeconds: number | undefined): {
  readonly reached: Promise<void>
  begin(running: Running): void
  cancel(): void
} {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const abort = new AbortController()
  const after = (sleep: Promise<void>): void => {
    sleep.then(resolve, () => undefined)
  }
  return {
    reached,
    begin({ clock, endsAt }) {
      if (durationSeconds !== undefined) {
        after(realClock.sleep(durationSeconds * 1_000, abort.signal))
      }
      if (endsAt !== null) after(clock.sleep(endsAt - clock.now(), abort.signal))
    },
    cancel: () => abort.abort(),
  }
}

/** Faults that the user can mend are said in one line of their own. */
function explained(fleet: SingleFleet, terminal: Terminal): Pick<SingleFleet, 'start' | 'stop'> {
  return {
    start: async () => {
      try {
        await fleet.start()
      } catch (error) {
        if (error instanceof FolderInUseError || error instanceof PostgresMissingError) {
          terminal.complain(`flotilla: ${error.message}`)
        }
        throw error
      }
    },
    stop: () => fleet.stop(),
  }
}
