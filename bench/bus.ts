// P2: what our bus costs over amqplib used directly, on the same broker, with the same queues and
// messages. Each engine is a process; rounds alternate, and medians are compared.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ack, connectRabbit, provisionRabbit } from '@flotilla/bus'
import { startRabbit } from '../test/support/rabbitmq.ts'
import type { Answer, Kind, Order } from './bus-engine.ts'
import { median, type BenchOptions, type Report } from './report.ts'

const ROUNDS = 7
const ROUNDS_LONG = 21
const THROUGHPUT_MESSAGES = 8_000
const LATENCY_MESSAGES = 150
const engines = ['raw', 'port'] as const
const kinds = ['quorum', 'classic'] as const

type EngineName = (typeof engines)[number]
type Results = Record<EngineName, Answer[]>

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const broker = await startRabbit()
  const children = new Map<EngineName, ChildProcess>()
  try {
    await prepareQueues(broker.url)
    for (const engine of engines) children.set(engine, await startEngine(engine, broker.url))
    const rounds = options.long ? ROUNDS_LONG : ROUNDS
    for (const kind of kinds) {
      const measured = await measure(children, { kind, rounds })
      reportKind(report, kind, measured)
    }
    report.note('for comparison, measured on another day: NestJS 0.73x and 2.2x, rascal 0.18x')
    report.note('and 4.4x of raw amqplib (throughput and client CPU per message)')
  } finally {
    for (const child of children.values()) child.kill()
    await broker.stop()
  }
}

async function prepareQueues(url: string): Promise<void> {
  await provisionRabbit(url)
  // Market queues exist once they have been subscribed to.
  const bus = await connectRabbit({ url })
  const types = ['market.candle.closed.v1'] as const
  await bus.subscribe({ agent: 'technical-analysis', types, handler: async () => ack })
  await bus.close()
}

async function startEngine(engine: EngineName, url: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'bus-engine.ts'), [engine, url])
  await once(child, 'message')
  return child
}

async function measure(
  children: ReadonlyMap<EngineName, ChildProcess>,
  { kind, rounds }: { readonly kind: Kind; readonly rounds: number },
) {
  const ask = async (engine: EngineName, order: Order): Promise<Answer> => {
    const child = children.get(engine)!
    child.send(order)
    const [answer] = (await once(child, 'message')) as [Answer]
    return answer
  }
  const throughput: Results = { raw: [], port: [] }
  const latency: Results = { raw: [], port: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const engine of round % 2 === 0 ? engines : engines.toReversed()) {
      const fast = await ask(engine, { measure: 'throughput', kind, count: THROUGHPUT_MESSAGES })
      const single = await ask(engine, { measure: 'latency', kind, count: LATENCY_MESSAGES })
      // The first round warms up compilers, sockets and queues.
      if (round === 0) continue
      throughput[engine].push(fast)
      latency[engine].push(single)
    }
  }
  return { throughput, latency }
}

function reportKind(
  report: Report,
  kind: Kind,
  { throughput, latency }: { readonly throughput: Results; readonly latency: Results },
): void {
  const add = (row: {
    figure: string
    unit: string
    results: Results
    pick: (answer: Answer) => number
    goal: { readonly words: string; readonly met: (ratio: number) => boolean }
  }): void => {
    const value = median(row.results.port.map(row.pick))
    const baseline = median(row.results.raw.map(row.pick))
    const ratio = value / baseline
    const { words, met } = row.goal
    const { unit } = row
    const figure = `${kind} ${row.figure}`
    report.add({ figure, value, unit, baseline, ratio, goal: words, met: met(ratio) })
  }
  add({
    figure: 'throughput, confirmed and consumed',
    unit: 'msg/s',
    results: throughput,
    pick: (answer) => answer.perSecond,
    goal: { words: '>= 0.85x raw amqplib', met: (ratio) => ratio >= 0.85 },
  })
  add({
    figure: 'client CPU per message',
    unit: 'us',
    results: throughput,
    pick: (answer) => answer.cpuUs,
    goal: { words: '<= 1.35x raw amqplib', met: (ratio) => ratio <= 1.35 },
  })
  add({
    figure: 'one hop p50',
    unit: 'ms',
    results: latency,
    pick: (answer) => median(answer.latenciesMs),
    goal: { words: '<= 1.2x raw amqplib', met: (ratio) => ratio <= 1.2 },
  })
}
