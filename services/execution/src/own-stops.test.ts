// What stops entries without anybody's word: assets that are missing, and silence.
import { createMessage, Resume, type MessageOfType } from '@flotilla/contracts'
import { LedgerUnavailableError } from '@flotilla/ledger'
import { describe, expect, it } from 'vitest'
import type { ApprovalOptions } from './testing.ts'
import { isFlat, isProtected, wrapped } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve as approveNow, createWorld, type Rig, type World } from './testing/rig.ts'

const live = liveRigs()

/** An hour: none of these approvals comes too late. */
const expiresInMs = 3_600_000

const approve = (world: World, rig: Rig, options: ApprovalOptions) =>
  approveNow(world, rig, { expiresInMs, ...options })

const eth = {
  symbol: 'ETH/USDT',
  quantity: '0.2',
  limitPrice: '2510',
  stop: '2400',
  takeProfit: '2700',
} as const

const changes = (rig: Rig): MessageOfType<'execution.entries.changed.v1'>['payload'][] =>
  rig.said.flatMap((message) =>
    message.type === 'execution.entries.changed.v1' ? [message.payload] : [],
  )

const stops = (rig: Rig) => rig.agent.readiness().detail['entriesStopped']

async function refused(rig: Rig): Promise<string> {
  const before = rig.heardOf('execution.order.expired.v1').length
  await rig.until(() => rig.heardOf('execution.order.expired.v1').length > before)
  const { code, reason } = rig.heardOf('execution.order.expired.v1').at(-1)!.payload
  return `${code}: ${reason}`
}

const resume = (symbol: string | null) =>
  createMessage(Resume, {
    source: 'operator',
    occurredAt: 1,
    discriminator: `resume ${symbol}`,
    payload: { account: null, symbol, requestedBy: 'test', reason: 'counted' },
  })

describe('an asset that is missing at the venue', () => {
  it('stops entries of its symbols only, and exits go on', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await approve(world, rig, { name: 'btc' })
    await rig.until(() => isProtected(world))
    world.venue.credit('BTC', '-0.00001')
    await rig.until(() => changes(rig).length > 0)
    expect(changes(rig)).toMatchObject([
      { asset: 'BTC', symbol: null, allowed: false, cause: 'balance_drift' },
    ])
    expect(changes(rig)[0]?.reason).toContain('0.00001 BTC are missing that no order explains')
    await approve(world, rig, { name: 'more' })
    expect(await refused(rig)).toMatch(/^trading_stopped: .*0\.00001 BTC are missing/)
    await approve(world, rig, { name: 'eth', ...eth })
    await rig.until(() => isProtected(world, 'ETH/USDT'))
    await approve(world, rig, { name: 'out', purpose: 'exit', quantity: '0.00998' })
    await rig.until(async () => rig.heardOf('execution.order.filled.v1').length === 3)
  })

  it('stops nothing any more when it is back', async () => {
    const world = await createWorld()
    const rig = await live(world)
    world.venue.credit('USDT', '-50')
    await rig.until(() => changes(rig).length === 1)
    world.venue.credit('USDT', '50')
    await rig.until(() => changes(rig).length === 2)
    expect(changes(rig)[1]).toMatchObject({ asset: 'USDT', allowed: true })
    await approve(world, rig, { name: 'one' })
    await rig.until(() => isProtected(world))
  })

  it('is still missing after a restart, until an operator takes what is there for right', async () => {
    const world = await createWorld()
    const first = await live(world)
    await first.agent.stop()
    world.venue.credit('USDT', '-50')
    const second = await live(world)
    await second.until(() => changes(second).length === 1)
    await second.publish(resume('BTC/USDT'))
    await second.until(() => changes(second).length === 2)
    await approve(world, second, { name: 'one' })
    await second.until(() => isProtected(world))
    expect(stops(second)).toEqual([])
  })
})

it('an order that was given up and of which nothing is ever told shows in the balances', async () => {
  const world = await createWorld()
  const mute = { watchAccount: () => ({ close: async () => {} }) }
  Object.assign(world.venue, mute)
  const venue = wrapped(world.venue, async (method, _, call) => {
    if (method === 'queryOrder') return null
    return method === 'fetchFills' ? [] : call()
  })
  const rig = await live(world, { venue })
  world.venue.script({ kind: 'unknown-landed', method: 'placeOrder' })
  await approve(world, rig, { name: 'btc' })
  await rig.until(() => changes(rig).length > 0)
  expect(changes(rig)).toMatchObject([{ asset: 'USDT', allowed: false, cause: 'balance_drift' }])
  expect(changes(rig)[0]?.reason).toContain('500 USDT are missing that no order explains')
})

it('a deposit stops nothing, and is what there should be from then on', async () => {
  const world = await createWorld()
  const rig = await live(world)
  world.venue.transfer('USDT', '500')
  await rig.until(
    async () => (await world.ledger.recall('execution', 'baseline:USDT')) === '1000500',
  )
  expect(stops(rig)).toEqual([])
  world.venue.credit('USDT', '-500')
  await rig.until(() => changes(rig).length === 1)
  expect(changes(rig)[0]).toMatchObject({ asset: 'USDT', cause: 'balance_drift' })
})

