// Trouble on demand for simulations: the same seed makes the same trouble.

export type Disorder = {
  readonly seed: number
  /** Each copy of a message waits between 0 and this before it enters its queue. */
  readonly delayMsMax?: number
  /** The share of copies that enter their queue twice, 0 to 1. */
  readonly duplicateRatio?: number
  /** Lets a shorter delay overtake a longer one; otherwise delays keep the order of a queue. */
  readonly reorder?: boolean
}

export type Fate = { readonly copies: number; readonly delaysMs: readonly number[] }

/** Decides, message after message, what happens on the way into a queue. */
export function createFates(disorder: Disorder): () => Fate {
  const random = mulberry32(disorder.seed)
  const { delayMsMax = 0, duplicateRatio = 0 } = disorder
  return () => {
    const copies = random() < duplicateRatio ? 2 : 1
    const delaysMs = Array.from({ length: copies }, () => Math.round(random() * delayMsMax))
    return { copies, delaysMs }
  }
}

/** A small well-mixed generator (public domain, by Tommy Ettinger). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
