// What the state of the account as a whole says to an entry; exits are never held up by it.
import { Decimal } from '@flotilla/money'
import { budgetOf } from './budgets.ts'
import { denied, passed, skipped, type Check } from './check.ts'
import { adjusted, sizeOf, withAmount } from './entry-arithmetic.ts'

export const drawdownRegime: Check = {
  name: 'drawdown-regime',
  run({ seen }) {
    const { regime, peak, since } = seen.drawdown
    const numbers = { equity: seen.equity.toString(), peak: peak.toString() }
    if (regime !== 'halt') return passed({ regime, ...numbers })
    return denied({ code: 'drawdown_halt', ...numbers, since }, { regime, ...numbers })
  },
}

/** The loss of the day counts what is held at its price now, sold or not. */
export const dailyLoss: Check = {
  name: 'daily-loss',
  run({ seen, limits }) {
    const { day, startEquity } = seen.day
    const loss = startEquity.minus(seen.equity)
    const lossMax = startEquity.times(limits.dailyLossMax)
    const inputs = { day, startEquity: startEquity.toString(), lossMax: lossMax.toString() }
    const record = { ...inputs, equity: seen.equity.toString() }
    if (!loss.isPositive() || loss.lessThan(lossMax)) return passed(record)
    return denied({ code: 'daily_loss_reached', ...inputs, loss: loss.toString() }, record)
  },
}

/** What the strategy has left of its own, after what its other entries set aside. */
export const budget: Check = {
  name: 'budget',
  run({ book, intent, limits, draft }) {
    if (limits.budgets.size === 0) return skipped('no budgets')
    if (draft === null) return skipped('no size')
    const { asset, amount } = draft.reserve
    if (asset !== book.account.currency) return skipped('another currency')
    const funds = budgetOf(book, intent.strategy)
    const left = funds === null ? Decimal.zero : funds.cash.minus(funds.reserved)
    const numbers = { required: amount.toString(), available: left.toString() }
    const inputs = { budget: funds?.name ?? null, ...numbers }
    if (amount.atMost(left)) return passed(inputs)
    return denied({ code: 'budget_exceeded', strategy: intent.strategy, ...numbers }, inputs)
  },
}

export const scaleByRegime: Check = {
  name: 'regime-scale',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { regime } = context.seen.drawdown
    const factor = context.limits.drawdown.defenseFactor
    const inputs = { regime, factor: regime === 'defense' ? factor.toString() : '1' }
    if (regime !== 'defense') return passed(inputs)
    const amount = size.draft.reserve.amount.times(factor).round(size.scale, 'down')
    const draft = adjusted(withAmount(size, amount), `defense x${factor.toString()}`)
    return { kind: 'adjusted', inputs, draft }
  },
}
