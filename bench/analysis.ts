// P4: what it costs to analyse a candle. Five indicators by our indicator set, by kernels written by
// hand for these five, by trading-signals, and by one plain loop as the limit; then how the cost of the
// whole analysis core grows with the number of symbols, and what a symbol takes in memory. Each engine is
// a process; rounds alternate, and medians are compared.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answer, EngineName, Order } from './analysis-engine.ts'
import { median, type BenchOptions, type Report } from './report.ts'

const candles = 400_000
const rounds = 7
const roundsLong = 21
/** A library and a strategy are slower by far; fewer candles tell as much. */
const fewer: Partial<Record<EngineName, number>> = {
  'trading-signals': 100_000,
  'analysis and strategy': 20_000,
}

const comparison = ['indicator set', 'hand-written', 'trading-signals', 'loop'] as const
const bytesMax = 50_000

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const engines = new Map<EngineName, ChildProcess>()
  const rate = options.long ? roundsLong : rounds
  try {
    for (const name of [...comparison, 'analysis core', 'analysis and strategy'] as const) {
      engines.set(name, await startEngine(name))
    }
    await compare(report, engines, rate)
    await grow(report, engines, rate)
    await timeframes(report, engines, rate)
  } finally {
    for (const engine of engines.values()) engine.kill()
  }
}

type Engines = ReadonlyMap<EngineName, ChildProcess>

async function startEngine(name: EngineName): Promise<ChildProcess> {
  const file = join(import.meta.dirname, 'analysis-engine.ts')
  const child = fork(file, [name], { execArgv: ['--expose-gc'] })
  await answerOf(child)
  return child
}

async function ask(engines: Engines, name: EngineName, order: Partial<Order>): Promise<Answer> {
  const engine = engines.get(name)!
  const whole: Order = {
    candles: fewer[name] ?? candles,
    symbols: 1,
    timeframes: [],
    memory: false,
    ...order,
  }
  engine.send(whole)
  return (await answerOf(engine)) as Answer
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController()
  const { signal } = waiting
  const died = once(child, 'exit', { signal }).then(() => {
    throw new Error('an engine ended before it answered')
  })
  const message = once(child, 'message', { signal }) as Promise<unknown[]>
  const [answer] = await Promise.race([message, died])
  died.catch(() => undefined)
  waiting.abort()
  return answer
}

async function compare(report: Report, engines: Engines, count: number): Promise<void> {
  const rates = new Map<EngineName, number[]>(comparison.map((name) => [name, []]))
  await agree(engines)
  for (let round = 0; round <= count; round += 1) {
    for (const name of round % 2 === 0 ? comparison : comparison.toReversed()) {
      const { perSecond } = await ask(engines, name, {})
      // The first round warms compilers up.
      if (round > 0) rates.get(name)!.push(perSecond)
    }
  }
  const rateOf = (name: EngineName): number => median(rates.get(name)!) / 1e6
  const value = rateOf('indicator set')
  const against = (name: EngineName, factor: number | null): void => {
    const ratio = value / rateOf(name)
    report.add({
      figure: `five indicators, against ${name === 'loop' ? 'one plain loop' : name}`,
      value,
      unit: 'M candles/s',
      baseline: rateOf(name),
      ratio,
      goal: factor === null ? '' : `>= ${factor}x`,
      met: factor === null ? null : ratio >= factor,
    })
  }
  against('hand-written', 0.5)
  against('trading-signals', 5)
  against('loop', null)
}

/** Engines that end with other values have not computed the same: nothing is measured then. */
async function agree(engines: Engines): Promise<void> {
  const order = { candles: 100_000 }
  const checks = new Map<EngineName, number>()
  for (const name of comparison) checks.set(name, (await ask(engines, name, order)).check)
  const expected = checks.get('hand-written')!
  for (const [name, check] of checks) {
    if (Math.abs(check - expected) < 1e-3) continue
    throw new Error(`${name} ends with ${check}, hand-written kernels with ${expected}`)
  }
}

async function grow(report: Report, engines: Engines, count: number): Promise<void> {
  const sizes = [1, 10, 100] as const
  const allocated: number[] = []
  for (const name of ['analysis core', 'analysis and strategy'] as const) {
    const costs = new Map<number, number[]>(sizes.map((size) => [size, []]))
    // Caches tell apart what is shared with other processes of the machine: more rounds than usual.
    for (let round = 0; round <= 3 * count; round += 1) {
      for (const symbols of round % 2 === 0 ? sizes : sizes.toReversed()) {
        const { perSecond, garbage } = await ask(engines, name, { symbols })
        if (name === 'analysis core') allocated.push(garbage)
        if (round > 0) costs.get(symbols)!.push(1e9 / perSecond)
      }
    }
    const alone = median(costs.get(1)!)
    for (const symbols of sizes) {
      const value = median(costs.get(symbols)!)
      const isGoal = name === 'analysis core' && symbols === 100
      report.add({
        figure: `${name}, a candle of one of ${symbols} symbol${symbols === 1 ? '' : 's'}`,
        value,
        unit: 'ns',
        baseline: alone,
        ratio: value / alone,
        goal: isGoal ? '<= 1.1x of one symbol' : '',
        met: isGoal ? value / alone <= 1.1 : null,
      })
    }
  }
  // A round in which compilers worked allocates for them; one with a collection tells nothing.
  const least = Math.min(...allocated.filter((each) => each >= 0))
  report.add({
    figure: 'analysis core, allocated by a candle',
    value: least,
    unit: 'B',
    baseline: null,
    ratio: null,
    goal: '< 1 B',
    met: least < 1,
  })
}

async function timeframes(report: Report, engines: Engines, count: number): Promise<void> {
  const costs: number[] = []
  const plain: number[] = []
  let [bytes, bytesHigher] = [0, 0]
  for (let round = 0; round <= count; round += 1) {
    const one = await ask(engines, 'analysis core', { memory: true })
    const three = await ask(engines, 'analysis core', {
      timeframes: ['5m', '1h'],
      memory: true,
    })
    bytes = one.bytes
    bytesHigher = three.bytes
    if (round === 0) continue
    plain.push(1e9 / one.perSecond)
    costs.push(1e9 / three.perSecond)
  }
  const value = median(costs)
  const baseline = median(plain)
  const figure = 'analysis core, with 5m and 1h built from 1m'
  report.add({ figure, value, unit: 'ns', baseline, ratio: value / baseline, goal: '', met: null })
  const sizes = [
    ['one symbol and timeframe', bytes],
    ['one of three timeframes', bytesHigher],
  ] as const
  for (const [what, size] of sizes) {
    report.add({
      figure: `memory of ${what}`,
      value: size / 1_000,
      unit: 'KB',
      baseline: null,
      ratio: null,
      goal: `<= ${bytesMax / 1_000} KB`,
      met: size <= bytesMax,
    })
  }
}
