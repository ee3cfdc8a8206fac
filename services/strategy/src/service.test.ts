import type { Bus, MemoryBroker } from '@flotilla/bus'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { createMessage, TradingStateChanged } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Ledger } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it } from 'vitest'
import { agent as spec, indicatorsNeededBy } from './index.ts'
import { denied, ended, epoch, filled, minute, position, signals, ticker } from './testing.ts'
import { Stage } from './testing/stage.ts'

let stage: Stage
async function setUp(config?: unknown): Promise<Stage> {
  stage = new Stage()
  await stage.listen()
  await stage.start(config)
  return stage
}
afterEach(() => stage.end())

const held = (version: number): AnyMessage => position(version, '1', 'protected')
const flat = (version: number): AnyMessage => position(version, '0', 'none')

describe('the strategy agent', () => {
  it('trades a swing: an entry, its fill, an exit, flat again, and the next entry', async () => {
    const { intents } = await setUp()
    await stage.rsi(0, 25, 31)
    expect(intents.map(({ payload }) => payload.purpose)).toEqual(['entry'])
    await stage.tell(filled(intents[0]!.payload.intentId), held(1))
    await stage.rsi(2, 40, 71)
    expect(intents.map(({ payload }) => payload.purpose)).toEqual(['entry', 'exit'])
    await stage.tell(filled(intents[1]!.payload.intentId, { leg: 'exit', side: 'sell' }), flat(2))
    await stage.rsi(4, 28, 33)
    expect(intents.map(({ payload }) => payload.side)).toEqual(['buy', 'sell', 'buy'])
    expect(await stage.broker.deadLetters.list()).toEqual([])
  })

  it('a signal that comes again makes no second intent, also after a restart', async () => {
    await setUp()
    await stage.rsi(0, 25, 31)
    await stage.tell(signals(1, { 'rsi(14)': 31 }))
    await stage.start()
    await stage.tell(signals(0, { 'rsi(14)': 25 }), signals(1, { 'rsi(14)': 31 }))
    expect(stage.intents).toHaveLength(1)
  })

  it('one intent at a time: the next goes out when the last has ended', async () => {
    const { intents } = await setUp()
    await stage.rsi(0, 25, 31, 25, 31)
    expect(intents).toHaveLength(1)
    await stage.tell(ended('expired', intents[0]!.payload.intentId))
    await stage.rsi(4, 25, 31)
    expect(intents).toHaveLength(2)
  })

  it('after a denial it waits, and then tries again', async () => {
    const { intents } = await setUp({
      strategies: [{ name: 'rsi-reversion' }],
      cooldownMs: 150_000,
    })
    await stage.rsi(0, 25, 31)
    await stage.tell(denied(intents[0]!.payload.intentId))
    await stage.rsi(2, 25, 31)
    expect(intents).toHaveLength(1)
    await stage.rsi(4, 25, 31)
    expect(intents).toHaveLength(2)
  })

  it('what it remembers survives: the strategy’s state, the open intent, whose position it is', async () => {
    const { intents } = await setUp()
    await stage.rsi(0, 25)
    await (await stage.start()).stop()
    await restart()
    await stage.rsi(1, 31)
    expect(intents).toHaveLength(1)
    await restart()
    await stage.rsi(2, 25, 31)
    expect(intents).toHaveLength(1)
    await stage.tell(filled(intents[0]!.payload.intentId))
    await holdInLedger(stage.ledger, '1')
    await restart()
    await stage.rsi(4, 75)
    expect(intents.map(({ payload }) => payload.purpose)).toEqual(['entry', 'exit'])
  })

  it('a position that was closed while it was away is not its own any more', async () => {
    const { intents } = await setUp()
    await stage.rsi(0, 25, 31)
    await stage.tell(filled(intents[0]!.payload.intentId), held(1))
    await restart()
    await stage.tell(held(2))
    await stage.rsi(2, 75)
    expect(intents).toHaveLength(1)
  })

  it('an intent that was committed and not sent goes out at the next start', async () => {
    stage = new Stage()
    await stage.listen()
    const crashing = spec.create({
      config: spec.config.parse({ strategies: [{ name: 'rsi-reversion' }] }),
      shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'] }),
      context: stage.context,
      bus: silenced(stage.broker),
      ledger: stage.ledger,
      folder: '',
    })
    await crashing.start()
    await stage.rsi(0, 25, 31)
    await crashing.stop()
    expect(stage.intents).toEqual([])
    await stage.start()
    await stage.broker.idle()
    expect(stage.intents).toHaveLength(1)
  })

  it('when the commit fails nothing is remembered, and the signal is taken again', async () => {
    await setUp()
    let failures = 2
    const { ledger } = stage
    const real = ledger.commit.bind(ledger)
    ledger.commit = async (units, fence) => {
      if (failures > 0) {
        failures -= 1
        throw new Error('the ledger is away')
      }
      return real(units, fence)
    }
    await stage.rsi(0, 25, 31)
    expect(failures).toBe(0)
    expect(stage.intents).toHaveLength(1)
  })

  it('a pause holds entries back, for the account or the symbol', async () => {
    await setUp()
    const said = (state: 'paused' | 'active', symbol: string | null): AnyMessage =>
      createMessage(TradingStateChanged, {
        source: 'risk-manager',
        occurredAt: epoch,
        discriminator: `${state} ${symbol ?? ''}`,
        payload: { account: 'main', symbol, state, reason: '' },
      })
    await stage.tell(said('paused', null))
    await stage.rsi(0, 25, 31)
    await stage.tell(said('active', null), said('paused', 'BTC/USDT'))
    await stage.rsi(2, 25, 31)
    expect(stage.intents).toEqual([])
    await stage.tell(said('active', 'BTC/USDT'))
    await stage.rsi(4, 25, 31)
    expect(stage.intents).toHaveLength(1)
  })

  it('tickers decide on entries where volume and spread are asked for', async () => {
    const { intents } = await setUp({
      strategies: [{ name: 'rsi-reversion' }],
      spreadMaxPercent: 0.5,
      quoteVolume24hMin: 10_000,
    })
    await stage.rsi(0, 25, 31)
    await stage.tell(ticker(2), ticker(2, { venue: 'elsewhere', bid: '100', ask: '100' }))
    await stage.rsi(2, 25, 31)
    expect(intents).toEqual([])
    await stage.tell(ticker(4, { bid: '99.9', ask: '100.1' }))
    await stage.rsi(4, 25, 31)
    expect(intents).toHaveLength(1)
    const told = stage.context.logs.records.filter(({ msg }) => msg === 'wish withheld')
    expect(told).toMatchObject([
      { level: 'info', reason: 'quote_volume_unknown', quoteVolume24hMin: 10_000 },
      { level: 'info', reason: 'spread_unknown', spreadMaxPercent: 0.5, tickerAgeMs: null },
      { level: 'info', reason: 'spread_above_maximum', spreadPercent: 1, spreadMaxPercent: 0.5 },
    ])
    expect(await stage.context.metrics.metrics()).toMatch(
      /flotilla_wishes_withheld_total\{.*reason="spread_above_maximum".*\} 1/,
    )
  })

  it('a symbol whose orders fail again and again is left alone for a while, also after a restart', async () => {
    const config = {
      strategies: [{ name: 'rsi-reversion' }],
      cooldownMs: 0,
      symbolCooldownMs: 0,
      quarantine: { failures: 2, withinMs: 10 * minute, forMs: 10 * minute },
    }
    const { intents } = await setUp(config)
    for (const at of [0, 2]) {
      await stage.rsi(at, 25, 31)
      await stage.tell(ended('rejected', intents.at(-1)!.payload.intentId))
    }
    expect(intents).toHaveLength(2)
    const warnings = stage.context.logs.records.filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([{ symbol: 'BTC/USDT', failures: 2, lastCode: 'rejected' }])
    await restart(config)
    await stage.rsi(4, 25, 31)
    expect(intents).toHaveLength(2)
    await stage.rsi(12, 25, 31)
    expect(intents).toHaveLength(3)
  })

  it('after an entry and after a close no desk of the symbol enters for a while', async () => {
    const { intents } = await setUp({
      strategies: [{ name: 'rsi-reversion' }, { name: 'rsi-reversion', id: 'second' }],
      symbolCooldownMs: 3 * minute,
    })
    await stage.rsi(0, 25, 31)
    expect(intents.map(({ payload }) => payload.strategy)).toEqual(['rsi-reversion'])
    await stage.tell(filled(intents[0]!.payload.intentId), held(1))
    await stage.rsi(2, 25, 31)
    await stage.tell(flat(2))
    await stage.rsi(4, 25, 31)
    expect(intents).toHaveLength(2)
  })

  it('another account’s positions and other symbols are none of its business', async () => {
    const { intents } = await setUp()
    const theirs = held(1) as MessageOfType<'execution.position.changed.v1'>
    await stage.tell({ ...theirs, payload: { ...theirs.payload, account: 'other' } })
    await stage.tell(signals(0, { 'rsi(14)': 25 }, { symbol: 'DOGE/USDT' }))
    await stage.rsi(0, 25, 31)
    expect(intents).toHaveLength(1)
  })

  it('indicators that nobody computes are named once', async () => {
    await setUp({ strategies: [{ name: 'ema-crossover', parameters: { fastPeriod: 9 } }] })
    await stage.rsi(0, 40, 50, 60)
    const told = stage.context.logs.records.filter(({ msg }) => msg.startsWith('waiting for'))
    expect(told).toMatchObject([{ level: 'info', missing: 'ema(9), ema(26)' }])
  })
})

