// One engine of the analysis benchmark in a process of its own, so that none runs on types and code
// that another one has spoiled. Each computes the same five indicators of the same made-up market:
// EMA 20, RSI 14, ATR 14, Bollinger 20/2 and MACD 12/26/9.
import { timeframeMs } from '@flotilla/contracts'
import { atr, bollinger, ema, IndicatorSet, macd, rsi } from '@flotilla/indicators'
import { emaCrossover } from '@flotilla/strategy-kit'
import { MarketAnalysis } from '@flotilla/technical-analysis'
import type { AnalysedCandle, AnalysedSeries } from '@flotilla/technical-analysis'
import { ATR, BollingerBands, EMA, MACD, RSI } from 'trading-signals'
import { HandAtr, HandBollinger, HandEma, HandMacd, HandRsi } from './analysis-kernels.ts'
import { plainLoop } from './analysis-loop.ts'

export type EngineName =
  | 'loop'
  | 'hand-written'
  | 'indicator set'
  | 'trading-signals'
  | 'analysis core'
  | 'analysis and strategy'

export type Order = {
  /** Altogether, whatever the number of symbols. */
  readonly candles: number
  readonly symbols: number
  /** Higher ones, for engines that can. */
  readonly timeframes: readonly ('5m' | '1h')[]
  /** Of the analysis core: also tell what its state takes. */
  readonly memory: boolean
}

export type Answer = {
  /** By processor time: other processes on the machine are no matter of ours. */
  readonly perSecond: number
  /** Sum of the last values: engines that differ in it have not done the same. */
  readonly check: number
  /** Bytes allocated by a candle; too few when they were collected meanwhile. */
  readonly garbage: number
  /** Of the state kept for one symbol and timeframe. */
  readonly bytes: number
}

type Market = Readonly<Record<'high' | 'low' | 'close' | 'volume', Float64Array>>
/** Has state of its own for each symbol, and goes over the market in one or several parts. */
type Engine = (market: Market, order: Order) => Run
type Run = { readonly go: (from: number, to: number) => void; readonly check: () => number }

const minute = timeframeMs['1m']
/** 2026-01-05T00:00:00Z. */
const epoch = 1_767_571_200_000
const specs = [ema(20), rsi(14), atr(14), bollinger(20, 2), macd(12, 26, 9)]

const engines: Readonly<Record<EngineName, Engine>> = {
  loop: plainLoop,
  'hand-written': handWritten,
  'indicator set': indicatorSet,
  'trading-signals': tradingSignals,
  'analysis core': (market, order) => analysisCore(market, order, 'feed'),
  'analysis and strategy': (market, order) => analysisCore(market, order, 'decide'),
}

const engine = engines[process.argv[2] as EngineName]
let market = marketOf(0)
process.on('message', (order: Order) => {
  const candles = Math.ceil(order.candles / order.symbols)
  if (market.close.length !== candles) market = marketOf(candles)
  const run = engine(market, order)
  // State lives long; what compilers do about a new one is not its price.
  const warm = Math.ceil(candles / 4)
  run.go(0, warm)
  const { heapUsed } = process.memoryUsage()
  const began = process.cpuUsage()
  run.go(warm, candles)
  const { user, system } = process.cpuUsage(began)
  const allocated = process.memoryUsage().heapUsed - heapUsed
  const answer: Answer = {
    perSecond: ((candles - warm) * order.symbols * 1e6) / (user + system),
    check: run.check(),
    garbage: allocated / (candles - warm) / order.symbols,
    bytes: order.memory ? bytesPerSeries(order) : 0,
  }
  process.send!(answer)
})
process.on('disconnect', () => process.exit(0))
process.send!('ready')

/** A market that wanders; multiplication and remainder are exact, so that it is the same everywhere. */
function marketOf(candles: number): Market {
  let seed = 20_260_105
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  const made = {
    high: new Float64Array(candles),
    low: new Float64Array(candles),
    close: new Float64Array(candles),
    volume: new Float64Array(candles),
  }
  let price = 50_000
  for (let index = 0; index < candles; index += 1) {
    price = Math.max(1_000, price + (random() - 0.5) * 100)
    made.close[index] = price
    made.high[index] = price + random() * 40
    made.low[index] = price - random() * 40
    made.volume[index] = random() * 20
  }
  return made
}

