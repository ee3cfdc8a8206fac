// A process that dies at a chosen moment, the heir that starts after it, and the check that nothing was
// lost or doubled between them.
import type { Ledger } from '@flotilla/ledger'
import type { Venue, VenueConvert } from '@flotilla/venue'
import { expect } from 'vitest'
import { isEnded } from '../core/index.ts'
import { account, approval, hold, venueName } from '../testing.ts'
import { createRig, type Rig, type RigOptions, type World } from './rig.ts'

/** An hour: no approval of these scenarios comes too late because of a death in between. */
const PATIENCE_MS = 3_600_000

export type Scenario = {
  readonly world: World
  readonly config?: RigOptions['config']
  /** Which of the commits and calls, counted before and after each, is the last moment. */
  readonly moment: number
  /** Takes the dead process: it hangs in its calls until it is stopped. */
  readonly bury: (rig: Rig) => void
}

/** True when the first life was through with everything before it was to die. */
export async function surviveDeath({
  world,
  moment,
  bury,
  config = {},
}: Scenario): Promise<boolean> {
  const fate = createFate(moment)
  const doomed = await createRig(world, {
    ledger: wrapped(world.ledger, fate.around),
    venue: wrapped(world.venue, fate.around),
    config,
  })
  bury(doomed)
  await Promise.race([doomed.agent.start(), fate.died])
  const entry = approval({ name: 'in', now: world.now, expiresInMs: PATIENCE_MS })
  await hold(world.ledger, entry.reservation)
  await doomed.publish(entry.message)
  await doomed.until(async () => fate.isDead() || (await isProtected(world)))
  const quantity = '0.00999'
  const out = { name: 'out', purpose: 'exit', quantity, expiresInMs: PATIENCE_MS } as const
  const exit = approval({ ...out, now: world.now })
  await hold(world.ledger, exit.reservation)
  await doomed.publish(exit.message)
  await doomed.until(async () => fate.isDead() || (await isFlat(world)))
  const through = !fate.isDead()

  // What the dead one had not acknowledged is delivered again.
  const heir = await createRig(world, { config })
  await heir.agent.start()
  await heir.publish(entry.message)
  await heir.until(() => hasEnded(world, entry.message.payload.intentId))
  await heir.publish(exit.message)
  await heir.until(() => hasEnded(world, exit.message.payload.intentId))
  await heir.until(() => isQuiet(world))
  await checkAgainstVenue(world)
  await heir.stop()
  return through
}

export const positionOf = (world: World, symbol = 'BTC/USDT') =>
  world.ledger.findPosition(account, venueName, symbol)

export async function isProtected(world: World, symbol = 'BTC/USDT'): Promise<boolean> {
  return (await positionOf(world, symbol))?.protection?.state === 'protected'
}

export async function isFlat(world: World): Promise<boolean> {
  return (await positionOf(world))?.quantity.isZero() === true
}

async function hasEnded(world: World, intentId: string): Promise<boolean> {
  const orders = await world.ledger.loadOrdersOfIntent(account, intentId)
  const own = orders.filter(({ leg }) => leg === 'entry' || leg === 'exit')
  return own.length > 0 && own.every(({ state }) => isEnded(state))
}

async function isQuiet(world: World): Promise<boolean> {
  const open = await world.ledger.loadOpenOrders(account)
  if (open.some(({ state }) => state !== 'accepted')) return false
  const position = await positionOf(world)
  return position === null || position.quantity.isZero() || (await isProtected(world))
}

async function checkAgainstVenue(world: World): Promise<void> {
  const names = world.venue.allOrders().map(({ clientOrderId }) => clientOrderId)
  expect(new Set(names).size).toBe(names.length)
  const { acceptances } = world.venue.convert
  expect(new Set(acceptances).size).toBe(acceptances.length)
  const entries = world.venue.allOrders().filter(({ side }) => side === 'buy')
  expect(entries.length).toBeLessThanOrEqual(1)
  const fills = await world.ledger.loadFills({ account })
  const trades = fills.map(({ tradeId }) => tradeId)
  expect(trades.toSorted()).toEqual(
    [
      ...world.venue.allFills().map(({ tradeId }) => tradeId),
      ...world.venue.convert.all().map(({ quoteId }) => `convert-${quoteId}`),
    ].toSorted(),
  )
  const position = await positionOf(world)
  const balances = await world.venue.fetchBalances()
  const base = balances.find(({ asset }) => asset === 'BTC')?.total.toString() ?? '0'
  expect(position?.quantity.toString() ?? '0').toBe(base)
}

type Around = (method: string, argument: unknown, call: () => Promise<unknown>) => Promise<unknown>

/** The same port with something around the calls that change the world. */
export function wrapped<Port extends Ledger | Venue | VenueConvert>(
  port: Port,
  around: Around,
): Port {
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (property === 'convert' && member !== undefined) {
        return wrapped(member as VenueConvert, around)
      }
      if (typeof member !== 'function' || typeof property !== 'string') return member
      const method = member as (...rest: readonly unknown[]) => unknown
      return (...rest: readonly unknown[]) => {
        const call = () => method.apply(target, [...rest])
        if (immediate.has(property)) return call()
        return around(property, rest[0], async () => call())
      }
    },
  })
}

/** They answer at once, and change nothing. */
const immediate: ReadonlySet<string> = new Set(['health', 'watchAccount', 'retryKeys'])

const changing = new Set([
  'commit',
  'placeOrder',
  'placeProtection',
  'cancelProtection',
  'cancelOrder',
  'accept',
])

/** Dies at the given moment: before or after one of the calls that change something. */
function createFate(moment: number) {
  let moments = 0
  let isDead = false
  const dying = Promise.withResolvers<void>()
  const never = new Promise<never>(() => {})
  const pass = (): boolean => {
    moments += 1
    if (moments !== moment) return false
    isDead = true
    dying.resolve()
    return true
  }
  const around: Around = async (method, _, call) => {
    if (isDead) return never
    if (!changing.has(method)) return call()
    if (pass()) return never
    const result = await call()
    return isDead || pass() ? never : result
  }
  return { around, isDead: () => isDead, died: dying.promise }
}