describe('the configuration', () => {
  it.each([
    [{ strategies: [{ name: 'no-such' }] }, /ema-crossover/],
    [{ strategies: [{ name: 'rsi-reversion', parameters: { oversold: 99 } }] }, /oversold/],
    [{ strategies: [{ name: 'rsi-reversion' }, { name: 'rsi-reversion' }] }, /another id/],
    [{ strategies: [{ name: 'ema-crossover', parameters: { fastPeriod: 30 } }] }, /less than slow/],
  ])('%o is refused with a reason', (config, reason) => {
    stage = new Stage()
    expect(() => spec.config.parse(config)).toThrow(reason)
  })

  it('tells which indicators its strategies need, each once', () => {
    stage = new Stage()
    const kinds = indicatorsNeededBy(spec.config.parse({})).map(({ kind }) => kind)
    expect(kinds).toEqual(['ema', 'ema', 'rsi'])
  })
})

async function restart(config?: unknown): Promise<void> {
  stage = await stage.restarted(config)
}

async function holdInLedger(ledger: Ledger, quantity: string): Promise<void> {
  const [outcome] = await ledger.commit([
    {
      consumer: 'execution',
      causeId: null,
      outgoing: [],
      changes: [
        {
          kind: 'position-changed',
          position: {
            account: 'main',
            venue: 'simulator',
            symbol: 'BTC/USDT',
            quantity: Decimal.from(quantity),
            costBasis: Decimal.from(50_000),
            averageEntryPrice: Decimal.from(50_000),
            realisedProfit: Decimal.zero,
            protection: {
              state: 'protected',
              stop: null,
              takeProfit: null,
              quantity: Decimal.from(quantity),
              listId: null,
              since: epoch,
              reason: null,
            },
            openedAt: epoch,
            updatedAt: epoch,
            version: 1,
          },
        },
      ],
    },
  ])
  expect(outcome).toEqual({ kind: 'committed' })
}

/** A bus that takes everything in and lets nothing out. */
function silenced(broker: MemoryBroker): Bus {
  const bus = broker.connect()
  return {
    publish: bus.publish.bind(bus),
    publishAll: () => Promise.reject(new Error('the bus is away')),
    subscribe: bus.subscribe.bind(bus),
    health: bus.health.bind(bus),
    close: bus.close.bind(bus),
  }
}
