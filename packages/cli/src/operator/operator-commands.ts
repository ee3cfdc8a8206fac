import { userInfo } from 'node:os'
import type { DeadLetterFilter } from '@flotilla/bus'
import { AgentName } from '@flotilla/contracts'
import type { ControlAction } from '@flotilla/contracts'
import { nearest } from '@flotilla/runtime'
import { checkedConfig } from '../config-commands.ts'
import { table } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { OperatorError } from './link.ts'
import type { OperatorLink } from './link.ts'
import { openLink } from './open-link.ts'

export type ControlOptions = {
  readonly config?: string
  readonly account?: string
  readonly symbol?: string
  readonly agent?: string
  readonly reason?: string
}

/** `flotilla control <action>`: sends one command to the fleet that runs. */
export function control(
  action: ControlAction,
  options: ControlOptions,
  terminal: Terminal,
): Promise<number> {
  return withLink(options.config, terminal, async (link) => {
    await link.send({
      action,
      account: options.account ?? null,
      symbol: options.symbol ?? null,
      agent: options.agent === undefined ? null : agentNamed(options.agent),
      reason: options.reason ?? 'by hand',
      requestedBy: userInfo().username.slice(0, 64) || 'operator',
    })
    terminal.print(`${action} sent${options.symbol === undefined ? '' : ` for ${options.symbol}`}`)
    if (action === 'flatten') terminal.print('no entries are taken there until control resume')
    return 0
  })
}

export type DeadLetterOptions = {
  readonly config?: string
  readonly agent?: string
  readonly limit: number
}

/** `flotilla dead-letters list`: what was given up on, and why. */
export function listDeadLetters(options: DeadLetterOptions, terminal: Terminal): Promise<number> {
  return withLink(options.config, terminal, async (link) => {
    const letters = await link.listDeadLetters(filterOf(options, []))
    if (letters.length === 0) {
      terminal.print('no dead letters')
      return 0
    }
    const rows = letters.map(({ id, deadLetteredAt, queue, type, reason }) => {
      return [id, deadLetteredAt, queue, type ?? 'unreadable', reason]
    })
    for (const row of table([['id', 'since', 'queue', 'type', 'reason'], ...rows], 9)) {
      terminal.print(row)
    }
    return 0
  })
}

/** `flotilla dead-letters requeue`: puts them back where they came from. */
export function requeueDeadLetters(
  ids: readonly string[],
  options: DeadLetterOptions,
  terminal: Terminal,
): Promise<number> {
  return withLink(options.config, terminal, async (link) => {
    const count = await link.requeueDeadLetters(filterOf(options, ids))
    terminal.print(`${count} put back`)
    return 0
  })
}

async function withLink(
  configFile: string | undefined,
  terminal: Terminal,
  use: (link: OperatorLink) => Promise<number>,
): Promise<number> {
  const config = checkedConfig(configFile, [], terminal)
  if (config === null) return 1
  const { bus } = config.shared
  try {
    if (bus.kind === 'rabbitmq' && bus.url === undefined) {
      throw new OperatorError('bus.url is not set; set it, or FLOTILLA_BUS__URL')
    }
    const link = await openLink(bus.kind === 'rabbitmq' ? (bus.url ?? null) : null)
    try {
      return await use(link)
    } finally {
      await link.close()
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    return 1
  }
}

function filterOf(options: DeadLetterOptions, ids: readonly string[]): DeadLetterFilter {
  return {
    limit: options.limit,
    ...(options.agent === undefined ? {} : { agent: agentNamed(options.agent) }),
    ...(ids.length === 0 ? {} : { ids }),
  }
}

function agentNamed(name: string): AgentName {
  const parsed = AgentName.safeParse(name)
  if (parsed.success) return parsed.data
  const meant = nearest(name, AgentName.options)
  const fix = meant === null ? `one of ${AgentName.options.join(', ')}` : `did you mean ${meant}?`
  throw new OperatorError(`there is no agent "${name}"; ${fix}`)
}
