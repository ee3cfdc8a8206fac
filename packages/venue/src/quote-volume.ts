/**
 * What traded in the last 24 hours, always in quote currency. Venues disagree about the unit: some say
 * it in quote currency, some in base units, some by the day. A venue whose unit is not known here, and
 * an answer without the figures, is an error: a number in an unknown unit is worse than none, because
 * 5,928 bitcoin pass for 5,928 dollars.
 */
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

export class VolumeUnitError extends Error {
  override readonly name = 'VolumeUnitError'
}

/** What a venue answers about one symbol, as it came over the wire. */
type RawTicker = unknown
type VolumeRule = (raw: RawTicker) => Decimal

/** Scale of results that had to be divided or converted: more than any quote currency has. */
const scale = 8
const dayMs = 86_400_000

const rules: ReadonlyMap<string, VolumeRule> = new Map([
  ['binance', fromQuoteVolumeField],
  ['simulator', fromQuoteVolumeField],
  ['mexc', fromQuoteVolumeField],
  ['coinbase', fromCoinbaseProduct],
  ['alpaca', fromAlpacaSnapshot],
])

/** By the rule of the kind of venue that the answer came from. Throws `VolumeUnitError`. */
export function quoteVolume24hOf(venueKind: string, raw: RawTicker): Decimal {
  const rule = rules.get(venueKind)
  if (rule === undefined) {
    throw new VolumeUnitError(`in which unit ${venueKind} gives its volume is not known`)
  }
  return rule(raw)
}

/** Numbers as text, as most venues send them, or as JSON numbers, as Alpaca does. */
const amount = z
  .union([z.string(), z.number().transform(plainText)])
  .refine((text) => Decimal.isDecimal(text) && !Decimal.from(text).isNegative())
  .transform((text) => Decimal.from(text))

const twoVolumes = z.looseObject({
  /** In base units. */
  volume: amount.nullish(),
  quoteVolume: amount.nullish(),
  weightedAvgPrice: amount.nullish(),
})

/**
 * Binance and MEXC: `volume` is in base units, `quoteVolume` in quote currency. MEXC leaves the latter
 * out at times; the volume-weighted price, where there is one, converts exactly.
 */
function fromQuoteVolumeField(raw: RawTicker): Decimal {
  const { volume, quoteVolume, weightedAvgPrice } = read(twoVolumes, raw)
  if (quoteVolume != null) return quoteVolume
  if (volume != null && weightedAvgPrice != null) return volume.times(weightedAvgPrice)
  throw new VolumeUnitError('the ticker has no quoteVolume')
}

const coinbaseProduct = z.looseObject({
  price: amount,
  /** In base units, although its name does not say so. */
  volume_24h: amount,
  approximate_quote_24h_volume: amount.optional().catch(undefined),
})

/** Coinbase: newer answers hold the converted figure, which is the base volume at the last price. */
function fromCoinbaseProduct(raw: RawTicker): Decimal {
  const product = read(coinbaseProduct, raw)
  return product.approximate_quote_24h_volume ?? product.volume_24h.times(product.price)
}

const alpacaBar = z.looseObject({
  t: z.iso.datetime({ offset: true }),
  /** In base units. */
  v: amount,
  /** Volume-weighted price. */
  vw: amount,
})

const alpacaSnapshot = z.looseObject({
  dailyBar: alpacaBar,
  prevDailyBar: alpacaBar.nullish(),
  latestQuote: z.looseObject({ t: z.iso.datetime({ offset: true }) }),
})

/**
 * Alpaca has days, not the last 24 hours: what traded today, and of yesterday the share that lies within
 * the last 24 hours. Today alone would fall to nothing each midnight and take the symbol out with it.
 */
function fromAlpacaSnapshot(raw: RawTicker): Decimal {
  const { dailyBar, prevDailyBar, latestQuote } = read(alpacaSnapshot, raw)
  const today = dailyBar.v.times(dailyBar.vw)
  if (prevDailyBar == null) return today
  const sinceMidnight = Date.parse(latestQuote.t) - Date.parse(dailyBar.t)
  const ofYesterday = Decimal.from(Math.min(dayMs, Math.max(0, dayMs - sinceMidnight)))
  const yesterday = prevDailyBar.v.times(prevDailyBar.vw)
  return today.plus(yesterday.times(ofYesterday).dividedBy(Decimal.from(dayMs), scale, 'half-up'))
}

function read<Schema extends z.ZodType>(schema: Schema, raw: RawTicker): z.infer<Schema> {
  const answer = schema.safeParse(raw)
  if (answer.success) return answer.data
  const where = answer.error.issues.map(({ path }) => path.join('.') || 'the answer')
  throw new VolumeUnitError(`no volume with a known unit: ${where.join(', ')} is missing or odd`)
}

/** JavaScript writes very small numbers with an exponent, which is not a plain decimal. */
function plainText(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20) : text
}