it('a withdrawal that the venue told of stops nothing', async () => {
  const world = await createWorld()
  const rig = await live(world)
  world.venue.transfer('USDT', '-50')
  await rig.until(
    async () => (await world.ledger.recall('execution', 'baseline:USDT')) === '999950',
  )
  expect(changes(rig)).toEqual([])
})

it('a surplus stops entries when transfers are told and this one was not', async () => {
  const world = await createWorld()
  const rig = await live(world)
  const settled = world.now + 310_000
  await rig.until(() => world.now > settled)
  world.venue.credit('BTC', '0.00000002')
  await rig.until(() => changes(rig).length === 1)
  expect(changes(rig)).toMatchObject([{ asset: 'BTC', allowed: false, cause: 'balance_drift' }])
  expect(changes(rig)[0]?.reason).toContain('0.00000002 BTC are there too much')
  await rig.publish(resume('BTC/USDT'))
  await rig.until(() => changes(rig).length === 2)
  expect(stops(rig)).toEqual([])
})

it('a deposit stops nothing where the stream never tells of any', async () => {
  const world = await createWorld()
  Object.assign(world.venue, { profile: { ...world.venue.profile, tellsTransfers: false } })
  const rig = await live(world)
  const settled = world.now + 310_000
  await rig.until(() => world.now > settled)
  const baseline = () => world.ledger.recall('execution', 'baseline:BTC')
  const before = await baseline()
  world.venue.credit('BTC', '0.5')
  await rig.until(async () => (await baseline()) !== before)
  const compared = world.now + 310_000
  await rig.until(() => world.now > compared)
  expect(changes(rig)).toEqual([])
})

it('a deposit made while nobody listened stops nothing', async () => {
  const world = await createWorld()
  world.venue.accountStream.cut('test')
  const rig = await live(world)
  world.venue.credit('USDT', '500')
  await rig.until(
    async () => (await world.ledger.recall('execution', 'baseline:USDT')) === '1000500',
  )
  expect(changes(rig)).toEqual([])
})

it('trades in both directions for long explain every balance', async () => {
  const world = await createWorld()
  const rig = await live(world)
  for (let round = 0; round < 5; round++) {
    await approve(world, rig, { name: `in ${round}` })
    await rig.until(() => isProtected(world))
    await approve(world, rig, { name: `out ${round}`, purpose: 'exit', quantity: '0.00999' })
    await rig.until(() => isFlat(world))
  }
  const later = world.now + 700_000
  await rig.until(() => world.now > later)
  expect(changes(rig)).toEqual([])
  expect(rig.agent.readiness().detail['differences']).toEqual([])
})

describe('a venue that is silent for too long', () => {
  it('stops entries by itself; exits go on, and entries too when it answers again', async () => {
    const world = await createWorld()
    let silent = false
    const venue = wrapped(world.venue, (method, _, call) =>
      silent && method === 'fetchTime' ? new Promise<never>(() => {}) : call(),
    )
    const rig = await live(world, { venue })
    await approve(world, rig, { name: 'one' })
    await rig.until(() => isProtected(world))
    const before = world.now
    silent = true
    await rig.until(() => changes(rig).length > 0)
    expect(world.now - before).toBeGreaterThan(29_000)
    expect(world.now - before).toBeLessThan(45_000)
    expect(changes(rig)).toMatchObject([{ cause: 'venue_silent', asset: null, allowed: false }])
    await approve(world, rig, { name: 'two' })
    expect(await refused(rig)).toMatch(/^trading_stopped: .*no answer from the venue/)
    await approve(world, rig, { name: 'out', purpose: 'exit', quantity: '0.00999' })
    await rig.until(() => isFlat(world))

    silent = false
    await rig.until(() => changes(rig).length === 2)
    expect(changes(rig)[1]).toMatchObject({ cause: 'venue_silent', allowed: true })
    await approve(world, rig, { name: 'three' })
    await rig.until(() => isProtected(world))
  })
})

it('a ledger that is silent for too long refuses the entries that waited for it', async () => {
  const world = await createWorld()
  let away = false
  const ledger = wrapped(world.ledger, async (method, _, call) => {
    if (away && (method === 'commit' || method === 'recall')) {
      throw new LedgerUnavailableError('test')
    }
    return call()
  })
  const rig = await live(world, { ledger })
  away = true
  await approve(world, rig, { name: 'one' })
  await rig.until(() => changes(rig).length === 1)
  expect(changes(rig)[0]).toMatchObject({ cause: 'ledger_silent', allowed: false })
  away = false
  while (rig.heardOf('execution.order.expired.v1').length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(rig.heardOf('execution.order.expired.v1')[0]?.payload).toMatchObject({
    code: 'trading_stopped',
  })
  await rig.until(() => changes(rig).length === 2)
  await approve(world, rig, { name: 'two' })
  await rig.until(() => isProtected(world))
})
