// What an operator may order, as a message of the catalogue: the same by whatever way it comes.
import type { AnyMessage } from './catalogue.ts'
import { Flatten, Halt, Pause, Reload, Resume } from './control.ts'
import { createMessage } from './message.ts'
import type { AgentName } from './primitives.ts'

/** Commands about trading, for accounts and symbols. */
export const tradingActions = ['pause', 'resume', 'halt', 'flatten'] as const
export type TradingAction = (typeof tradingActions)[number]

export const controlActions = [...tradingActions, 'reload'] as const
export type ControlAction = (typeof controlActions)[number]

export type ControlOrder = {
  readonly action: ControlAction
  /** Null means every account, every symbol, every agent. */
  readonly account: string | null
  readonly symbol: string | null
  readonly agent: AgentName | null
  readonly reason: string
  readonly requestedBy: string
}

const scoped = { pause: Pause, resume: Resume, halt: Halt, flatten: Flatten } as const

/** The discriminator names this one order for ever: repeating it with the same name changes nothing. */
export function controlMessage(
  order: ControlOrder,
  options: {
    /** Through whom it comes; only who may publish commands is obeyed. */
    readonly source: AgentName
    /** Epoch milliseconds. */
    readonly occurredAt: number
    readonly discriminator: string
  },
): AnyMessage {
  const { action, account, symbol, agent, reason, requestedBy } = order
  const common = { requestedBy, reason }
  if (action === 'reload') {
    return createMessage(Reload, { ...options, payload: { ...common, agent } })
  }
  // One literal for all four: their payloads are the same, only their names differ.
  return createMessage(scoped[action], {
    ...options,
    payload: { ...common, account, symbol },
  }) as AnyMessage
}
