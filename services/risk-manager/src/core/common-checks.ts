// The checks that entries and exits share.
import { epochMs, instant } from '@flotilla/contracts'
import { denied, passed, type Check } from './check.ts'
import { strictestState } from './trading-state.ts'

export const tradingState: Check = {
  name: 'trading-state',
  run({ book, intent }) {
    const entry = strictestState(book, intent.symbol)
    if (entry === null) return passed({ state: 'active' })
    const { state, since } = entry
    if (state === 'halted') return denied({ code: 'trading_halted', since }, { state })
    // A pause, and what was flattened, take no entries; who is in may go out.
    if (intent.purpose === 'entry' && state !== 'active') {
      return denied({ code: `trading_${state}`, since }, { state })
    }
    return passed({ state })
  },
}

export const intentExpiry: Check = {
  name: 'intent-expiry',
  run({ intent, now }) {
    const { expiresAt } = intent
    const inputs = { expiresAt, decidedAt: instant(now) }
    if (now < epochMs(expiresAt)) return passed(inputs)
    return denied({ code: 'intent_expired', ...inputs }, inputs)
  },
}

export const side: Check = {
  name: 'side',
  run({ intent }) {
    const { side: intended, purpose } = intent
    const inputs = { side: intended, purpose }
    if (intended === (purpose === 'entry' ? 'buy' : 'sell')) return passed(inputs)
    return denied({ code: 'side_not_supported', ...inputs }, inputs)
  },
}

export const venueRules: Check = {
  name: 'venue-rules',
  run({ rules, intent }) {
    if (rules === null) {
      return denied({ code: 'venue_rules_unavailable', symbol: intent.symbol })
    }
    return passed({
      status: rules.status,
      priceTick: rules.priceTick.toString(),
      quantityStep: rules.quantityStep.toString(),
      quantityMin: rules.quantityMin.toString(),
      notionalMin: rules.notionalMin.toString(),
    })
  },
}

export const price: Check = {
  name: 'price',
  run({ price: choice, intent, limits }) {
    if (choice.kind === 'none') return denied({ code: 'no_price', symbol: intent.symbol })
    const { source, ageMs } = choice
    const ageMaxMs = limits.priceAgeMaxMs
    const inputs = { price: choice.price.toString(), source, ageMs, ageMaxMs, kind: choice.kind }
    // An exit goes out at the market whatever the price is: an old one must not hold it back.
    if (choice.kind === 'fresh' || intent.purpose === 'exit') return passed(inputs)
    return denied({ code: 'stale_price', ageMs, ageMaxMs }, inputs)
  },
}
