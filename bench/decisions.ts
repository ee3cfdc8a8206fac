// P3: durable decisions per second on one hot account. The real risk manager on the in-process bus and
// a real PostgreSQL, against one that does the same for each intent in a transaction of its own; then the
// latency of a decision at half that load; then both again while the number of open reservations grows.
//
// Both sides do the same work for each decision: the intent is checked and delivered by the bus; all
// checks run; the decision record, the reservation, the inbox row and the outbox message are committed;
// only then the verdict is checked and delivered by the bus and marked as said in the ledger. The commit
// is waited for with `synchronous_commit` on. Making intents is a strategy's work and nearly free here.
// A latency counts from the moment at which its intent was due, whatever held the process up.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgresLedger, startPrivatePostgres } from '@flotilla/ledger'
import { startBench, startOneByOne, type Bench, type Rate } from './decisions-rig.ts'
import { median, quantile, type BenchOptions, type Report } from './report.ts'

/** Until the engine has compiled what is hot: an agent decides for days. */
const warmUp = 12_000
const window = 5_000
/** What a client keeps under way: enough to fill a batch while another is being committed. */
const underWay = 256
const single = 400
const openGoal = 100_000

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  const server = await startPrivatePostgres({ folder })
  try {
    const ledger = await openPostgresLedger({ url: server.url })
    const rig = await startBench(ledger)
    const naive = await startOneByOne(ledger)
    try {
      const serverMs = () => processorMs(server.pid() ?? 0)
      await measure(report, { rig, naive, serverMs, rounds: options.long ? 9 : 3 })
    } finally {
      await naive.stop()
      await rig.stop()
      await ledger.close()
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Setting = {
  readonly rig: Bench
  readonly naive: Pick<Bench, 'decide'>
  /** Processor time that the database server has used so far. */
  readonly serverMs: () => number
  readonly rounds: number
}

async function measure(report: Report, { rig, naive, serverMs, rounds }: Setting): Promise<void> {
  await rig.decide(warmUp, underWay)
  await naive.decide(single, 1)
  const fast: Rate[] = []
  const slow: number[] = []
  const server: number[] = []
  for (let round = 0; round < rounds; round++) {
    slow.push((await naive.decide(single, 1)).perSecond)
    const before = serverMs()
    fast.push(await rig.decide(window, underWay))
    server.push((serverMs() - before) / window)
  }
  const rate = median(fast.map(({ perSecond }) => perSecond))
  const ratio = rate / median(slow)
  report.add({
    figure: 'durable decisions',
    value: rate,
    unit: '/s',
    baseline: median(slow),
    ratio,
    goal: '>= 10x one transaction per decision',
    met: ratio >= 10,
  })
  const cost = { unit: 'ms', baseline: null, ratio: null, goal: '', met: null }
  const own = median(fast.map(({ cpuMs }) => cpuMs))
  report.add({ figure: 'processor time of a decision, agent', value: own, ...cost })
  report.add({ figure: 'processor time of a decision, server', value: median(server), ...cost })
  addLatency(report, 'few open', await rig.atRate(rate / 2, window))
  await growth(report, rig, fast)
}

function addLatency(report: Report, when: string, latencies: readonly number[]): void {
  const p99 = quantile(latencies, 0.99)
  const common = { unit: 'ms', baseline: null, ratio: null }
  report.add({
    figure: `decision p50, ${when}`,
    value: median(latencies),
    ...common,
    goal: '',
    met: null,
  })
  report.add({
    figure: `decision p99, ${when}`,
    value: p99,
    ...common,
    goal: '<= 10 ms at half the load',
    met: p99 <= 10,
  })
}

/**
 * The same while 10 open reservations become 100,000. The rate depends on who else uses the machine by
 * then, so that what a decision costs in processor time is judged.
 */
async function growth(report: Report, rig: Bench, few: readonly Rate[]): Promise<void> {
  while (rig.open() < openGoal - 3 * window) await rig.decide(window, underWay)
  const many: Rate[] = []
  for (let round = 0; round < 3; round++) many.push(await rig.decide(window, underWay))
  const open = `${rig.open().toLocaleString('en-US')} open`
  const rateOf = (rates: readonly Rate[]) => median(rates.map(({ perSecond }) => perSecond))
  const costOf = (rates: readonly Rate[]) => median(rates.map(({ cpuMs }) => cpuMs))
  report.add({
    figure: `durable decisions, ${open}`,
    value: rateOf(many),
    unit: '/s',
    baseline: rateOf(few),
    ratio: rateOf(many) / rateOf(few),
    goal: '',
    met: null,
  })
  const ratio = costOf(many) / costOf(few)
  report.add({
    figure: `processor time of a decision, ${open}`,
    value: costOf(many),
    unit: 'ms',
    baseline: costOf(few),
    ratio,
    goal: 'flat: <= 1.2x of few open',
    met: ratio <= 1.2,
  })
  addLatency(report, 'many open', await rig.atRate(rateOf(few) / 2, window))
}

/** Of the server's main process and the processes it has started, by the kernel's own count. */
function processorMs(pid: number): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reduce(
      (total, name) => total + (Number(name) === pid || parentOf(name) === pid ? ranMs(name) : 0),
      0,
    )
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0)
}

function ranMs(pid: string): number {
  return Number(textOf(`/proc/${pid}/schedstat`).split(' ')[0]) / 1_000_000
}

/** Empty for a process that is gone. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
