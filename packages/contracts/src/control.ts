// Commands of an operator. They are commands, so their names are imperative.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import { AccountName, AgentName, MarketSymbol } from './primitives.ts'

const common = {
  /** Who asks, for the record. */
  requestedBy: z.string().min(1).max(64),
  reason: z.string().max(500),
}
/** Null means every account, or every symbol. */
const scope = { account: AccountName.nullable(), symbol: MarketSymbol.nullable() }

export const Pause = defineMessage('control.pause.v1', {
  summary: 'Take no new entries until resumed; exits and protection go on.',
  payload: z.strictObject({ ...common, ...scope }),
})
export type Pause = PayloadOf<typeof Pause>

export const Resume = defineMessage('control.resume.v1', {
  summary: 'Trade again after a pause, a flatten or a halt.',
  payload: z.strictObject({ ...common, ...scope }),
})
export type Resume = PayloadOf<typeof Resume>

export const Halt = defineMessage('control.halt.v1', {
  summary: 'Stop all trading but protection, at once; only resume ends it.',
  payload: z.strictObject({ ...common, ...scope }),
})
export type Halt = PayloadOf<typeof Halt>

export const Flatten = defineMessage('control.flatten.v1', {
  summary: 'Close the positions in scope at the market, and take no new entries until resumed.',
  payload: z.strictObject({ ...common, ...scope }),
})
export type Flatten = PayloadOf<typeof Flatten>

export const Reload = defineMessage('control.reload.v1', {
  summary: 'Read the configuration again; null means every agent.',
  payload: z.strictObject({ ...common, agent: AgentName.nullable() }),
})
export type Reload = PayloadOf<typeof Reload>
