// P6: what the venue of our own bears. Its matching core alone, with few and with many resting orders;
// its wire with signed orders of a plain HTTP client, against Node's bare server with the same client.
// Each engine is a process; rounds alternate, and medians are compared.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { life } from './venue-life.ts'
import {
  figureOf,
  median,
  quantile,
  timesOf,
  type BenchOptions,
  type HowOften,
  type Report,
} from './report.ts'
import type { ClientAnswer, ClientOrder } from './venue-client.ts'
import type { CoreAnswer } from './venue-core.ts'
import type { ServerCost, ServerName, ServerReady } from './venue-server.ts'

const rounds: HowOften = { usual: 5, long: 15 }
const coreOrders = 100_000
/** Rounds that are thrown away: the compiler is done, and the heap has its size. */
const coreWarmUp = 2
const coreGoal = 500_000
const few = 10
const many = 100_000
/** As even as a machine that is shared lets anything be. */
const flatness = 1.25
const wireOrders = 6_000
const wireGoal = 5_000
const underWay = 16
const servers = ['bare', 'simulator'] as const

/** Each adds its figures; what is measured of the venue elsewhere is one more of them. */
const parts: readonly ((report: Report, rounds: number) => Promise<void>)[] = [core, wire, life]

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  for (const part of parts) await part(report, timesOf(options, rounds))
}

/**
 * Each book has a process of its own, so that neither pays for what the other leaves behind, and a round
 * asks both of them.
 */
async function core(report: Report, count: number): Promise<void> {
  const children: ChildProcess[] = []
  const rates: Record<'few' | 'many', number[]> = { few: [], many: [] }
  try {
    for (const resting of [few, many]) children.push(await start('venue-core.ts', [`${resting}`]))
    const [lean, deep] = children as [ChildProcess, ChildProcess]
    const rate = async (child: ChildProcess): Promise<number> =>
      (await ask<CoreAnswer>(child, coreOrders)).perSecond
    for (let round = -coreWarmUp; round < count; round++) {
      const [inFew, inMany] = [await rate(lean), await rate(deep)]
      if (round < 0) continue
      rates.few.push(inFew)
      rates.many.push(inMany)
    }
  } finally {
    for (const child of children) child.kill()
  }
  const perSecond = median(rates.few)
  const full = median(rates.many)
  report.add(
    figureOf({
      figure: 'matching core, by processor time',
      value: perSecond,
      unit: 'orders/s',
      goal: '>= 500,000 orders/s',
      met: perSecond >= coreGoal,
    }),
  )
  report.add(
    figureOf({
      figure: `cost of an order with ${many.toLocaleString('en-US')} resting`,
      value: 1e6 / full,
      unit: 'us',
      baseline: 1e6 / perSecond,
      goal: `<= ${flatness}x of ${few} resting`,
      met: perSecond / full <= flatness,
    }),
  )
  report.note(
    'matching core: processor time of all threads, the collector included; each book in a process of ' +
      'its own, rounds alternate, and what has ended is kept',
  )
}

type Wire = Record<ServerName, { perSecond: number[]; cpuUs: number[]; latenciesMs: number[] }>

async function wire(report: Report, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  const children: ChildProcess[] = []
  const open = async (file: string, words: readonly string[]): Promise<ChildProcess> => {
    const child = await start(file, words)
    children.push(child)
    return child
  }
  const results: Wire = {
    bare: { perSecond: [], cpuUs: [], latenciesMs: [] },
    simulator: { perSecond: [], cpuUs: [], latenciesMs: [] },
  }
  try {
    const client = await open('venue-client.ts', [])
    const running = new Map<ServerName, Running>()
    for (const name of servers) running.set(name, await serve(name, folder, children))
    for (let round = 0; round <= count; round++) {
      for (const name of round % 2 === 0 ? servers : servers.toReversed()) {
        const { url, child } = running.get(name)!
        await ask<ServerCost>(child, 'begin')
        const order: ClientOrder = { url, orders: wireOrders, underWay }
        const answer = await ask<ClientAnswer>(client, order)
        const { cpuUs } = await ask<ServerCost>(child, 'end')
        // The first round warms up compilers and connections.
        if (round === 0) continue
        results[name].perSecond.push(answer.orders / answer.seconds)
        results[name].cpuUs.push(cpuUs / answer.orders)
        results[name].latenciesMs.push(...answer.latenciesMs)
      }
    }
  } finally {
    for (const child of children) child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  reportWire(report, results)
}

function reportWire(report: Report, { bare, simulator }: Wire): void {
  const perSecond = median(simulator.perSecond)
  report.add(
    figureOf({
      figure: `wire, signed orders, ${underWay} under way`,
      value: perSecond,
      unit: 'orders/s',
      baseline: median(bare.perSecond),
      goal: '>= 5,000 orders/s (baseline: bare server)',
      met: perSecond >= wireGoal,
    }),
  )
  report.add(
    figureOf({
      figure: "wire, server's processor time per order",
      value: median(simulator.cpuUs),
      unit: 'us',
      baseline: median(bare.cpuUs),
    }),
  )
  for (const share of [0.5, 0.99]) {
    report.add(
      figureOf({
        figure: `wire, answer p${share * 100}`,
        value: quantile(simulator.latenciesMs, share),
        unit: 'ms',
        baseline: quantile(bare.latenciesMs, share),
      }),
    )
  }
}

type Running = { readonly url: string; readonly child: ChildProcess }

async function serve(name: ServerName, folder: string, children: ChildProcess[]): Promise<Running> {
  const child = fork(join(import.meta.dirname, 'venue-server.ts'), [name, folder])
  children.push(child)
  const [{ url }] = (await once(child, 'message')) as [ServerReady]
  return { url, child }
}

async function start(file: string, words: readonly string[]): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, file), words)
  await once(child, 'message')
  return child
}

/** An engine that ends instead of answering makes the whole benchmark fail. */
function ask<Answer>(child: ChildProcess, question: object | string | number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`an engine of the benchmark ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (answer) => {
      child.off('exit', onExit)
      resolve(answer as Answer)
    })
    child.send(question)
  })
}
