import type { Engine, Holding } from './types.ts'

/** Every movement of an amount goes through here, so that each asset's sum never changes. */
export function holdingOf(engine: Engine, asset: string): Holding {
  const known = engine.holdings.get(asset)
  if (known !== undefined) return known
  const fresh: Holding = { free: 0n, locked: 0n, house: 0n, fees: 0n }
  engine.holdings.set(asset, fresh)
  return fresh
}

/** A negative amount unlocks. */
export function lock(engine: Engine, asset: string, amount: bigint): void {
  const holding = holdingOf(engine, asset)
  holding.free -= amount
  holding.locked += amount
  engine.changes.assets.add(asset)
}

/** From the account to the house. */
export function pay(engine: Engine, asset: string, amount: bigint): void {
  const holding = holdingOf(engine, asset)
  holding.free -= amount
  holding.house += amount
  engine.changes.assets.add(asset)
}

/** From the house to the account, of which the venue keeps the fee. */
export function receive(
  engine: Engine,
  asset: string,
  parts: { amount: bigint; fee: bigint },
): void {
  const holding = holdingOf(engine, asset)
  holding.house -= parts.amount
  holding.free += parts.amount - parts.fee
  holding.fees += parts.fee
  engine.changes.assets.add(asset)
}
