import { createMemoryLedger, type Json, type Ledger } from '@flotilla/ledger'
import { decision, funded, order, unit } from '@flotilla/ledger/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { answerFor } from '@flotilla/lineage'
import {
  bought,
  entryName,
  refused,
  reservationId,
  stopName,
  tellStories,
  waiting,
} from '@flotilla/lineage/testing'
import { answerText } from './lineage-text.ts'

const opened = { venue: 'simulator', mode: 'paper', currency: 'USDT', openedAt: 0 } as const

let ledger: Ledger
beforeEach(async () => {
  ledger = createMemoryLedger()
  await tellStories(ledger)
})

async function told(subject: string): Promise<string> {
  const answer = await answerFor({ ledger, mainAccount: 'paper' }, subject)
  return answer === null ? 'nothing' : answerText(answer, false)
}

describe('of an intent that was filled is told', () => {
  test.each([
    ['the candle, proved by its id', /1m candle 2024-07-31T23:59:00.000Z to 2024-08-01T00:00:00/],
    ['the wish and its reason', /ema-crossover wishes to buy .*confidence 72\n.*fast average/],
    ['the verdict', /decision\n +2024-08-01T00:00:00.123Z approved/],
    ['every check with what it looked at', /price +passed +price 60000, ageMs 40\n +size +sized/],
    ['the reservation', /reservation\n +held, 0 of 60.3 USDT used/],
    ['the order', /flstest-e1 entry buy 0.001 limit at 60300 ioc: filled, filled 0.001 at 60000.1/],
    ['the fill with its fee', /fill 0.001 at 60000.1, fee 0.000001 BTC \(trade t-9\)/],
    ['the stop', /flstest-s1 stop-loss sell 0.001 stop-loss stop 57000.5: accepted/],
    ['the position', /account paper at simulator: 0.000999 at 60060.16016, realised -1.5/],
    ['its protection', /protected since .* 0.00099 covered, stop 57000, take-profit none/],
    ['what was said', /risk-manager +BTC\/USDT buy approved[^]*BTC\/USDT order sent[^]*buy filled/],
  ])('%s', async (_what, expected) => {
    expect(await told(bought)).toMatch(expected)
  })

  test.each([entryName, stopName, reservationId])(
    'the same when %s is asked about',
    async (name) => {
      const text = await told(name)
      expect(text).toContain(`BTC/USDT intent ${bought}`)
      expect(text).toMatch(/fill 0.001/)
    },
  )

  test('nothing that belongs to another intent of the same candle', async () => {
    expect(await told(bought)).not.toContain('denied')
  })
})

test('of a refused intent the reason is told with its numbers, and the check that gave it', async () => {
  const text = await told(refused)
  expect(text).toMatch(/denied: no_price \(symbol BTC\/USDT\)/)
  expect(text).toMatch(/price +denied +price -/)
  expect(text).not.toContain('orders')
})

test('of an intent that nobody has decided on just that is told', async () => {
  expect(await told(waiting)).toMatch(/ema-crossover wishes to buy[^]*none yet: the risk manager/)
})

test('of a symbol is told what is held, why entries stop, the decisions, and the entry behind it', async () => {
  const text = await told('btc/usdt')
  expect(text).toMatch(/BTC\/USDT now\n +account paper at simulator: 0.000999/)
  expect(text).toContain('entries stopped: paused: lunch')
  expect(text).toContain('entries stopped: protection_deadline')
  expect(text).toMatch(new RegExp(`buy +denied +${refused} +no_price`))
  expect(text).toMatch(new RegExp(`buy +approved +${bought}`))
  expect(text).toContain(`BTC/USDT intent ${bought}`)
})

const remembered = (key: string, value: Json) =>
  ({ kind: 'memory-stored', agent: 'execution', key, value }) as const

const silent = {
  cause: 'venue_silent',
  asset: null,
  since: 1_722_470_400_000,
  reason: 'no answer from the venue for more than 30 s',
} as const
const silence =
  /no answer from the venue for more than 30 s \(venue_silent, since 2024-08-01T00:00:00\.000Z\); ends when: It answers again/

describe('a stop of the whole account', () => {
  beforeEach(async () => {
    const drift = { ...silent, cause: 'balance_drift', asset: 'ETH', reason: 'ETH is missing' }
    const changes = [
      remembered('own-stop:venue_silent:*', silent),
      remembered('own-stop:balance_drift:ETH', drift),
      remembered('@other/own-stop:clock_skew:*', { ...silent, cause: 'clock_skew' }),
    ]
    await ledger.commit([unit(changes, { consumer: 'execution' })])
  })

  test('is told of a symbol: which one, since when, and what ends it', async () => {
    const text = await told('BTC/USDT')
    expect(text).toMatch(silence)
    expect(text).not.toContain('ETH is missing')
    expect(text).not.toContain('clock_skew')
  })

  test('is told of an intent that waits', async () => {
    expect(await told(waiting)).toMatch(silence)
    expect(await told(bought)).toMatch(silence)
  })

  test('is not told of an intent that is over', async () => {
    expect(await told(refused)).not.toContain('venue_silent')
  })
})

test('of an order that was not sent the stops of that moment are told, whatever is in force now', async () => {
  const unsent = order({
    clientOrderId: 'flsunsent-e1',
    intentId: bought,
    attempt: 2,
    leg: 'entry',
    side: 'buy',
    reservationId,
    state: 'expired',
    reason: 'trading_stopped',
    details: { causeId: 'x', stops: [silent] },
  })
  await ledger.commit([unit([{ kind: 'order-created', order: unsent }])])
  const text = await told('flsunsent-e1')
  expect(text).toMatch(/expired, trading_stopped[^]*not sent, entries were stopped: no answer/)
  expect(text).toMatch(silence)
})

test('of an intent that several accounts took each one is told', async () => {
  const account = 'other'
  const changes = [
    { kind: 'account-opened', account: { ...opened, account } } as const,
    {
      kind: 'decision-recorded',
      decision: decision({
        decisionId: 'another',
        account,
        intentId: bought,
        verdict: 'denied',
        reasons: [{ code: 'no_price' }],
      }),
    } as const,
  ]
  await ledger.commit([unit(changes)])
  const text = await told(bought)
  expect(text).toMatch(/of account other\n[^]*denied: no_price[^]*of account paper\n[^]*approved/)
  expect(await told(entryName)).not.toContain('of account other')
})

test('of a halt its cause is told, and of a closed market since when and what is held there', async () => {
  const changes = [
    remembered('halted:BTC/USDT', { cause: 'own_fault', reason: 'a fault of execution: 7' }),
    remembered('flattened:*', 'lunch'),
    remembered('market-closed:BTC/USDT', { status: 'halted', since: 1_722_470_400_000 }),
  ]
  await ledger.commit([unit(changes, { consumer: 'execution' })])
  const text = await told('BTC/USDT')
  expect(text).toContain('entries stopped: flattened until resumed: lunch')
  expect(text).toContain(
    'entries stopped: a fault of execution: 7 (own_fault); ends when: An operator',
  )
  expect(text).toMatch(/0\.000999 at [^]*the symbol \(halted\) since 2024-08-01T00:00:00\.000Z/)
})

test.each(['ETH/USDT', 'flsnobody-e1', '7b0c4f5e-9d1a-4c0f-b1f6-a9f3c2d85e67'])(
  'of %s nothing is known',
  async (subject) => {
    expect(await told(subject)).toBe('nothing')
  },
)

test('an empty ledger is no fault', async () => {
  ledger = createMemoryLedger()
  await ledger.commit([funded('1')])
  expect(await told('BTC/USDT')).toBe('nothing')
})
