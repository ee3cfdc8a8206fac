/**
 * What keeps a wish from becoming an intent. First the obstacles, of which the first one met is the
 * answer: the state of things does not let the wish out. Then, for entries only, the filters, which
 * are all asked, so that every reason is told with its numbers. An exit is never filtered: it makes
 * the risk smaller. A filter that cannot be judged refuses: nobody knows is not good enough.
 */
import { epochMs } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import type { PricedWish } from '@flotilla/strategy-kit'
import type { DeskMemory, Surroundings } from './desk.ts'

/** The limits of the filters; what the dynamic filter engine may move is the first four. */
export type Filters = {
  /** The score that an entry needs, 0 to 100. */
  readonly confidenceMin: number
  /** Traded in the last 24 hours, in quote currency; 0 asks for nothing. */
  readonly quoteVolume24hMin: number
  /** Between bid and ask, in per cent of the middle; null asks for nothing. */
  readonly spreadMaxPercent: number | null
  /** Since what is traded on began; null asks for nothing. */
  readonly setupAgeHoursMax: number | null
  /** A ticker that is older says nothing about volume and spread. */
  readonly tickerAgeMaxMs: number
}

/** The newest ticker, as far as filters look at it. */
export type Quote = {
  readonly quoteVolume24h: number | null
  /** In per cent of the middle. */
  readonly spreadPercent: number | null
  readonly observedAt: number
}

type Obstacle =
  | 'backfill'
  | 'stale_signal'
  | 'intent_open'
  | 'already_held'
  | 'nothing_held'
  | 'trading_paused'
  | 'trading_flattened'
  | 'trading_halted'
  | 'cooldown'

type FilterCode =
  | 'confidence_below_minimum'
  | 'quote_volume_below_minimum'
  | 'quote_volume_unknown'
  | 'spread_above_maximum'
  | 'spread_unknown'
  | 'setup_too_old'
  | 'symbol_cooldown'
  | 'symbol_quarantined'

export type Withheld = {
  readonly code: Obstacle | FilterCode
  /** The numbers it was judged by. */
  readonly figures: Readonly<Record<string, number | null>>
}

export type WishInput = {
  readonly message: MessageOfType<'analysis.signals.computed.v1'>
  readonly surroundings: Surroundings
  readonly memory: DeskMemory
}

type EnterWish = Extract<PricedWish, { action: 'enter' }>

/** Empty when the wish may go out. */
export function withheldBy(wish: PricedWish, input: WishInput): readonly Withheld[] {
  for (const obstacle of obstacles) {
    const found = obstacle(wish, input)
    if (found !== null) return [found]
  }
  if (wish.action === 'exit') return []
  return filters.flatMap((filter) => filter(wish, input) ?? [])
}

function withheld(code: Withheld['code'], figures: Withheld['figures'] = {}): Withheld {
  return { code, figures }
}

/** In this order; the first that speaks is the reason. */
const obstacles: readonly ((wish: PricedWish, input: WishInput) => Withheld | null)[] = [
  (_wish, { message }) => (message.payload.origin === 'live' ? null : withheld('backfill')),
  (_wish, { message, surroundings: { now, limits } }) => {
    const ageMs = now - epochMs(message.payload.candleCloseTime)
    const { signalAgeMaxMs } = limits
    return ageMs > signalAgeMaxMs ? withheld('stale_signal', { ageMs, signalAgeMaxMs }) : null
  },
  (_wish, { memory }) => (memory.openIntent === null ? null : withheld('intent_open')),
  (wish, { memory, surroundings: { position } }) => {
    if (wish.action === 'enter') return position === null ? null : withheld('already_held')
    return memory.entered && position !== null ? null : withheld('nothing_held')
  },
  (wish, { surroundings: { tradingState } }) => {
    if (tradingState === 'active') return null
    if (tradingState !== 'halted' && wish.action === 'exit') return null
    return withheld(`trading_${tradingState}`)
  },
  (wish, { memory, surroundings: { now } }) => {
    const enter = wish.action === 'enter'
    const until = enter ? memory.entryCooldownUntil : memory.exitCooldownUntil
    return now < until ? withheld('cooldown', { remainingMs: until - now }) : null
  },
]

/** All are asked. */
const filters: readonly ((wish: EnterWish, input: WishInput) => Withheld | null)[] = [
  ({ confidence }, { surroundings }) => {
    const { confidenceMin } = surroundings.filters
    if (confidence >= confidenceMin) return null
    return withheld('confidence_below_minimum', { confidence, confidenceMin })
  },
  (_wish, { surroundings }) => {
    const { quoteVolume24hMin } = surroundings.filters
    if (quoteVolume24hMin === 0) return null
    const { quote, tickerAgeMs } = freshQuote(surroundings)
    const quoteVolume24h = quote?.quoteVolume24h ?? null
    if (quoteVolume24h === null) {
      return withheld('quote_volume_unknown', { quoteVolume24hMin, tickerAgeMs })
    }
    if (quoteVolume24h >= quoteVolume24hMin) return null
    return withheld('quote_volume_below_minimum', { quoteVolume24h, quoteVolume24hMin })
  },
  (_wish, { surroundings }) => {
    const { spreadMaxPercent } = surroundings.filters
    if (spreadMaxPercent === null) return null
    const { quote, tickerAgeMs } = freshQuote(surroundings)
    const spreadPercent = quote?.spreadPercent ?? null
    if (spreadPercent === null) return withheld('spread_unknown', { spreadMaxPercent, tickerAgeMs })
    if (spreadPercent <= spreadMaxPercent) return null
    return withheld('spread_above_maximum', { spreadPercent, spreadMaxPercent })
  },
  ({ setupSince }, { message, surroundings }) => {
    const { setupAgeHoursMax } = surroundings.filters
    if (setupAgeHoursMax === null || setupSince === null) return null
    const setupAgeHours = (epochMs(message.payload.candleCloseTime) - setupSince) / hourMs
    if (setupAgeHours <= setupAgeHoursMax) return null
    return withheld('setup_too_old', { setupAgeHours, setupAgeHoursMax })
  },
  (_wish, { surroundings: { now, record } }) => {
    const remainingMs = record.entryCooldownUntil - now
    return remainingMs > 0 ? withheld('symbol_cooldown', { remainingMs }) : null
  },
  (_wish, { surroundings: { now, record } }) => {
    const remainingMs = record.quarantinedUntil - now
    return remainingMs > 0 ? withheld('symbol_quarantined', { remainingMs }) : null
  },
]

const hourMs = 3_600_000

/** Null when there is none that is young enough. */
function freshQuote({ now, quote, filters: { tickerAgeMaxMs } }: Surroundings): {
  readonly quote: Quote | null
  readonly tickerAgeMs: number | null
} {
  if (quote === null) return { quote: null, tickerAgeMs: null }
  const tickerAgeMs = now - quote.observedAt
  return { quote: tickerAgeMs > tickerAgeMaxMs ? null : quote, tickerAgeMs }
}
