/** From an author's wish to one with exact prices; what makes no sense is told with the strategy's name. */
import type { SignalsComputed } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { EnterWish, ExitWish, PricedWish } from './strategy.ts'

/** The strategy's answer makes no sense: a fault of its author, told with the strategy's name. */
export class StrategyFaultError extends Error {
  override readonly name = 'StrategyFaultError'
}

/** Defaults of the product: a loss of 5 % and a profit of 10 % close a position. */
export const stopLossPercentDefault = 5
export const takeProfitPercentDefault = 10

/** @throws StrategyFaultError when the wish makes no sense. */
export function pricedWish(
  strategy: string,
  wish: EnterWish | ExitWish,
  analysis: SignalsComputed,
): PricedWish {
  const { confidence, reason } = wish
  if (!(confidence >= 0 && confidence <= 100)) {
    throw new StrategyFaultError(`${strategy}: confidence ${confidence} is not from 0 to 100`)
  }
  if (reason.trim() === '' || reason.length > 500) {
    throw new StrategyFaultError(`${strategy}: a wish needs a reason of 1 to 500 characters`)
  }
  const expectedPrice = Decimal.from(analysis.close)
  if (wish.action === 'exit') return { action: 'exit', confidence, reason, expectedPrice }
  const { setupSince = null } = wish
  if (setupSince !== null && !Number.isFinite(setupSince)) {
    throw new StrategyFaultError(`${strategy}: a set-up since ${setupSince} makes no sense`)
  }
  return {
    action: 'enter',
    confidence,
    reason,
    expectedPrice,
    ...exitsOf(strategy, wish, expectedPrice),
    setupSince,
  }
}

function exitsOf(
  strategy: string,
  wish: EnterWish,
  expectedPrice: Decimal,
): { readonly stopLossPrice: Decimal; readonly takeProfitPrice: Decimal } {
  const { stopLossPercent = stopLossPercentDefault, takeProfitPercent = takeProfitPercentDefault } =
    wish
  if (!(stopLossPercent > 0 && stopLossPercent < 100 && takeProfitPercent > 0)) {
    throw new StrategyFaultError(
      `${strategy}: a stop of ${stopLossPercent} % and a profit of ${takeProfitPercent} % make no sense`,
    )
  }
  return {
    stopLossPrice: expectedPrice.times(share(100 - stopLossPercent)),
    takeProfitPrice: expectedPrice.times(share(100 + takeProfitPercent)),
  }
}

/** Per cent as an exact factor with six digits, which is finer than anyone sets a stop. */
function share(percent: number): Decimal {
  return Decimal.scaled(BigInt(Math.round(percent * 10_000)), 6)
}
