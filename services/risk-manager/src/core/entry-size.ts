// How large an entry is wished to be, by one of three methods: a share of the balance, a loss at the
// stop that is a share of the account, or a usual move of the price that is one.
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import { fundsOf } from './book.ts'
import { budgetOf } from './budgets.ts'
import {
  denied,
  skipped,
  type Check,
  type CheckOutcome,
  type Context,
  type Exits,
  type Inputs,
} from './check.ts'
import { costOf, divisionScale, lotOf, quantityFor, worstPrice } from './entry-arithmetic.ts'
import { atrShareOf } from './history.ts'
import { moneyScaleOf } from './limits.ts'
import { equityOfBudget, fromCurrency, netAssetValue } from './valuation.ts'

export const size: Check = {
  name: 'size',
  run(context) {
    const { limits, price, rules, exits } = context
    if (rules === null || exits === null || price.kind === 'none') {
      return skipped('no price or no rules')
    }
    const wish: Wish = {
      context,
      rules,
      exits,
      price: price.price,
      limitPrice: worstPrice(price.price, limits, rules),
    }
    switch (limits.sizing.method) {
      case 'balance-share':
        return byBalanceShare(wish)
      case 'fixed-risk':
        return byRisk(wish)
      case 'volatility-target':
        return byVolatility(wish)
    }
  },
}

type Wish = {
  readonly context: Context
  readonly rules: SymbolRules
  readonly exits: Exits
  readonly price: Decimal
  readonly limitPrice: Decimal
}

function byBalanceShare({ context, rules, price, limitPrice }: Wish): CheckOutcome {
  const { limits } = context
  const asset = rules.quote
  const balance = balanceOf(context, asset)
  const amount = balance.times(limits.balanceShare).round(moneyScaleOf(limits, asset), 'down')
  const quantity = quantityFor(amount, limitPrice, lotOf(rules, limits.sizing))
  return {
    kind: 'sized',
    inputs: {
      of: limits.shareOf,
      balance: balance.toString(),
      share: limits.balanceShare.toString(),
      amount: amount.toString(),
      price: price.toString(),
      limitPrice: limitPrice.toString(),
      quantity: quantity.toString(),
    },
    draft: {
      quantity,
      limitPrice,
      reserve: { asset, amount },
      method: 'balance-share',
      adjustments: [],
      ceiling: null,
    },
  }
}

/** Of the strategy's own money, where it has a budget. */
function balanceOf({ book, intent, limits }: Context, asset: string): Decimal {
  const own = asset === book.account.currency ? budgetOf(book, intent.strategy) : null
  const { total, reserved } =
    own === null ? fundsOf(book, asset) : { total: own.cash, reserved: own.reserved }
  const balance = limits.shareOf === 'balance' ? total : total.minus(reserved)
  return Decimal.max(Decimal.zero, balance)
}

function equityOf({ book, intent }: Context): Decimal {
  const own = budgetOf(book, intent.strategy)
  return own === null ? netAssetValue(book) : equityOfBudget(book, own)
}

/** What is bought at the worst price and sold at the stop loses the share of the account, no more. */
function byRisk(wish: Wish): CheckOutcome {
  const { limits } = wish.context
  const { stopLossPrice } = wish.exits
  const distance = wish.limitPrice.minus(stopLossPrice)
  if (!stopLossPrice.isPositive() || !distance.isPositive()) return skipped('no stop below')
  const inputs = { stopLossPrice: stopLossPrice.toString(), distance: distance.toString() }
  return byDistance(wish, { share: limits.sizing.riskShare, distance, inputs })
}

/** A move of the average true range moves the account by the share. */
function byVolatility(wish: Wish): CheckOutcome {
  const { book, intent, limits, now } = wish.context
  const { volatilityPeriod: period, volatilityShare, historyAgeMaxMs } = limits.sizing
  const bars = book.histories.get(intent.symbol) ?? []
  const ageMs = now - (bars.at(-1)?.closeTime ?? -Infinity)
  const atrShare = ageMs <= historyAgeMaxMs ? atrShareOf(bars, period) : null
  if (atrShare === null) {
    const { symbol } = intent
    return denied({ code: 'volatility_unknown', symbol }, { period, candles: bars.length })
  }
  const distance = wish.price.times(Decimal.from(atrShare.toFixed(12)))
  if (!distance.isPositive()) return skipped('the price does not move')
  const inputs = { period, atr: distance.toString() }
  return byDistance(wish, { share: volatilityShare, distance, inputs })
}

function byDistance(
  { context, rules, price, limitPrice }: Wish,
  risk: { readonly share: Decimal; readonly distance: Decimal; readonly inputs: Inputs },
): CheckOutcome {
  const { book, limits } = context
  const asset = rules.quote
  const value = equityOf(context)
  const atRisk = fromCurrency(book, asset, value.times(risk.share))
  const { step } = lotOf(rules, limits.sizing)
  const units = atRisk.dividedBy(risk.distance, divisionScale, 'down')
  const quantity = roundDownToStep(units, step)
  const amount = costOf(quantity, limitPrice, moneyScaleOf(limits, asset))
  const { method } = limits.sizing
  return {
    kind: 'sized',
    inputs: {
      netAssetValue: value.toString(),
      share: risk.share.toString(),
      atRisk: atRisk.toString(),
      ...risk.inputs,
      price: price.toString(),
      limitPrice: limitPrice.toString(),
      quantity: quantity.toString(),
    },
    draft: {
      quantity,
      limitPrice,
      reserve: { asset, amount },
      method,
      adjustments: [],
      // A share of the balance is a wish, a risk is a limit: no minimum raises a size above it.
      ceiling: { quantity, because: 'risk' },
    },
  }
}
