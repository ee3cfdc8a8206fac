// What a restart must know, and what happens when execution itself breaks one of its own rules.
import { createMessage, Resume, type AnyMessage } from '@flotilla/contracts'
import { LedgerUnavailableError } from '@flotilla/ledger'
import type { Venue, VenueFill } from '@flotilla/venue'
import { expect, it } from 'vitest'
import { account } from './testing.ts'
import { isFlat, isProtected, wrapped } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve as approveNow, createWorld, type Rig, type World } from './testing/rig.ts'

const live = liveRigs()

async function approve(world: World, rig: Rig, name: string) {
  const { payload } = await approveNow(world, rig, { name, expiresInMs: 86_400_000 })
  return payload.intentId
}

/** Fills of the symbol were fetched, and the answer was taken in. */
async function untilSwept(world: World, rig: Rig): Promise<void> {
  const before = world.venue.callsOf('fetchFills').length
  await rig.until(() => world.venue.callsOf('fetchFills').length >= before + 2)
}

it('knows at a restart the fills that a slower clock has dated before the order', async () => {
  const world = await createWorld()
  world.venueLagMs = 400
  const first = await live(world)
  await approve(world, first, 'one')
  await first.until(() => isProtected(world))
  await first.agent.stop()
  const second = await live(world)
  await untilSwept(world, second)
  expect(second.context.logs.messages('error')).toEqual([])
  world.venue.setPrice('BTC/USDT', '48000')
  await second.until(() => isFlat(world))
})

/** The fake venue, whose fills a test may spoil. */
function spoiled(world: World, spoil: (fills: VenueFill[]) => VenueFill[]): Venue {
  const { venue } = world
  const fetchFills: Venue['fetchFills'] = async (...asked) =>
    spoil([...(await venue.fetchFills(...asked))])
  return new Proxy<Venue>(venue, {
    get: (target, name) => {
      if (name === 'fetchFills') return fetchFills
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

const resume = (at: number) =>
  createMessage(Resume, {
    source: 'operator',
    occurredAt: at,
    discriminator: 'resume',
    payload: { account: null, symbol: null, requestedBy: 'test', reason: 'looked at' },
  })

const reasonOf = async (world: World, intentId: string) =>
  (await world.ledger.loadOrdersOfIntent(account, intentId))[0]?.reason

const isStop = ({ type }: AnyMessage) => type === 'execution.entries.changed.v1'

it.each([
  ['a fault of its own', 'own_fault', 'desk fault, entries stopped here', () => null],
  [
    'a second trade of a filled order',
    'overfill',
    'fill of an order that is filled already',
    (real: VenueFill) => ({ ...real, tradeId: 'second' }),
  ],
])('watches a position after %s, and takes no entry until resumed', async (...row) => {
  const [, cause, event, strangeOf] = row
  const world = await createWorld()
  const strange: (VenueFill | null)[] = []
  const venue = spoiled(world, (fills) => [...fills, ...(strange.splice(0) as VenueFill[])])
  const rig = await live(world, { venue })
  await approve(world, rig, 'one')
  await rig.until(() => isProtected(world))
  const [real] = await world.venue.fetchFills('BTC/USDT', { since: 0 })
  strange.push(strangeOf(real!))
  await rig.until(() => rig.context.logs.messages('error').includes(event))
  const kept = await approve(world, rig, 'two')
  await rig.until(async () => (await reasonOf(world, kept)) === 'symbol_halted')
  const halt = { symbol: 'BTC/USDT', cause }
  expect(rig.agent.readiness().detail['halted']).toMatchObject([halt])
  expect(rig.said.filter(isStop)).toMatchObject([{ payload: { ...halt, allowed: false } }])
  expect(await world.ledger.recall('execution', 'halted:BTC/USDT')).toMatchObject({ cause })

  world.venue.setPrice('BTC/USDT', '48000')
  await rig.until(() => isFlat(world))
  world.venue.setPrice('BTC/USDT', '50000')
  await rig.publish(resume(world.now))
  await approve(world, rig, 'three')
  await rig.until(() => isProtected(world))
})

it.each([
  ['protection_deadline: not protected within 30000 ms', 'protection_failed'],
  ['fill_beyond_order: trade 7 of flsx-e1', 'overfill'],
])('a halt that an earlier version remembered as "%s" is one by %s', async (reason, cause) => {
  const world = await createWorld()
  const key = 'halted:BTC/USDT'
  const stored = { kind: 'memory-stored', agent: 'execution', key, value: reason } as const
  await world.ledger.commit([
    { consumer: 'execution', causeId: null, changes: [stored], outgoing: [] },
  ])
  const rig = await live(world)
  expect(rig.agent.readiness().detail['halted']).toEqual([{ symbol: 'BTC/USDT', cause, reason }])
  const refused = await approve(world, rig, 'one')
  await rig.until(async () => (await reasonOf(world, refused)) === 'symbol_halted')
  await rig.publish(resume(world.now))
  await rig.until(() => rig.said.some(isStop))
  expect(rig.said.filter(isStop)).toMatchObject([{ payload: { cause, allowed: true } }])
})

it('a fault that the ledger could not take at once is a halt as soon as it can', async () => {
  const world = await createWorld()
  let away = false
  const ledger = wrapped(world.ledger, async (method, _, call) => {
    if (away && method === 'commit') throw new LedgerUnavailableError('test')
    return call()
  })
  const strange: null[] = []
  const venue = spoiled(world, (fills) => [...fills, ...(strange.splice(0) as never[])])
  const rig = await live(world, { venue, ledger })
  await approve(world, rig, 'one')
  await rig.until(() => isProtected(world))
  away = true
  strange.push(null)
  await rig.until(() => rig.context.logs.messages('error').includes('ledger away, execution waits'))
  away = false
  while (!rig.said.some(isStop)) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(rig.said.filter(isStop)).toMatchObject([{ payload: { cause: 'own_fault' } }])
})
