// The lineage over HTTP: the terminal's answer as JSON, behind the token.
import { createMemoryBroker } from '@flotilla/bus'
import { SharedConfigSchema, type Agent } from '@flotilla/fleet'
import { createMemoryLedger, LedgerUnavailableError, type Ledger } from '@flotilla/ledger'
import { answerFor, viewOf } from '@flotilla/lineage'
import { bought, entryName, refused, reservationId, tellStories } from '@flotilla/lineage/testing'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agent as spec } from './index.ts'
import { epoch, symbols } from './testing.ts'

const token = 'a-token-of-the-operator'
const mainAccount = 'paper'

let agent: Agent
let ledger: Ledger
let isAway: boolean

beforeEach(async () => {
  isAway = false
  const rows = createMemoryLedger()
  await tellStories(rows)
  ledger = {
    ...rows,
    findOrder: (name) =>
      isAway ? Promise.reject(new LedgerUnavailableError('test')) : rows.findOrder(name),
  }
  agent = spec.create({
    config: spec.config.parse({ port: 0, token }),
    shared: SharedConfigSchema.parse({ symbols, account: { id: mainAccount } }),
    context: createTestContext('gateway', { now: epoch }),
    bus: createMemoryBroker().connect(),
    ledger,
    folder: '',
  })
  await agent.start()
})
afterEach(() => agent.stop())

async function why(subject: string, bearer: string | null = token) {
  const url = `${String(agent.readiness().detail['url'])}/api/v1/trading/why/${subject}`
  const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
  const response = await fetch(url, { headers })
  return { status: response.status, body: (await response.json()) as unknown }
}

describe('the lineage', () => {
  test.each([
    ['an order', entryName, entryName],
    ['an intent', bought, bought],
    ['an intent that was refused', refused, refused],
    ['a reservation', reservationId, reservationId],
    ['a symbol with its slash', 'BTC/USDT', 'BTC/USDT'],
    ['a symbol with its slash as %2F', 'BTC%2FUSDT', 'BTC/USDT'],
    ['a symbol as others write it', 'btc-usdt/', 'BTC/USDT'],
  ])('of %s is what the terminal tells, as JSON', async (_, asked, subject) => {
    const answer = await answerFor({ ledger, mainAccount }, subject)
    const { status, body } = await why(asked)
    expect(status).toBe(200)
    expect(body).toEqual(JSON.parse(JSON.stringify(viewOf(answer!))))
  })

  test('has amounts as text and times as moments', async () => {
    const { body } = await why(entryName)
    expect(body).toMatchObject({
      kind: 'intent',
      askedOrder: entryName,
      lineages: [
        {
          intentId: bought,
          account: mainAccount,
          symbol: 'BTC/USDT',
          candle: { timeframe: '1m', openTime: '2024-07-31T23:59:00.000Z' },
          proposed: { at: '2024-08-01T00:00:00.123Z', strategy: 'ema-crossover' },
          decision: { verdict: 'approved', decidedAt: '2024-08-01T00:00:00.123Z' },
          reservation: { state: 'held', amount: '60.3', remaining: '60.3' },
          waitsFor: [
            { cause: 'trading_state', reason: 'paused: lunch' },
            { cause: 'protection_failed', end: 'An operator resumes.' },
          ],
          orders: [{ clientOrderId: entryName, fills: [{ tradeId: 't-9', price: '60000.1' }] }, {}],
        },
      ],
    })
  })
})

describe('a question that is not answered', () => {
  test.each([
    ['without a token', null],
    ['with a wrong one', 'a-token-of-a-stranger'],
  ])('%s is refused', async (_, bearer) => {
    expect((await why(entryName, bearer)).status).toBe(401)
  })

  test.each(['ETH/USDT', 'flsnobody-e1', '7b0c4f5e-9d1a-4c0f-b1f6-a9f3c2d85e67'])(
    'of %s, which nobody knows, says what can be asked',
    async (subject) => {
      const { status, body } = await why(subject)
      expect(status).toBe(404)
      const message: unknown = expect.stringMatching(/the name of an order.*a symbol like BTC-USDT/)
      expect(body).toEqual({
        error: `nothing is known of ${subject}`,
        problems: [{ field: 'subject', value: subject, message }],
      })
    },
  )

  test.each([
    ['is too long', 'x'.repeat(101), /more than 100 characters/],
    ['has other characters', 'a%20b', /characters that no name has/],
  ])('that %s says field, value and what is allowed', async (_, subject, message) => {
    const { status, body } = await why(subject)
    expect(status).toBe(422)
    const value = decodeURIComponent(subject)
    const words: unknown = expect.stringMatching(message)
    expect(body).toMatchObject({ problems: [{ field: 'subject', value, message: words }] })
  })

  test('because the ledger is away is to be asked again', async () => {
    isAway = true
    const { status, body } = await why(entryName)
    expect(status).toBe(503)
    expect(body).toEqual({ error: 'the ledger does not answer now; ask again later' })
  })
})
