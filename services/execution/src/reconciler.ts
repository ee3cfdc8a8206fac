// Compares the venue with our book now and then. What differs in the same way twice is real: orders of
// others are named, and a balance that neither our fills nor the venue's word on transfers explain stops
// entries on the asset. Only while nobody told us of transfers a surplus is taken in as a deposit.
import type { Unit, UnitOutcome } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { Logger } from '@flotilla/runtime'
import type { Venue } from '@flotilla/venue'
import {
  assetDifferences,
  assetsOf,
  baselineOf,
  isCalm,
  unknownOrders,
  type AssetDifference,
  type Desk,
  type Difference,
  type Holdings,
} from './core/index.ts'
import type { EntriesGate } from './entries-gate.ts'
import { baselineChange } from './store.ts'
import { Transfers } from './transfers.ts'

export type ReconcilerOptions = {
  readonly venue: Venue
  readonly gate: EntriesGate
  readonly logger: Logger
  readonly desks: () => readonly Desk[]
  /** Whether the stream of the account is up at this moment. */
  readonly isFollowed: () => boolean
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  readonly baselines: Map<string, Decimal>
  /** Has every order that was given up in a symbol of the asset asked about: one of them may explain a difference. */
  readonly suspectGivenUp: (asset: string) => Promise<void>
  readonly now: () => number
  /** Milliseconds: not more often for one asset. */
  readonly suspectEveryMs: number
}

