// The messages that a term takes, and the one that it does not.
import { mayPublish, type AnyMessage, type MessageOfType } from '@flotilla/contracts'
import type { Logger } from '@flotilla/runtime'

export type Ticker = MessageOfType<'market.ticker.updated.v1'>
export type Heartbeat = MessageOfType<'agent.heartbeat.v1'>
export type Approval = MessageOfType<'risk.intent.approved.v1'>
export type TradingState = MessageOfType<'risk.trading-state.changed.v1'>
export type Flatten = MessageOfType<'control.flatten.v1'>
export type Resume = MessageOfType<'control.resume.v1'>

/** Risk stores a reservation before it approves: an approval without one is not risk's. */
export class UncoveredApprovalError extends Error {}

/** The risk manager writes down what was refused; here it is only not done. */
export function isCommand(
  { source, type }: AnyMessage,
  to: { readonly account: string | null; readonly own: string; readonly log: Logger },
): boolean {
  if (to.account !== null && to.account !== to.own) return false
  const isAllowed = mayPublish(source, type)
  if (!isAllowed) to.log.error({ source, command: type }, 'command of a stranger refused')
  return isAllowed
}
