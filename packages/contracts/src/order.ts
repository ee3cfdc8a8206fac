// The words for an order and its states. How an order moves between states is the execution
// agent's transition table; the words are here because every agent reads them.
import { z } from 'zod'

/**
 * - `created`: known to us, not yet on its way
 * - `submitting`: named and stored; the request may be on the wire
 * - `accepted`: the venue has it
 * - `partially-filled`, `filled`
 * - `rejected`: the venue refused it
 * - `canceled`: ended on request
 * - `expired`: ended by its time in force, or never sent because it came too late
 * - `not-placed`: proved never to have reached the venue
 * - `unknown`: sent, and nobody has told us yet what became of it
 */
export const OrderState = z
  .enum([
    'created',
    'submitting',
    'accepted',
    'partially-filled',
    'filled',
    'rejected',
    'canceled',
    'expired',
    'not-placed',
    'unknown',
  ])
  .meta({ id: 'OrderState' })
export type OrderState = z.infer<typeof OrderState>

/** States in which the venue does no more with an order (though a late fill may still be told). */
export const endedOrderStates: ReadonlySet<OrderState> = new Set<OrderState>([
  'filled',
  'rejected',
  'canceled',
  'expired',
  'not-placed',
])

export const OrderType = z
  .enum([
    'limit',
    'market',
    'limit-maker',
    'stop-loss',
    'stop-loss-limit',
    'take-profit',
    'take-profit-limit',
  ])
  .meta({ id: 'OrderType' })
export type OrderType = z.infer<typeof OrderType>

/** Good till canceled, immediate or cancel, fill or kill. */
export const TimeInForce = z.enum(['gtc', 'ioc', 'fok']).meta({ id: 'TimeInForce' })
export type TimeInForce = z.infer<typeof TimeInForce>

/** What an order is for in the life of a position. */
export const OrderLeg = z
  .enum(['entry', 'exit', 'stop-loss', 'take-profit', 'flatten'])
  .meta({ id: 'OrderLeg' })
export type OrderLeg = z.infer<typeof OrderLeg>

/** The venues' common rule: letters, digits, dash, underscore, at most 36. */
export const ClientOrderId = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,36}$/, 'not a client order id: 1 to 36 of a-z A-Z 0-9 _ -')
  .meta({ id: 'ClientOrderId' })
