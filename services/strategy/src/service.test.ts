import { ack, createMemoryBroker } from '@flotilla/bus'
import type { Bus, MemoryBroker } from '@flotilla/bus'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { createMessage, TradingStateChanged } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import type { Ledger } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { createTestContext } from '@flotilla/runtime/testing'
import type { TestContext } from '@flotilla/runtime/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { agent as spec, indicatorsNeededBy } from './index.ts'
import { denied, ended, epoch, filled, minute, position, signals, ticker } from './testing.ts'

type Intent = MessageOfType<'strategy.intent.proposed.v1'>

/** A broker and a ledger that outlive the agent, and the agent in one of its lives. */
class Stage {
  readonly broker: MemoryBroker = createMemoryBroker({
    redelivery: { retryDelayMs: 1, retryDelayMsMax: 1 },
  })
  readonly context: TestContext = createTestContext('strategy', { now: epoch })
  readonly intents: Intent[]
  readonly ledger: Ledger
  readonly #lives: Agent[] = []
  readonly #outside = this.broker.connect()

  constructor(kept: { readonly ledger?: Ledger; readonly intents?: Intent[] } = {}) {
    this.ledger = kept.ledger ?? createMemoryLedger()
    this.intents = kept.intents ?? []
  }

  async listen(): Promise<void> {
    await this.#outside.subscribe({
      agent: 'risk-manager',
      types: ['strategy.intent.proposed.v1'],
      handler: async ({ message }) => {
        this.intents.push(message as Intent)
        return ack
      },
    })
  }

  async start(config: unknown = { strategies: [{ name: 'rsi-reversion' }] }): Promise<Agent> {
    const agent = spec.create({
      config: spec.config.parse(config),
      shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'] }),
      context: this.context,
      bus: this.broker.connect(),
      ledger: this.ledger,
      folder: '',
    })
    this.#lives.push(agent)
    await agent.start()
    return agent
  }

  async tell(...messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) {
      await this.#outside.publish(message)
      await this.broker.idle()
    }
  }

  /** The RSI of candles one after another, each told a moment after its close. */
  async rsi(from: number, ...values: readonly number[]): Promise<void> {
    for (const [at, value] of values.entries()) {
      await this.context.clock.advance(
        epoch + (from + at + 1) * minute + 500 - this.context.clock.now(),
      )
      await this.tell(signals(from + at, { 'rsi(14)': value }))
    }
  }

  async end(): Promise<void> {
    for (const agent of this.#lives) await agent.stop()
    await this.#outside.close()
  }
}

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

