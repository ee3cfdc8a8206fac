import { addStretch, scriptedPrice, stretchAt, type Course, type PriceScript } from './script.ts'
import { larger, ONE, roundToStep } from './units.ts'

/** What is done to the price, one step after the other; amounts in units, shares as factors in units. */
export type ScriptStep =
  | { readonly do: 'set'; readonly price: bigint }
  | { readonly do: 'jump'; readonly factor: bigint }
  | { readonly do: 'move'; readonly to: Target; readonly seconds: number }
  | { readonly do: 'replay'; readonly prices: readonly bigint[]; readonly seconds: number }
  | { readonly do: 'wait'; readonly seconds: number }
  /** The tape goes on from the present price, as it would have moved. */
  | { readonly do: 'free' }

type Target = { readonly price: bigint } | { readonly factor: bigint }

export type ScriptMarket = {
  readonly script: PriceScript
  /** What the tape alone says of a second. */
  readonly own: (second: number) => bigint
  readonly tick: bigint
}

/** Writes a step into the script from a second on; returns the first second after it. */
export function addStep(market: ScriptMarket, step: ScriptStep, second: number): number {
  const before = priceBefore(market, second)
  const add = (course: Course): void => addStretch(market.script, { ...course, from: second })
  switch (step.do) {
    case 'set':
      add({ kind: 'hold', price: step.price })
      return second + 1
    case 'jump':
      jump(market, step.factor, second)
      return second + 1
    case 'move': {
      const end = 'price' in step.to ? step.to.price : times(before, step.to.factor, market.tick)
      add({ kind: 'ramp', start: before, end, seconds: step.seconds })
      return second + step.seconds
    }
    case 'replay':
      for (const [index, price] of step.prices.entries()) {
        const from = second + index * step.seconds
        addStretch(market.script, { kind: 'hold', price, from })
      }
      return second + step.prices.length * step.seconds
    case 'wait':
      cut(market, second)
      return second + step.seconds
    case 'free':
      add({ kind: 'tape', factor: (before * ONE) / larger(1n, market.own(second - 1)) })
      return second
  }
}

/** A price that stands still jumps to another one; a tape that runs goes on from there. */
function jump(market: ScriptMarket, factor: bigint, second: number): void {
  const now = stretchAt(market.script, second - 1)
  const course: Course =
    now === null || now.kind === 'tape'
      ? { kind: 'tape', factor: ((now?.factor ?? ONE) * factor) / ONE }
      : { kind: 'hold', price: times(priceBefore(market, second), factor, market.tick) }
  addStretch(market.script, { ...course, from: second })
}

/** What runs goes on, and what an earlier script wanted later is forgotten. */
function cut({ script }: ScriptMarket, second: number): void {
  script.stretches = script.stretches.filter(({ from }) => from < second)
}

function priceBefore({ script, own, tick }: ScriptMarket, second: number): bigint {
  const stretch = stretchAt(script, second - 1)
  return stretch === null
    ? own(second - 1)
    : scriptedPrice(stretch, second - 1, { price: own, tick })
}

function times(price: bigint, factor: bigint, tick: bigint): bigint {
  return larger(tick, roundToStep((price * factor) / ONE, tick))
}