function handWritten({ high, low, close }: Market): Run {
  const average = new HandEma(20)
  const strength = new HandRsi(14)
  const range = new HandAtr(14)
  const bands = new HandBollinger(20, 2)
  const convergence = new HandMacd(12, 26, 9)
  return {
    go(from, to) {
      for (let index = from; index < to; index += 1) {
        const price = close[index]!
        average.update(price)
        strength.update(price)
        range.update(high[index]!, low[index]!, price)
        bands.update(price)
        convergence.update(price)
      }
    },
    check: () => average.value + strength.value + range.value + bands.upper + convergence.histogram,
  }
}

function indicatorSet({ high, low, close, volume }: Market): Run {
  const set = new IndicatorSet(specs)
  const bar = { openTime: 0, high: 0, low: 0, close: 0, volume: 0 }
  const names = ['ema(20)', 'rsi(14)', 'atr(14)', 'bollinger(20,2).upper']
  return {
    go(from, to) {
      for (let index = from; index < to; index += 1) {
        bar.openTime = epoch + index * minute
        bar.high = high[index]!
        bar.low = low[index]!
        bar.close = close[index]!
        bar.volume = volume[index]!
        set.update(bar)
      }
    },
    check: () =>
      [...names, 'macd(12,26,9).histogram'].reduce((sum, each) => sum + set.get(each), 0),
  }
}

function tradingSignals({ high, low, close }: Market): Run {
  const average = new EMA(20)
  const strength = new RSI(14)
  const range = new ATR(14)
  const bands = new BollingerBands(20, 2)
  const convergence = new MACD(new EMA(12), new EMA(26), new EMA(9))
  return {
    go(from, to) {
      for (let index = from; index < to; index += 1) {
        const price = close[index]!
        average.add(price)
        strength.add(price)
        range.add({ high: high[index]!, low: low[index]!, close: price })
        bands.add(price)
        convergence.add(price)
      }
    },
    check: () =>
      average.getResultOrThrow() +
      strength.getResultOrThrow() +
      range.getResultOrThrow() +
      bands.getResultOrThrow().upper +
      convergence.getResultOrThrow().histogram,
  }
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** Symbols take turns, as on the bus: each finds its state where the others have pushed it out. */
function analysisCore(market: Market, order: Order, what: 'feed' | 'decide'): Run {
  const { high, low, close, volume } = market
  const markets = Array.from({ length: order.symbols }, (_, index) => analysisOf(index, order))
  const strategies = markets.map(() => emaCrossover.configure({}))
  const states = strategies.map((strategy) => strategy.initialState)
  const candle: Writable<AnalysedCandle> = { ...candleAt(0) }
  const decide = (at: number): void => {
    const message = markets[at]!.base.report(candle, 'live')
    if (message.type !== 'analysis.signals.computed.v1') throw new Error('no analysis')
    const input = { analysis: message.payload, position: null, state: states[at]! }
    const evaluation = strategies[at]!.evaluate(input)
    if (evaluation.kind === 'evaluated') states[at] = evaluation.state
  }
  return {
    go(from, to) {
      for (let index = from; index < to; index += 1) {
        candle.openTime = epoch + index * minute
        candle.closeTime = candle.openTime + minute
        candle.high = high[index]!
        candle.low = low[index]!
        candle.close = close[index]!
        candle.volume = volume[index]!
        for (let at = 0; at < markets.length; at += 1) {
          const analysis = markets[at]!
          if (analysis.stepTo(candle.openTime).kind === 'known') throw new Error('out of order')
          analysis.feed(candle)
          if (what === 'decide') decide(at)
        }
      }
    },
    check: () => markets.reduce((sum, each) => sum + each.base.values[0]!, 0) / markets.length,
  }
}

function analysisOf(index: number, { timeframes }: Pick<Order, 'timeframes'>): MarketAnalysis {
  const series: AnalysedSeries = { venue: 'simulator', symbol: `A${index}/USDT`, timeframe: '1m' }
  return new MarketAnalysis({ series, timeframes, indicators: [bollinger(20, 2)] })
}

/** What a hundred markets take in memory once they are warm. */
function bytesPerSeries(order: Order): number {
  const kept: MarketAnalysis[] = []
  const before = usedBytes()
  for (let index = 0; index < 100; index += 1) {
    const analysis = analysisOf(index, order)
    for (let at = 0; at < 100; at += 1) analysis.feed(candleAt(at))
    kept.push(analysis)
  }
  return (usedBytes() - before) / kept.length / (1 + order.timeframes.length)
}

function candleAt(index: number): AnalysedCandle {
  const openTime = epoch + index * minute
  const close = 50_000 + index
  const closeTime = openTime + minute
  return { openTime, closeTime, high: close, low: close, close, closeText: `${close}`, volume: 1 }
}

function usedBytes(): number {
  globalThis.gc!()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
