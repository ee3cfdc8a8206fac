import { Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assessUniverse, matchesAny, volumeIn } from './index.ts'
import type { Candidate, Universe, UniverseRules } from './index.ts'

const million = 1_000_000
const hour = 3_600_000
const day = 24 * hour
const now = 100 * day

const rules: UniverseRules = {
  tiers: {
    core: { symbols: ['BTC/*', 'ETH/*'], volumeMin: Decimal.from(10 * million) },
    rotational: { symbols: ['ADA/*'], volumeMin: Decimal.from(5 * million) },
    event: { symbols: ['NEW/*'], volumeMin: Decimal.from(2 * million) },
  },
  volumeMin: Decimal.from(3 * million),
  spreadShareMax: Decimal.from('0.005'),
  ageMsMin: 0,
  forceEligible: [],
  allow: ['*'],
  deny: [],
  topSymbols: 0,
  stayShare: Decimal.from('0.8'),
  confirmMs: hour,
}

function candidate(symbol: string, millions: number | null, more: Partial<Candidate> = {}) {
  const volume = millions === null ? null : Decimal.from(Math.round(millions * million))
  const [bid, ask] = [Decimal.from('99.9'), Decimal.from('100.1')]
  return { symbol, configured: true, volume, bid, ask, listedAt: 0, ...more } as const
}

const nothing: Universe = new Map()

function assess(candidates: readonly Candidate[], more: Partial<UniverseRules> = {}) {
  return assessUniverse(nothing, candidates, { rules: { ...rules, ...more }, now })
}

function verdictOf(one: Candidate, more: Partial<UniverseRules> = {}): string | undefined {
  const entry = assess([one], more).universe.get(one.symbol)
  return entry && `${entry.tier} ${entry.eligible ? 'in' : 'out'}: ${entry.reason}`
}

describe('the verdict on a symbol', () => {
  const wide = { bid: Decimal.from(99), ask: Decimal.from(101) }
  it.each<[string, Candidate, Partial<UniverseRules>, string]>([
    ['a core symbol with enough volume', candidate('BTC/USDT', 10), {}, 'core in: liquid'],
    ['one with less', candidate('BTC/USDT', 9.9), {}, 'core out: quote_volume_below_minimum'],
    ['a rotational symbol', candidate('ADA/USDT', 5), {}, 'rotational in: liquid'],
    ['a lesser', candidate('ADA/USDT', 4.9), {}, 'rotational out: quote_volume_below_minimum'],
    ['an event symbol', candidate('NEW/USDT', 2), {}, 'event in: liquid'],
    ['one of no tier', candidate('XRP/USDT', 3), {}, 'rotational in: liquid'],
    ['a lesser', candidate('XRP/USDT', 2.9), {}, 'rotational out: quote_volume_below_minimum'],
    ['one without volume', candidate('BTC/USDT', null), {}, 'core out: quote_volume_unknown'],
    ['a wide spread', candidate('BTC/USDT', 50, wide), {}, 'core out: spread_above_maximum'],
    ['no bid', candidate('BTC/USDT', 50, { bid: null }), {}, 'core out: spread_unknown'],
    [
      'one that is two days old',
      candidate('BTC/USDT', 50, { listedAt: now - 2 * day }),
      { ageMsMin: 3 * day },
      'core out: listed_too_recently',
    ],
    [
      'one of unknown age',
      candidate('BTC/USDT', 50, { listedAt: null }),
      { ageMsMin: 3 * day },
      'core out: listing_age_unknown',
    ],
    [
      'a forced core symbol without any volume',
      candidate('BTC/USDT', null, { bid: null, listedAt: null }),
      { forceEligible: ['BTC/USDT'], ageMsMin: day },
      'core in: force_eligible_core_asset',
    ],
    [
      'another that is forced',
      candidate('XRP/USDT', 0),
      { forceEligible: ['XRP/*'] },
      'rotational in: force_eligible',
    ],
    [
      'a forced symbol that is denied',
      candidate('BTC/USDT', 50),
      { forceEligible: ['BTC/*'], deny: ['*/USDT'] },
      'core out: denied_by_pattern',
    ],
    [
      'one that is not on the list of the allowed',
      candidate('BTC/USDT', 50),
      { allow: ['*/USDC'] },
      'core out: not_allowed_by_pattern',
    ],
  ])('%s', (_what, one, more, verdict) => {
    expect(verdictOf(one, more)).toBe(verdict)
  })

  it('bitcoin with 5,928 base units at Coinbase is eligible by its volume', () => {
    expect(verdictOf(candidate('BTC/USD', 565))).toBe('core in: liquid')
  })
})

