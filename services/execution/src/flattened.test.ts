// The shell around a command to flatten: it holds whatever arrives in which order, and over a restart.
import {
  createMessage,
  Flatten,
  Resume,
  TradingStateChanged,
  type AnyMessage,
} from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { account } from './testing.ts'
import { isFlat, isProtected } from './testing/deaths.ts'
import { liveRigs } from './testing/live-rigs.ts'
import { approve, createWorld, type Rig } from './testing/rig.ts'

const live = liveRigs()

const eth = { symbol: 'ETH/USDT', quantity: '0.2', limitPrice: '2510' } as const
const ethExits = { stop: '2400', takeProfit: '2700' } as const

const commanded = (command: typeof Flatten | typeof Resume, symbol: string | null) =>
  createMessage(command, {
    source: 'operator',
    occurredAt: 1,
    discriminator: `${command.type} ${symbol}`,
    payload: { account: null, symbol, requestedBy: 'ada', reason: 'enough' },
  }) as AnyMessage

const told = (symbol: string | null, state: 'active' | 'flattened') =>
  createMessage(TradingStateChanged, {
    source: 'risk-manager',
    occurredAt: 1,
    discriminator: `${state} ${symbol}`,
    payload: { account, symbol, state, reason: 'enough' },
  })

const ends = (rig: Rig) =>
  rig.heardOf('execution.order.expired.v1').map(({ payload }) => [payload.symbol, payload.code])

describe('after a command to flatten', () => {
  it('what was approved before it and comes behind it is refused, until resumed', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await approve(world, rig, { name: 'held' })
    await rig.until(() => isProtected(world))
    await rig.publish(commanded(Flatten, null))
    await rig.until(() => isFlat(world))
    await approve(world, rig, { name: 'late' })
    await rig.until(() => ends(rig).length === 1)
    expect(ends(rig)).toEqual([['BTC/USDT', 'flattened']])
    expect(await world.ledger.loadOpenReservations(account)).toHaveLength(2)

    await rig.publish(commanded(Resume, null))
    await rig.broker.idle()
    await approve(world, rig, { name: 'wanted again' })
    await rig.until(() => isProtected(world))
  })

  it('a restart changes nothing, and a resume of one symbol frees that one', async () => {
    const world = await createWorld()
    const first = await live(world)
    await first.publish(commanded(Flatten, 'BTC/USDT'), commanded(Flatten, 'ETH/USDT'))
    await first.broker.idle()
    await first.agent.stop()

    const second = await live(world)
    expect(second.agent.readiness().detail).toMatchObject({
      commanded: [
        { scope: 'BTC/USDT', reason: 'flattened: enough' },
        { scope: 'ETH/USDT', reason: 'flattened: enough' },
      ],
    })
    await approve(world, second, { name: 'btc' })
    await approve(world, second, { name: 'eth', ...eth, ...ethExits })
    await second.until(() => ends(second).length === 2)
    expect(new Set(ends(second).map(([, code]) => code))).toEqual(new Set(['flattened']))

    await second.publish(commanded(Resume, 'ETH/USDT'))
    await second.broker.idle()
    await second.agent.stop()
    const third = await live(world)
    await approve(world, third, { name: 'btc again' })
    await approve(world, third, { name: 'eth again', ...eth, ...ethExits })
    await third.until(() => isProtected(world, 'ETH/USDT'))
    await third.until(() => ends(third).length === 1)
    expect(ends(third)).toEqual([['BTC/USDT', 'flattened']])
  })

  it('the word of the risk manager holds on its own, whichever comes first', async () => {
    const world = await createWorld()
    const rig = await live(world)
    await rig.publish(told('BTC/USDT', 'flattened'), commanded(Resume, 'BTC/USDT'))
    await rig.broker.idle()
    await approve(world, rig, { name: 'one' })
    await rig.until(() => ends(rig).length === 1)
    expect(ends(rig)).toEqual([['BTC/USDT', 'trading_stopped']])
    await rig.publish(told('BTC/USDT', 'active'))
    await rig.broker.idle()
    await approve(world, rig, { name: 'two' })
    await rig.until(() => isProtected(world))
  })

  it('an entry whose request hangs at the venue is closed as soon as it is known', async () => {
    const world = await createWorld()
    const rig = await live(world)
    world.venue.script({ kind: 'unknown-lands-later', method: 'placeOrder' })
    await approve(world, rig, { name: 'hanging' })
    await rig.until(() => rig.heardOf('execution.order.unknown.v1').length === 1)
    await rig.publish(commanded(Flatten, 'BTC/USDT'))
    await rig.broker.idle()
    world.venue.land()
    await rig.until(() => rig.heardOf('execution.order.filled.v1').length === 2)
    const legs = rig.heardOf('execution.order.filled.v1').map(({ payload }) => payload.leg)
    expect(legs).toEqual(['entry', 'flatten'])
    expect(await isFlat(world)).toBe(true)
  })
})
