import { z } from 'zod'
import { formatUnits, lockedOutside, moveFunds, units, type FundsMove } from '../core/index.ts'
import type { Desk } from '../desk.ts'

/** Money that comes, goes or is held from outside, by the hand of whoever tests. */
const amount = z
  .string()
  .regex(/^\d{1,20}(\.\d{1,8})?$/, { error: 'is not a plain decimal of at most eight places' })
  .refine((text) => /[1-9]/.test(text), { error: 'is nothing: send more than 0' })

const Wish = z
  .strictObject({
    asset: z.string().regex(/^[A-Z0-9]{1,20}$/, { error: 'is not an asset such as USDT' }),
    deposit: amount.optional(),
    withdraw: amount.optional(),
    lock: amount.optional(),
    unlock: amount.optional(),
  })
  .refine(
    ({ asset: _asset, ...deeds }) => Object.keys(deeds).length === 1,
    'send one of deposit, withdraw, lock, unlock',
  )

type Deed = Exclude<keyof z.infer<typeof Wish>, 'asset'>

const deeds: Readonly<Record<Deed, { kind: FundsMove['kind']; sign: bigint }>> = {
  deposit: { kind: 'TRANSFER', sign: 1n },
  withdraw: { kind: 'TRANSFER', sign: -1n },
  lock: { kind: 'OUTSIDE_LOCK', sign: 1n },
  unlock: { kind: 'OUTSIDE_LOCK', sign: -1n },
}

/** Does it, or hands back the reason why not. The account hears of it as the exchange would tell it. */
export function moveByHand(desk: Desk, body: unknown): { readonly error: string } | object {
  const { asset, ...wish } = Wish.parse(body)
  const [name, text] = Object.entries(wish)[0] as [Deed, string]
  const { kind, sign } = deeds[name]
  const { engine } = desk
  const most = moveFunds(engine, { kind, asset, delta: sign * units(text), now: desk.now() })
  if (most !== null) {
    return { error: `${name} is ${text}, but at most ${formatUnits(most)} ${asset} can be` }
  }
  desk.commit({ method: 'POST', path: '/__sim/balances', parameters: { asset, [name]: text } })
  desk.flush()
  const { free, locked } = engine.holdings.get(asset) ?? { free: 0n, locked: 0n }
  const outside = formatUnits(lockedOutside(engine, asset))
  return { asset, free: formatUnits(free), locked: formatUnits(locked), lockedOutside: outside }
}
