// What a test wants the next writes of the fake venue to meet, one script for each.
import type { DecimalInput } from '@flotilla/money'

import type { RejectionCode } from '../errors.ts'
import type { WriteRejected, WriteUnknown } from '../port.ts'
import { rejected } from './fake-book.ts'

export type WriteMethod =
  | 'placeOrder'
  | 'cancelOrder'
  | 'placeProtection'
  | 'cancelProtection'
  | 'acceptQuote'
export type Script = { readonly method?: WriteMethod } & (
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'rejected'
      readonly code: RejectionCode
      readonly reason?: string
      readonly retryAfterMs?: number
    }
  /** The venue carries the request out; the answer is lost. */
  | { readonly kind: 'unknown-landed' }
  | { readonly kind: 'unknown-not-landed' }
  /** The answer is lost and the request arrives only when the test calls `land()`. */
  | { readonly kind: 'unknown-lands-later' }
  /** At most this quantity trades at once; the rest rests or expires by the order's time in force. */
  | { readonly kind: 'partial'; readonly quantity: DecimalInput }
)

export class FakeScripts {
  readonly #scripts: Script[] = []
  readonly #late: (() => void)[] = []

  add(scripts: readonly Script[]): void {
    this.#scripts.push(...scripts)
  }

  forget(): void {
    this.#scripts.length = 0
  }

  /** What was delayed arrives now. */
  land(): void {
    for (const arrive of this.#late.splice(0)) arrive()
  }

  carryOut<Accepted>(
    method: WriteMethod,
    work: (script: Script) => Accepted,
  ): Accepted | WriteRejected | WriteUnknown {
    const script = this.#take(method)
    switch (script.kind) {
      case 'accepted':
      case 'partial':
        return work(script)
      case 'rejected': {
        const outcome = rejected(script.code, script.reason ?? `scripted ${script.code}`)
        const { retryAfterMs } = script
        return retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs }
      }
      case 'unknown-landed':
        work(script)
        return noAnswer()
      case 'unknown-lands-later':
        this.#late.push(() => void work(script))
        return noAnswer()
      case 'unknown-not-landed':
        return noAnswer()
    }
  }

  #take(method: WriteMethod): Script {
    const index = this.#scripts.findIndex((one) => (one.method ?? method) === method)
    return this.#scripts.splice(index, index === -1 ? 0 : 1)[0] ?? { kind: 'accepted' }
  }
}

function noAnswer(): WriteUnknown {
  return { kind: 'unknown', reason: 'no answer arrived in time' }
}
