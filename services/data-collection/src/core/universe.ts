/**
 * Which symbols may be traded. A symbol belongs to the tier that names it, and must then trade that
 * tier's minimum; one that no tier names is rotational, and must trade the general minimum. Symbols that
 * are forced skip the checks of liquidity and age, never the lists.
 *
 * Nothing flaps: who is in must fall well below the limits to go out, and a verdict that contradicts the
 * one in force counts only after it has held for a while. Lists are an operator's word and count at once.
 */
import { Decimal } from '@flotilla/money'
import { matchesAny } from './patterns.ts'

export const tiers = ['core', 'rotational', 'event'] as const
export type Tier = (typeof tiers)[number]

export type TierRule = {
  /** Patterns of the symbols that belong here. */
  readonly symbols: readonly string[]
  readonly volumeMin: Decimal
}

export type UniverseRules = {
  readonly tiers: Readonly<Record<Tier, TierRule>>
  /** For symbols that no tier names. All minimums are in the account's currency, for 24 hours. */
  readonly volumeMin: Decimal
  /** Of the middle price. */
  readonly spreadShareMax: Decimal
  readonly ageMsMin: number
  readonly forceEligible: readonly string[]
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  /** How many of the symbols with the most volume are taken in beside the configured ones. */
  readonly topSymbols: number
  /** Who is in stays while it has this share of what one must have to come in. */
  readonly stayShare: Decimal
  /** How long another verdict must hold before it counts. */
  readonly confirmMs: number
}

export type Candidate = {
  readonly symbol: string
  /** Named in the configuration, not found by its volume. */
  readonly configured: boolean
  /** Traded value of 24 hours in the account's currency; null when it is not known. */
  readonly volume: Decimal | null
  readonly bid: Decimal | null
  readonly ask: Decimal | null
  /** When its first candle began; null when it is not known. */
  readonly listedAt: number | null
}

export const universeReasons = [
  'force_eligible_core_asset',
  'force_eligible',
  'liquid',
  'denied_by_pattern',
  'not_allowed_by_pattern',
  'listed_too_recently',
  'listing_age_unknown',
  'quote_volume_unknown',
  'quote_volume_below_minimum',
  'spread_unknown',
  'spread_above_maximum',
  'outside_top_volume',
] as const
export type UniverseReason = (typeof universeReasons)[number]

export type UniverseEntry = {
  readonly symbol: string
  readonly tier: Tier
  readonly eligible: boolean
  readonly reason: UniverseReason
  /** Since when the candidate looks other than the verdict in force says; null when it does not. */
  readonly contrarySince: number | null
}

export type Universe = ReadonlyMap<string, UniverseEntry>

export type UniverseDecision = {
  readonly universe: Universe
  /** Whether a symbol came, went, or changed its tier or its eligibility. */
  readonly changed: boolean
}

export function assessUniverse(
  universe: Universe,
  candidates: readonly Candidate[],
  options: { readonly rules: UniverseRules; readonly now: number },
): UniverseDecision {
  const ranks = ranksByVolume(candidates)
  const next = new Map<string, UniverseEntry>()
  for (const candidate of candidates) {
    const known = universe.get(candidate.symbol)
    const rank = ranks.get(candidate.symbol) ?? candidates.length
    const verdict = judge(candidate, { ...options, rank, within: known?.eligible === true })
    const entry = settle(known, verdict, options)
    // Of the venue's many other symbols only those count that once were in.
    if (candidate.configured || known !== undefined || entry.eligible) {
      next.set(candidate.symbol, entry)
    }
  }
  return { universe: next, changed: differ(universe, next) }
}

type Verdict = Omit<UniverseEntry, 'contrarySince'>

type Standing = {
  readonly rules: UniverseRules
  readonly now: number
  readonly rank: number
  /** Whether it is in now: then the limits are wider. */
  readonly within: boolean
}

