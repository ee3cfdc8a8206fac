import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentName } from '@flotilla/contracts'
import { provisionRabbit } from '@flotilla/bus'
import { openPostgresLedger } from '@flotilla/ledger'
import { checkedConfig } from '../config-commands.ts'
import type { Terminal } from '../terminal.ts'
import { provisionBroker } from './provision.ts'
import { createRabbitAdmin, ProvisionError } from './rabbit-admin.ts'

export type ProvisionOptions = {
  readonly config?: string
  /** Address of RabbitMQ's management API. */
  readonly rabbitmq: string
  /** Address of the broker itself, without user and virtual host. */
  readonly amqp: string
  readonly adminUser: string
  readonly vhost: string
  /** Folder with `rabbitmq-password-admin` and one `rabbitmq-password-<agent>` per agent. */
  readonly secrets: string
}

/** `flotilla provision`: the broker's users and exchanges, and the tables of the ledger. */
export async function provision(options: ProvisionOptions, terminal: Terminal): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  try {
    const passwordOf = (name: string): string =>
      secretIn(options.secrets, `rabbitmq-password-${name}`)
    const admin = createRabbitAdmin({
      url: options.rabbitmq,
      user: options.adminUser,
      password: passwordOf('admin'),
    })
    const byAgent = (agent: AgentName): string => passwordOf(agent)
    await provisionBroker({ admin, vhost: options.vhost, passwordOf: byAgent })
    await provisionRabbit(brokerUrl(options, passwordOf('admin')))
    terminal.print(`broker is ready: virtual host ${options.vhost}, one user per agent, all queues`)
  } catch (error) {
    if (!(error instanceof ProvisionError) && !(error instanceof TypeError)) throw error
    terminal.complain(`flotilla: the broker could not be provisioned: ${error.message}`)
    return 1
  }
  return provisionLedger(config.shared.ledger.url, terminal)
}

async function provisionLedger(url: string | undefined, terminal: Terminal): Promise<number> {
  if (url === undefined) {
    terminal.complain('flotilla: ledger.url is not set; set it or FLOTILLA_LEDGER__URL_FILE')
    return 1
  }
  const ledger = await openPostgresLedger({ url })
  await ledger.close()
  terminal.print('ledger is ready: its tables are of the newest version')
  return 0
}

function brokerUrl({ amqp, adminUser, vhost }: ProvisionOptions, password: string): string {
  const url = new URL(amqp)
  url.username = encodeURIComponent(adminUser)
  url.password = encodeURIComponent(password)
  url.pathname = `/${encodeURIComponent(vhost)}`
  return url.href
}

function secretIn(folder: string, name: string): string {
  const file = join(folder, name)
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  throw new ProvisionError(`no password in ${file}; write one there`)
}
