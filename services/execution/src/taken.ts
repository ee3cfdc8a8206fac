// The messages that a term takes, and the one that it does not.
import type { MessageOfType } from '@flotilla/contracts'

export type Ticker = MessageOfType<'market.ticker.updated.v1'>
export type Approval = MessageOfType<'risk.intent.approved.v1'>
export type TradingState = MessageOfType<'risk.trading-state.changed.v1'>
export type Flatten = MessageOfType<'control.flatten.v1'>
export type Resume = MessageOfType<'control.resume.v1'>

/** Risk stores a reservation before it approves: an approval without one is not risk's. */
export class UncoveredApprovalError extends Error {}
