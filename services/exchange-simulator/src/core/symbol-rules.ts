import type { SymbolRules } from './types.ts'
import { decimalsOfStep, larger, units } from './units.ts'

/** The seeded market's idea of a symbol. Volatility is the deviation of one minute's return. */
export type SymbolProfile = {
  readonly price: number
  readonly tick: string
  readonly step: string
  readonly volatility: number
  /** How far it moves when the whole market moves by one. */
  readonly beta: number
  /** Base units that change hands in an average minute. */
  readonly volume: number
}

const profiles: Readonly<Record<string, SymbolProfile>> = {
  BTC: { price: 64_000, tick: '0.01', step: '0.00001', volatility: 6e-4, beta: 1, volume: 12 },
  ETH: { price: 3_100, tick: '0.01', step: '0.0001', volatility: 8e-4, beta: 1.2, volume: 180 },
  SOL: { price: 150, tick: '0.01', step: '0.001', volatility: 11e-4, beta: 1.5, volume: 2_400 },
  BNB: { price: 580, tick: '0.01', step: '0.001', volatility: 6e-4, beta: 0.9, volume: 420 },
  XRP: { price: 0.6, tick: '0.0001', step: '0.1', volatility: 9e-4, beta: 1.1, volume: 260_000 },
  ADA: { price: 0.45, tick: '0.0001', step: '0.1', volatility: 1e-3, beta: 1.2, volume: 190_000 },
  DOGE: { price: 0.12, tick: '0.00001', step: '1', volatility: 12e-4, beta: 1.4, volume: 900_000 },
  LINK: { price: 14, tick: '0.01', step: '0.01', volatility: 1e-3, beta: 1.3, volume: 9_000 },
  AVAX: { price: 27, tick: '0.01', step: '0.01', volatility: 11e-4, beta: 1.4, volume: 6_000 },
}

const unknownProfile: SymbolProfile = {
  price: 10,
  tick: '0.001',
  step: '0.01',
  volatility: 1e-3,
  beta: 1,
  volume: 10_000,
}

export function profileOf(symbol: string): SymbolProfile {
  return profiles[symbol.split('/')[0] ?? ''] ?? unknownProfile
}

function venueSymbol(symbol: string): string {
  return symbol.replace('/', '')
}

const percent = { up: units('5'), down: units('0.2') }

/** Price times quantity must be exact in units, so the two steps share the eight places. */
export function rulesOf(symbol: string, steps: { tick: bigint; step: bigint }): SymbolRules {
  const [base = '', quote = ''] = symbol.split('/')
  const { tick } = steps
  const step = larger(steps.step, 10n ** BigInt(decimalsOfStep(tick)))
  return {
    symbol: venueSymbol(symbol),
    base,
    quote,
    tick,
    priceMin: tick,
    priceMax: units('1000000'),
    step,
    quantityMin: step,
    quantityMax: units('9000000'),
    marketStep: 0n,
    marketQuantityMin: 0n,
    marketQuantityMax: units('900000'),
    notionalMin: units('5'),
    notionalMax: units('9000000'),
    percent: { BUY: percent, SELL: percent },
    trailingMin: 10,
    trailingMax: 2_000,
    icebergPartsMax: 100,
    ordersMax: 200,
    algoOrdersMax: 5,
    icebergOrdersMax: 200,
    orderListsMax: 20,
    amendsMax: 10,
    positionMax: 0n,
  }
}
