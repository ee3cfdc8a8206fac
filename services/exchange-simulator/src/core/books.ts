import type { History } from './history.ts'
import { levelsAround, stressAfter, type LiquidityShape } from './liquidity.ts'
import { exactAt, SECONDS, type Book, type Print } from './tape.ts'
import type { LevelSource } from './types.ts'

type Source = { readonly history: History; readonly liquidity: LiquidityShape }
type Moment = { readonly price: bigint; readonly second: number }

/** The other side of every trade at a moment: the book that was recorded, or one made up for it. */
export function bookAt(source: Source, moment: Moment): LevelSource {
  const recorded = recordedAt(source, moment.second)
  return recorded === null ? madeUp(source, moment) : (side, index) => recorded[side][index] ?? null
}

/**
 * The book at the moment of a recorded trade. Who sold at a price would have sold to a better one
 * first, up to what he sold; an order at the very price stands behind all that stood there before.
 */
export function bookOfPrint(source: Source, print: Print, second: number): LevelSource {
  const { price, quantity, isBuyerMaker } = print
  const recorded = recordedAt(source, second)
  const beyond = madeUp(source, { price, second })
  if (recorded === null) return beyond
  const { tick } = source.liquidity.rules
  const near = isBuyerMaker ? price + tick : price - tick
  const book: Book = isBuyerMaker
    ? {
        BUY: recorded.BUY.filter((level) => level.price <= price),
        SELL: [{ price: near, quantity }, ...recorded.SELL.filter((level) => level.price > near)],
      }
    : {
        BUY: [{ price: near, quantity }, ...recorded.BUY.filter((level) => level.price < near)],
        SELL: recorded.SELL.filter((level) => level.price >= price),
      }
  // The trade may be beyond all that the last book showed.
  return (side, index) =>
    book[side].length === 0 ? beyond(side, index) : (book[side][index] ?? null)
}

function recordedAt({ history }: Source, second: number): Book | null {
  return exactAt(history.tape, second)?.book(second) ?? null
}

function madeUp({ history, liquidity }: Source, { price, second }: Moment): LevelSource {
  const stress = stressAfter(history.tape.candle(Math.floor(second / SECONDS) - 1))
  return levelsAround(liquidity, price, { second, stress })
}