function judge(candidate: Candidate, standing: Standing): Verdict {
  const { rules } = standing
  const { symbol } = candidate
  const named = tiers.find((tier) => matchesAny(symbol, rules.tiers[tier].symbols))
  const tier = named ?? 'rotational'
  const verdict = (eligible: boolean, reason: UniverseReason): Verdict => {
    return { symbol, tier, eligible, reason }
  }
  if (matchesAny(symbol, rules.deny)) return verdict(false, 'denied_by_pattern')
  if (!matchesAny(symbol, rules.allow)) return verdict(false, 'not_allowed_by_pattern')
  if (matchesAny(symbol, rules.forceEligible)) {
    return verdict(true, named === 'core' ? 'force_eligible_core_asset' : 'force_eligible')
  }
  const volumeMin = named === undefined ? rules.volumeMin : rules.tiers[named].volumeMin
  for (const check of [rankRefusal, ageRefusal, spreadRefusal]) {
    const refusal = check(candidate, standing)
    if (refusal !== null) return verdict(false, refusal)
  }
  const refusal = volumeRefusal(candidate.volume, volumeMin, standing)
  return refusal === null ? verdict(true, 'liquid') : verdict(false, refusal)
}

function rankRefusal({ configured }: Candidate, standing: Standing): UniverseReason | null {
  const { rules, rank, within } = standing
  if (configured) return null
  const last = within ? rules.topSymbols / rules.stayShare.toNumber() : rules.topSymbols
  return rank > last ? 'outside_top_volume' : null
}

function ageRefusal({ listedAt }: Candidate, { rules, now }: Standing): UniverseReason | null {
  if (rules.ageMsMin === 0) return null
  if (listedAt === null) return 'listing_age_unknown'
  return now - listedAt < rules.ageMsMin ? 'listed_too_recently' : null
}

/** Compared without dividing: spread / middle > maximum, with the middle being (bid + ask) / 2. */
function spreadRefusal({ bid, ask }: Candidate, standing: Standing): UniverseReason | null {
  const { rules, within } = standing
  if (bid === null || ask === null) return 'spread_unknown'
  const share = within ? rules.stayShare : Decimal.from(1)
  const spread = ask.minus(bid).times(2).times(share)
  return spread.greaterThan(rules.spreadShareMax.times(ask.plus(bid)))
    ? 'spread_above_maximum'
    : null
}

function volumeRefusal(
  volume: Decimal | null,
  minimum: Decimal,
  { rules, within }: Standing,
): UniverseReason | null {
  if (volume === null) return 'quote_volume_unknown'
  const needed = within ? minimum.times(rules.stayShare) : minimum
  return volume.lessThan(needed) ? 'quote_volume_below_minimum' : null
}

/** Reasons that an operator has set: they count without delay, in both directions. */
const byOrder: ReadonlySet<UniverseReason> = new Set([
  'force_eligible_core_asset',
  'force_eligible',
  'denied_by_pattern',
  'not_allowed_by_pattern',
])

const unknowns: ReadonlySet<UniverseReason> = new Set([
  'quote_volume_unknown',
  'spread_unknown',
  'listing_age_unknown',
])

function settle(
  known: UniverseEntry | undefined,
  verdict: Verdict,
  { rules, now }: { readonly rules: UniverseRules; readonly now: number },
): UniverseEntry {
  const agreed: UniverseEntry = { ...verdict, contrarySince: null }
  if (known === undefined || known.eligible === verdict.eligible) return agreed
  if (byOrder.has(verdict.reason) || byOrder.has(known.reason)) return agreed
  // Out for want of figures: with the figures there is a first verdict.
  if (unknowns.has(known.reason)) return agreed
  const contrarySince = known.contrarySince ?? now
  if (now - contrarySince >= rules.confirmMs) return agreed
  return { ...known, tier: verdict.tier, contrarySince }
}

function ranksByVolume(candidates: readonly Candidate[]): ReadonlyMap<string, number> {
  const ordered = candidates.toSorted(
    (left, right) =>
      (right.volume ?? Decimal.zero).compare(left.volume ?? Decimal.zero) ||
      (left.symbol < right.symbol ? -1 : 1),
  )
  return new Map(ordered.map(({ symbol }, index) => [symbol, index + 1]))
}

function differ(before: Universe, after: Universe): boolean {
  if (before.size !== after.size) return true
  return [...after].some(([symbol, entry]) => {
    const known = before.get(symbol)
    return known?.eligible !== entry.eligible || known.tier !== entry.tier
  })
}
