import { createMessage, Flatten, Halt, Pause, Reload, Resume } from '@flotilla/contracts'
import type { AgentName, AnyMessage } from '@flotilla/contracts'

/** What an operator may order, as a message of the catalogue. */
export const controlActions = ['pause', 'resume', 'halt', 'flatten', 'reload'] as const
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
  options: { readonly occurredAt: number; readonly discriminator: string },
): AnyMessage {
  const { action, account, symbol, agent, reason, requestedBy } = order
  const common = { requestedBy, reason }
  const envelope = { source: 'operator', ...options } as const
  if (action === 'reload') {
    return createMessage(Reload, { ...envelope, payload: { ...common, agent } })
  }
  // One literal for all four: their payloads are the same, only their names differ.
  return createMessage(scoped[action], {
    ...envelope,
    payload: { ...common, account, symbol },
  }) as AnyMessage
}
