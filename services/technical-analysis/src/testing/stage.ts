import { ack, createMemoryBroker } from '@flotilla/bus'
import type { Bus } from '@flotilla/bus'
import { epochMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { IndicatorSet } from '@flotilla/indicators'
import { openSqliteMarketStore } from '@flotilla/market-store'
import { createTestContext } from '@flotilla/runtime/testing'
import { expect } from 'vitest'
import { agent as spec, readingIndicators } from '../index.ts'
import { analysedCandle, epoch, indexOf, storedCandle } from '../testing.ts'

export type Signals = MessageOfType<'analysis.signals.computed.v1'>

/** A store and a bus that outlive the agent; candles are stored before or after they are told. */
export class Stage {
  readonly context = createTestContext('technical-analysis', { now: epoch })
  readonly store = openSqliteMarketStore({ file: ':memory:' })
  readonly broker = createMemoryBroker({ redelivery: { retryDelayMs: 1, retryDelayMsMax: 1 } })
  readonly heard: Signals[] = []
  readonly #waiting = new Set<() => void>()
  readonly #outside = this.broker.connect()
  readonly #lives = new Map<Agent, Bus>()

  async listen(): Promise<void> {
    await this.#outside.subscribe({
      agent: 'strategy',
      types: ['analysis.signals.computed.v1'],
      handler: async ({ message }) => {
        this.heard.push(message as Signals)
        for (const look of this.#waiting) look()
        return ack
      },
    })
  }

  async start(config: object = {}, symbols: readonly string[] = ['BTC/USDT']): Promise<Agent> {
    const bus = this.broker.connect()
    const agent = spec.create({
      config: spec.config.parse({ refillPauseMs: 1, indicators: [], ...config }),
      shared: SharedConfigSchema.parse({ symbols }),
      context: this.context,
      bus,
      marketStore: this.store,
      folder: '',
    })
    this.#lives.set(agent, bus)
    await agent.start()
    return agent
  }

  /** Takes the agent off the bus between two candles, without a chance to store what it told. */
  async crash(agent: Agent): Promise<void> {
    await this.#lives.get(agent)?.close()
  }

  async keep(from: number, to: number, symbols = ['BTC/USDT']): Promise<void> {
    for (const symbol of symbols) {
      const candles = numbersOf(from, to).map((index) => ({ ...storedCandle(index), symbol }))
      await this.store.writeCandles(candles)
    }
  }

  async tell(...messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) await this.#outside.publish(message)
    await this.broker.idle()
  }

  numbers(timeframe = '1m'): number[] {
    return numbersIn(this.of(timeframe))
  }

  of(timeframe: string): Signals[] {
    return this.heard.filter(({ payload }) => payload.timeframe === timeframe)
  }

  /** Resolves as soon as so many signals have been heard. */
  async untilHeard(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (this.heard.length >= count) resolve()
    }
    this.#waiting.add(look)
    look()
    await promise
    this.#waiting.delete(look)
  }

  async end(): Promise<void> {
    for (const agent of this.#lives.keys()) await agent.stop()
    await this.#outside.close()
    await this.store.close()
  }
}

/** Which candles were told of, as numbers of the made-up market. */
export function numbersIn(signals: readonly Signals[]): number[] {
  return signals.map(({ payload }) => indexOf(epochMs(payload.candleOpenTime)))
}

export const numbersOf = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)

/** What an analysis that saw every candle from `from` on says of the candle before `to`. */
export function uninterrupted(from: number, to: number): Record<string, number> {
  const set = new IndicatorSet(readingIndicators)
  for (const index of numbersOf(from, to)) {
    set.update(analysedCandle(index))
  }
  const values = set.names.map((name, at) => [name, set.values[at] as number] as const)
  return Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value)))
}

export function furthestApart(left: Record<string, number>, right: Record<string, number>): number {
  expect(Object.keys(left)).toEqual(Object.keys(right))
  return Math.max(...Object.entries(left).map(([name, value]) => Math.abs(value - right[name]!)))
}