describe('the filter engine', () => {
  const config = {
    strategies: [{ name: 'rsi-reversion' }],
    confidenceMin: 50,
    symbolCooldownMs: 0,
    filterEngine: { enabled: true },
  }
  /** So many trades, one a second, each of which lost all that it risked. */
  const losses = (count: number): AnyMessage[] =>
    Array.from({ length: count }, (_, index) => {
      const at = (offset: number, profit: number) => ({
        occurredAt: epoch + index * 1_000 + offset,
        realisedProfit: String(profit),
        stopPrice: '49000',
      })
      return [
        position(2 * index + 1, '1', 'protected', at(0, -1_000 * index)),
        position(2 * index + 2, '0', 'none', at(500, -1_000 * (index + 1))),
      ]
    }).flat()
  const reviews = () => stage.ledger.recallAll('strategy', 'filter-review ')
  const reviewed = (count: number) =>
    vi.waitFor(async () => expect(await reviews()).toHaveLength(count), { timeout: 20_000 })
  const filters = async () => (await stage.start(config)).readiness().detail['filters']

  it('at 00:05 UTC it moves the filters by what the trades came to, and records why', async () => {
    const { intents } = await setUp(config)
    await stage.tell(...losses(10))
    await stage.context.clock.advance(5 * minute - 1)
    expect(await reviews()).toEqual([])
    await stage.context.clock.advance(1)
    await reviewed(1)
    const why = 'win rate below 40 %: 0.714 trades a day, win rate 0 %, mean R -1'
    expect(await reviews()).toMatchObject([
      {
        key: 'filter-review 2026-01-05T00:05:00.000Z',
        value: {
          verdict: 'tighten',
          why,
          changes: [{ filter: 'confidenceMin', before: 50, after: 68, why }, {}, {}, {}],
        },
      },
    ])
    const told = stage.context.logs.records.filter(({ msg }) => msg === 'filter changed')
    expect(told.map(({ filter }) => filter)).toEqual([
      'confidenceMin',
      'quoteVolume24hMin',
      'spreadMaxPercent',
      'setupAgeHoursMax',
    ])
    await stage.tell(ticker(5))
    await stage.rsi(5, 25, 31)
    expect(intents).toEqual([])
    expect(await stage.context.metrics.metrics()).toMatch(
      /flotilla_filter_limit\{filter="confidenceMin".*\} 68/,
    )
  })

  it('what it moved and the trades it knows survive; a missed review is made up for', async () => {
    await setUp(config)
    await stage.tell(...losses(10))
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    await restart(config)
    expect(await filters()).toMatchObject({ confidenceMin: 68, spreadMaxPercent: 2.4 })
    await stage.context.clock.advance(3 * 24 * 60 * minute)
    await reviewed(4)
    const { ledger, context } = stage
    await stage.end()
    stage = new Stage({ ledger })
    await stage.context.clock.advance(context.clock.now() + 2 * 24 * 60 * minute - epoch)
    await stage.start(config)
    await reviewed(5)
    expect((await reviews()).at(-1)).toMatchObject({
      value: { dueAt: '2026-01-10T00:05:00.000Z', verdict: 'tighten' },
    })
  })

  it('with fewer than ten trades it records that it left all alone', async () => {
    await setUp(config)
    await stage.tell(...losses(9))
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    expect(await reviews()).toMatchObject([{ value: { verdict: 'too-few-trades', changes: [] } }])
    expect(await filters()).toMatchObject({ confidenceMin: 50, quoteVolume24hMin: 0 })
  })

  it('filters that are configured anew count more than what it made of the old ones', async () => {
    await setUp(config)
    await stage.tell(...losses(10))
    await stage.context.clock.advance(5 * minute)
    await reviewed(1)
    const other = await stage.start({ ...config, confidenceMin: 60 })
    expect(other.readiness().detail['filters']).toMatchObject({ confidenceMin: 60 })
  })

  it('trades beyond its window are forgotten', async () => {
    await setUp(config)
    await stage.tell(...losses(10))
    const kept = () => stage.ledger.recallAll('strategy', 'trade ')
    expect(await kept()).toHaveLength(10)
    await stage.context.clock.advance(16 * 24 * 60 * minute)
    await vi.waitFor(async () => expect(await kept()).toEqual([]), { timeout: 20_000 })
  })

  it('a review that fails is made a minute later', async () => {
    await setUp(config)
    const real = stage.ledger.commit.bind(stage.ledger)
    let failures = 0
    stage.ledger.commit = async (units, fence) => {
      if (units.some(({ changes }) => JSON.stringify(changes).includes('filter-review'))) {
        failures += 1
        if (failures === 1) return [{ kind: 'refused', constraint: 'value_storable', detail: '' }]
      }
      return real(units, fence)
    }
    await stage.context.clock.advance(5 * minute)
    await vi.waitFor(() => expect(failures).toBe(1), { timeout: 20_000 })
    await vi.waitFor(() => expect(stage.context.logs.messages('error')).toHaveLength(1))
    await stage.context.clock.advance(minute)
    await reviewed(1)
  })

  it('is off by default: nothing is followed, reviewed or kept', async () => {
    await setUp()
    await stage.tell(...losses(10))
    await stage.context.clock.advance(24 * 60 * minute)
    expect(stage.context.clock.waiting()).toBe(0)
    expect(await stage.ledger.recallAll('strategy', 'trade ')).toEqual([])
    expect(await reviews()).toEqual([])
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

/** The old life is cut off as it stands; the new one has only the ledger to go by. */
async function restart(config?: unknown): Promise<void> {
  const before = stage
  await before.end()
  stage = new Stage({ ledger: before.ledger, intents: before.intents })
  await stage.context.clock.advance(before.context.clock.now() - epoch)
  await stage.listen()
  await stage.start(config)
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
