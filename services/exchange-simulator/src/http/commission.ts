import { formatUnits, type Engine } from '../core/index.ts'

/** What trading costs, in the exchange's words. All rates are shares of what is received. */
const zero = formatUnits(0n)
export const noCommission = { maker: zero, taker: zero, buyer: zero, seller: zero }
/** The share of the fee that remains where it is paid in another asset. */
const USUAL_DISCOUNT = 75_000_000n

export function commissionRates({ makerFee, takerFee }: Engine): Readonly<Record<string, string>> {
  return { ...noCommission, maker: formatUnits(makerFee), taker: formatUnits(takerFee) }
}

export function commissionDiscount({ feeDiscount }: Engine): Readonly<Record<string, unknown>> {
  return {
    enabledForAccount: feeDiscount !== null,
    enabledForSymbol: feeDiscount !== null,
    discountAsset: feeDiscount?.asset ?? 'BNB',
    discount: formatUnits(feeDiscount?.share ?? USUAL_DISCOUNT),
  }
}

/** The same for one order, which knows both sides only. */
export function orderCommission(engine: Engine): Readonly<Record<string, unknown>> {
  const { maker, taker } = commissionRates(engine)
  const none = { maker: zero, taker: zero }
  return {
    standardCommissionForOrder: { maker, taker },
    specialCommissionForOrder: none,
    taxCommissionForOrder: none,
    discount: commissionDiscount(engine),
  }
}
