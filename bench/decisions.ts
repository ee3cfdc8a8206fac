// P3: durable decisions per second on one hot account. The real risk manager on the in-process bus and
// a real PostgreSQL, against one that does the same for each intent in a transaction of its own; then the
// latency of a decision at half that load; then both again while the number of open reservations grows.
//
// Both sides do the same work for each decision: the intent is checked and delivered by the bus; all
// checks run; the decision record, the reservation, the inbox row and the outbox message are committed;
// only then the verdict is checked and delivered by the bus and marked as said in the ledger. The commit
// is waited for with `synchronous_commit` on. Making intents is a strategy's work and nearly free here.
// A latency counts from the moment at which its intent was due, whatever held the process up. Beside it
// stands what a bare commit takes in the same server, as often as decisions were committed: on a disk
// or a machine that others use as well, a latency of ten milliseconds can be theirs.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgresLedger, startPrivatePostgres } from '@flotilla/ledger'
import { startBench, startOneByOne, type Bench, type Rate } from './decisions-rig.ts'
import { bareCommits, useForAWhile } from './decisions-server.ts'
import { median, quantile, type BenchOptions, type Report } from './report.ts'

/** Until the engine has compiled what is hot: an agent decides for days. */
const warmUp = 12_000
const window = 5_000
/** For a latency that one decision in a hundred exceeds: some seconds, for what happens once a second. */
const steadyWindow = 15_000
/** What a client keeps under way: enough to fill a batch while others are committed and told. */
const underWay = 384
const single = 400
const openGoal = 100_000

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  // The server runs as another user when we are root; out of its reach the data would lie elsewhere, and stay.
  chmodSync(folder, 0o755)
  const server = await startPrivatePostgres({ folder })
  try {
    const ledger = await openPostgresLedger({ url: server.url })
    await useForAWhile(server.url)
    const rig = await startBench(ledger)
    const naive = await startOneByOne(ledger)
    try {
      const serverMs = () => processorMs(server.pid() ?? 0)
      const commits = () => ledger.health().batches
      const rounds = options.long ? 9 : 3
      await measure(report, { rig, naive, serverMs, commits, url: server.url, rounds })
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
  /** How many transactions the ledger has committed so far. */
  readonly commits: () => number
  readonly url: string
  readonly rounds: number
}

async function measure(report: Report, setting: Setting): Promise<void> {
  const { rig, naive, serverMs, rounds } = setting
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
  await addLatency(report, setting, { when: 'few open', perSecond: rate / 2 })
  await growth(report, setting, fast)
}

async function addLatency(
  report: Report,
  { rig, commits, url }: Setting,
  { when, perSecond }: { readonly when: string; readonly perSecond: number },
): Promise<void> {
  const before = commits()
  const latencies = await rig.atRate(perSecond, steadyWindow)
  const share = (commits() - before) / steadyWindow
  const bare = await bareCommits(url, {
    perSecond: perSecond * share,
    count: Math.round(steadyWindow * share),
  })
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
  report.add({
    figure: `bare commit p99, as often, ${when}`,
    value: quantile(bare, 0.99),
    ...common,
    goal: '',
    met: null,
  })
}

/**
 * The same while 10 open reservations become 100,000. The rate depends on who else uses the machine by
 * then, so that what a decision costs in processor time is judged.
 */
async function growth(report: Report, setting: Setting, few: readonly Rate[]): Promise<void> {
  const { rig } = setting
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
  await addLatency(report, setting, { when: 'many open', perSecond: rateOf(few) / 2 })
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
