// Whole decision records and what is said of them, kept as files: a change of what a decision looks at,
// in which order, or of what it says, shows as a difference in one of them.
import { deriveId } from '@flotilla/contracts'
import { expect, test } from 'vitest'
import {
  book,
  decimal,
  intentMessage,
  limits,
  reservation,
  sizing,
  testNow,
  type BookOptions,
} from '../testing.ts'
import type { Book } from './book.ts'
import { decide, type IntentMessage } from './decide.ts'
import type { Limits } from './limits.ts'

type Scene = {
  readonly name: string
  readonly message: IntentMessage
  readonly book?: BookOptions
  readonly prepare?: (made: Book) => void
  readonly limits?: Partial<Limits>
}

const intentId = deriveId('golden')
const scenes: Scene[] = [
  { name: 'approved-entry', message: intentMessage({ intentId }) },
  {
    name: 'adjusted-entry',
    message: intentMessage({ intentId, confidence: 75, stopLossPrice: '49500' }),
    book: {
      funds: { USDT: '10000' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('500') })],
    },
    prepare: (made) => made.depths.set('BTC/USDT', { asks: [['50000', '0.03']], at: testNow }),
    limits: {
      sizing: sizing({ method: 'fixed-risk', confidenceScaleMin: decimal('0.5') }),
      exposureShareMax: decimal('0.25'),
    },
  },
  {
    name: 'denied-entry',
    message: intentMessage({ intentId, confidence: 10 }),
    book: { funds: { USDT: '1' } },
  },
  {
    name: 'approved-exit',
    message: intentMessage({ intentId, side: 'sell', purpose: 'exit' }),
    book: { funds: { USDT: '0', BTC: '0.010009' }, positions: { 'BTC/USDT': '0.010009' } },
  },
]

test.each(scenes)('$name', async ({ name, message, ...scene }) => {
  const made = book(scene.book)
  scene.prepare?.(made)
  const work = decide({ book: made, message, limits: limits(scene.limits), now: testNow })
  const said = { changes: work.changes, records: work.records, outgoing: work.outgoing }
  await expect(`${JSON.stringify(said, null, 2)}\n`).toMatchFileSnapshot(`golden/${name}.json`)
})