export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #baselines: Map<string, Decimal>
  readonly #transfers = new Transfers()
  #suspected: readonly Difference[] = []
  #differences: readonly Difference[] = []
  /** Assets that were suspected, and wait for what is under way in their symbols. */
  #waiting: ReadonlySet<string> = new Set()
  /** When the orders that were given up were asked about last, by asset. */
  readonly #suspectedAt = new Map<string, number>()

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#baselines = options.baselines
  }

  /** What was found twice, the same each time. */
  get differences(): readonly Difference[] {
    return this.#differences
  }

  /** Something was found that must be looked at again soon. */
  get isSuspicious(): boolean {
    const named = new Set(this.#differences.map(textOf))
    return this.#waiting.size > 0 || this.#suspected.some((each) => !named.has(textOf(each)))
  }

  async compare(): Promise<void> {
    const { venue, desks } = this.#options
    const openOrders = await venue.fetchOpenOrders()
    const balances = await venue.fetchBalances()
    const all = desks()
    const holdings: Holdings = {
      rules: all.map(({ market }) => market.rules),
      positions: all.flatMap(({ position }) => (position === null ? [] : [position])),
      balances,
    }
    const calm = calmAssets(all)
    const isKnown = (id: string) => all.some(({ tickets }) => tickets.has(id))
    const drifts = assetDifferences(holdings, this.#baselines).filter((each) =>
      calm.has(each.asset),
    )
    const open = await this.#takeTransfersIn(drifts, holdings)
    const found = [...unknownOrders(openOrders, isKnown), ...open]
    const suspects = this.#suspected.flatMap((each) => ('asset' in each ? [each.asset] : []))
    this.#waiting = new Set([...this.#waiting, ...suspects].filter((asset) => !calm.has(asset)))
    await this.#suspectGivenUp(found, holdings)
    await this.#judge(found, holdings)
    this.#noteAgreement(drifts, calm)
    this.#liftWhatIsExplained(open, calm)
    await this.#beginBaselines(holdings, calm)
  }

  /** The venue told of money that came or went without an order of ours. */
  explain(asset: string, change: Decimal): void {
    this.#transfers.add(asset, change)
  }

  /** Some of what it told may not have arrived. */
  missed(): void {
    this.#transfers.missed()
  }

  /** An operator has looked: what is there now is right. */
  async accept(symbol: string | null): Promise<void> {
    const { gate } = this.#options
    const concerned = gate.stops.flatMap(({ cause, asset }) =>
      cause === 'balance_drift' && asset !== null ? [asset] : [],
    )
    for (const asset of concerned) {
      if (symbol !== null && !symbol.split('/').includes(asset)) continue
      this.#baselines.delete(asset)
      await this.#store(asset, null)
      gate.lift({ cause: 'balance_drift', asset, reason: 'accepted by an operator' })
    }
  }

  /** Before anything is said of a difference: it may be the doing of an order that was given up, however long ago. */
  async #suspectGivenUp(found: readonly Difference[], { rules }: Holdings): Promise<void> {
    const { suspectGivenUp, suspectEveryMs, now } = this.#options
    const before = new Set(this.#suspected.map(textOf))
    const fresh = found.filter((each) => !before.has(textOf(each)))
    const assets = fresh.flatMap((each) => {
      if ('asset' in each) return [each.asset]
      if (each.kind === 'foreign-order') return []
      return rules.filter(({ symbol }) => symbol === each.symbol).map(({ base }) => base)
    })
    for (const asset of new Set(assets)) {
      const at = this.#suspectedAt.get(asset)
      if (at !== undefined && now() - at < suspectEveryMs) continue
      this.#suspectedAt.set(asset, now())
      await suspectGivenUp(asset)
    }
  }

  async #judge(found: readonly Difference[], holdings: Holdings): Promise<void> {
    const suspected = new Set(this.#suspected.map(textOf))
    const named = new Set(this.#differences.map(textOf))
    this.#suspected = found
    this.#differences = found.filter((difference) => suspected.has(textOf(difference)))
    for (const difference of this.#differences) {
      if (named.has(textOf(difference))) continue
      const level = difference.kind === 'unrecorded-order' ? 'error' : 'warn'
      this.#options.logger[level](difference, 'venue differs from our book')
      if ('asset' in difference && this.#isUnexplained(difference)) this.#stop(difference)
    }
    await this.#takeDepositsIn(holdings)
  }

  /** Who would have been told of a deposit, and was not, has more than is right. */
  #isUnexplained(difference: Difference): boolean {
    if (difference.kind === 'asset-missing') return true
    return difference.kind === 'asset-surplus' && this.#transfers.knowsAllOf(difference.asset)
  }

  /** Differences that transfers do not come to. */
  async #takeTransfersIn(
    drifts: readonly AssetDifference[],
    holdings: Holdings,
  ): Promise<AssetDifference[]> {
    const open: AssetDifference[] = []
    for (const drift of drifts) {
      const { asset, expected, atVenue } = drift
      if (!this.#transfers.explain(asset, atVenue.minus(expected))) {
        open.push(drift)
        continue
      }
      const change = atVenue.minus(expected).toString()
      this.#options.logger.info({ asset, change }, 'transfer taken into the book')
      await this.#takeIn(asset, holdings)
    }
    return open
  }

  #noteAgreement(drifts: readonly AssetDifference[], calm: ReadonlySet<string>): void {
    const { isFollowed, venue } = this.#options
    // A stream that never tells of transfers says nothing by its silence.
    if (!isFollowed() || !venue.profile.tellsTransfers) return
    const differing = new Set(drifts.map(({ asset }) => asset))
    for (const asset of calm) if (!differing.has(asset)) this.#transfers.agreed(asset)
  }

  /** While something else is missing a surplus may be the other side of a trade that we do not know. */
  async #takeDepositsIn(holdings: Holdings): Promise<void> {
    if (this.#differences.some(({ kind }) => kind === 'asset-missing')) return
    for (const difference of this.#differences) {
      if (difference.kind !== 'asset-surplus' || this.#isUnexplained(difference)) continue
      await this.#takeIn(difference.asset, holdings)
    }
  }

  #stop({ asset, expected, atVenue }: AssetDifference): void {
    const drift = atVenue.minus(expected)
    const amount = `${drift.abs().toString()} ${asset}`
    const what = drift.isNegative()
      ? `${amount} are missing that no order explains`
      : `${amount} are there too much, and neither an order nor a transfer explains them`
    const reason =
      `${what}: ` + `${atVenue.toString()} at the venue, ${expected.toString()} expected`
    this.#options.gate.stop({ cause: 'balance_drift', asset, reason })
  }

  #liftWhatIsExplained(found: readonly AssetDifference[], calm: ReadonlySet<string>): void {
    const { gate } = this.#options
    const differing = new Set(found.map(({ asset }) => asset))
    for (const { cause, asset } of gate.stops) {
      if (cause !== 'balance_drift' || asset === null) continue
      if (differing.has(asset) || !calm.has(asset)) continue
      gate.lift({ cause, asset, reason: 'the balance is explained' })
    }
  }

  async #beginBaselines(holdings: Holdings, calm: ReadonlySet<string>): Promise<void> {
    for (const asset of calm) {
      if (!this.#baselines.has(asset)) await this.#takeIn(asset, holdings)
    }
  }

  async #takeIn(asset: string, holdings: Holdings): Promise<void> {
    const baseline = baselineOf(holdings, asset)
    await this.#store(asset, baseline)
    this.#baselines.set(asset, baseline)
    this.#transfers.settled(asset)
  }

  async #store(asset: string, baseline: Decimal | null): Promise<void> {
    const changes = [baselineChange(asset, baseline)]
    await this.#options.submit({ consumer: 'execution', causeId: null, changes, outgoing: [] })
  }
}

/** Assets of which nothing is on its way anywhere. */
function calmAssets(desks: readonly Desk[]): Set<string> {
  const rules = desks.map(({ market }) => market.rules)
  const moving = desks.filter((desk) => !isCalm(desk)).map(({ market }) => market.rules)
  const unsure = new Set(assetsOf(moving))
  return new Set(assetsOf(rules).filter((asset) => !unsure.has(asset)))
}

/** The same drift while other trades go on is the same difference. */
function textOf(difference: Difference): string {
  if (!('asset' in difference)) return JSON.stringify(difference)
  const { kind, asset, expected, atVenue } = difference
  return `${kind} ${asset} ${expected.minus(atVenue).toString()}`
}