describe('the symbols with the most volume', () => {
  const market = [
    candidate('BTC/USDT', 900),
    ...[80, 70, 60, 50].map((millions, at) =>
      candidate(`X${at}/USDT`, millions, { configured: false }),
    ),
  ]

  it('are taken in beside the configured ones; the others are not spoken of', () => {
    expect([...assess(market, { topSymbols: 3 }).universe.keys()]).toEqual([
      'BTC/USDT',
      'X0/USDT',
      'X1/USDT',
    ])
  })

  it('a neighbour that overtakes by a little does not push out who is in', () => {
    const options = { rules: { ...rules, topSymbols: 4, confirmMs: 0 }, now }
    const before = assessUniverse(nothing, market, options).universe
    const swapped = market.map((one) =>
      one.symbol === 'X3/USDT' ? candidate('X3/USDT', 65, { configured: false }) : one,
    )
    const after = assessUniverse(before, swapped, options).universe
    expect(after.get('X2/USDT')).toMatchObject({ eligible: true })
    expect(after.get('X3/USDT')).toMatchObject({ eligible: true })
  })
})

describe('nothing flaps', () => {
  const run = (millions: readonly number[], stepMs = 10 * 60_000) => {
    let universe: Universe = nothing
    let changes = 0
    const verdicts = millions.map((volume, step) => {
      const options = { rules, now: now + step * stepMs }
      const decision = assessUniverse(universe, [candidate('BTC/USDT', volume)], options)
      universe = decision.universe
      if (decision.changed) changes += 1
      return universe.get('BTC/USDT')?.eligible
    })
    return { verdicts, changes }
  }

  it('a week around the minimum, with noise and an evening in each day, changes nothing', () => {
    const steps = (7 * day) / (10 * 60_000)
    const noise = fc.array(fc.double({ min: -0.9, max: 0.9, noNaN: true }), {
      minLength: steps,
      maxLength: steps,
    })
    fc.assert(
      fc.property(noise, (draws) => {
        const week = draws.map((draw, step) => 10.2 + draw + Math.sin(step / 23) * 0.9)
        const { changes, verdicts } = run([11, ...week])
        expect(changes).toBe(1)
        expect(verdicts.every((eligible) => eligible === true)).toBe(true)
      }),
      { numRuns: 10, seed: propertySeed },
    )
  })

  it('half an hour without figures does not put a symbol out', () => {
    expect(run([20, 0, 0, 0, 20, 20]).changes).toBe(1)
  })

  it('a real fall puts it out after it has held, and only a real rise brings it back', () => {
    const fallen = Array.from({ length: 8 }, () => 5)
    const middling = Array.from({ length: 20 }, () => 9)
    const risen = Array.from({ length: 8 }, () => 12)
    const { verdicts, changes } = run([20, ...fallen, ...middling, ...risen])
    expect(verdicts.slice(0, 9)).toEqual([...Array.from({ length: 7 }, () => true), false, false])
    expect(verdicts.slice(9, 29).every((eligible) => eligible === false)).toBe(true)
    expect(verdicts.at(-1)).toBe(true)
    expect(changes).toBe(3)
  })

  it('who was out only for want of figures comes in with the first of them', () => {
    const before = assess([candidate('BTC/USDT', null)]).universe
    const after = assessUniverse(before, [candidate('BTC/USDT', 20)], { rules, now: now + 1 })
    expect(after.universe.get('BTC/USDT')).toMatchObject({ eligible: true, reason: 'liquid' })
  })

  it('the list of an operator counts at once', () => {
    const before = assess([candidate('BTC/USDT', 20)]).universe
    const options = { rules: { ...rules, deny: ['BTC/*'] }, now: now + 1 }
    const denied = assessUniverse(before, [candidate('BTC/USDT', 20)], options)
    expect(denied.universe.get('BTC/USDT')).toMatchObject({ eligible: false })
    const allowed = assessUniverse(denied.universe, [candidate('BTC/USDT', 20)], {
      rules,
      now: now + 2,
    })
    expect(allowed.universe.get('BTC/USDT')).toMatchObject({ eligible: true })
  })
})

it('patterns match whole symbols', () => {
  expect(matchesAny('BTC/USDT', ['BTC/USDT'])).toBe(true)
  expect(matchesAny('BTC/USDT', ['BTC/USD'])).toBe(false)
  expect(matchesAny('BTC/USDT', ['BTC/*', 'nothing'])).toBe(true)
  expect(matchesAny('WBTC/USDT', ['BTC/*'])).toBe(false)
  expect(matchesAny('BTCUP/USDT', ['*UP/*'])).toBe(true)
  expect(matchesAny('UP/USDT', ['*UP*UP/*'])).toBe(false)
  expect(matchesAny('A', ['A*A'])).toBe(false)
  expect(matchesAny('BTC/USDT', [])).toBe(false)
})

it('volumes are compared in one currency, or not at all', () => {
  const market = (symbol: string) => {
    return { symbol, last: Decimal.from('0.04'), quoteVolume24h: Decimal.from(17_000) }
  }
  const priceOf = (symbol: string) => (symbol === 'BTC/USDT' ? Decimal.from(60_000) : null)
  const text = (symbol: string) => volumeIn('USDT', market(symbol), priceOf)?.toString() ?? null
  expect(text('ETH/USDT')).toBe('17000')
  expect(text('ETH/USDC')).toBe('17000')
  expect(text('ETH/BTC')).toBe('1020000000')
  expect(text('ETH/BRL')).toBe(null)
})
