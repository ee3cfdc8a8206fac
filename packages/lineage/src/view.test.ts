import { readFileSync } from 'node:fs'
import { createMemoryLedger, type Ledger } from '@flotilla/ledger'
import { order, trade, unit } from '@flotilla/ledger/testing'
import { beforeEach, expect, test } from 'vitest'
import { answerFor } from './lineage.ts'
import { bought, entryName, reservationId, tellStories } from './testing.ts'
import { viewOf } from './view.ts'

const page = new URL('../../../docs/operating/why.md', import.meta.url)
/** What belongs to other documents: messages, and what the risk manager's checks looked at. */
const elsewhere = new Set([
  'proposed',
  'messages',
  'checks',
  'sizing',
  'reasons',
  'otherFees',
  'exits',
])

const stop = { cause: 'venue_silent', asset: null, since: 1_722_470_400_000, reason: 'silent' }

let ledger: Ledger
beforeEach(async () => {
  ledger = createMemoryLedger()
  await tellStories(ledger)
  const unsent = order({
    clientOrderId: 'flsunsent-e1',
    intentId: bought,
    attempt: 2,
    leg: 'entry',
    side: 'buy',
    reservationId,
    state: 'expired',
    details: { stops: [stop] },
  })
  const changes = [
    { kind: 'order-created', order: unsent } as const,
    { kind: 'trade-closed', trade: trade({ openingTradeId: 't-9', intentIds: [bought] }) } as const,
  ]
  await ledger.commit([unit(changes)])
})

async function seen(subject: string): Promise<unknown> {
  const answer = await answerFor({ ledger, mainAccount: 'paper' }, subject)
  return JSON.parse(JSON.stringify(viewOf(answer!)))
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
    elsewhere.has(name) ? [name] : [name, ...namesIn(part)],
  )
}

test('every field of the answer is described in docs/operating/why.md', async () => {
  const described = new Set(
    [...readFileSync(page, 'utf8').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  const names = new Set([...namesIn(await seen('BTC/USDT')), ...namesIn(await seen(entryName))])
  expect(names.size).toBeGreaterThan(50)
  expect([...names].filter((name) => !described.has(name))).toEqual([])
})

test('no amount is a number and no moment is one', async () => {
  const text = JSON.stringify(await seen('BTC/USDT'))
  expect(text).toContain('"since":"2024-08-01T00:00:00.000Z"')
  expect(text).not.toMatch(/"(\w+At|since|openTime)":\d/)
  expect(text).not.toMatch(/"(price|quantity|amount|fee|consumed|remaining|netProfit)":\d/)
})
