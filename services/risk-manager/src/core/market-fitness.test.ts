import {
  createMessage,
  instant,
  SourceStateChanged,
  UniverseChanged,
  type DenialReason,
} from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, exit, intent, limits, testNow } from '../testing.ts'
import { assess } from './assess.ts'
import { applyAll, createBook, type Book } from './book.ts'
import { fitnessChanges, type FitnessMessage } from './market-fitness.ts'

type State = 'healthy' | 'degraded' | 'disabled'

function source(state: State, symbol?: string, name = 'simulator', at = testNow): FitnessMessage {
  return createMessage(SourceStateChanged, {
    source: 'data-collection',
    occurredAt: at,
    discriminator: `${name} ${symbol ?? ''} ${state} ${at}`,
    payload: {
      source: name,
      state,
      reason: 'a test',
      fix: null,
      ...(symbol === undefined ? {} : { symbol }),
    },
  })
}

function universe(verdicts: Record<string, string | null>, at = testNow): FitnessMessage {
  return createMessage(UniverseChanged, {
    source: 'data-collection',
    occurredAt: at,
    discriminator: String(at),
    payload: {
      venue: 'simulator',
      symbols: Object.entries(verdicts).map(([symbol, reason]) => ({
        symbol,
        tier: 'core' as const,
        eligible: reason === null,
        reason: reason ?? 'liquid',
        quoteVolume24h: null,
      })),
    },
  })
}

function tell(made: Book, ...messages: FitnessMessage[]): Book {
  for (const message of messages) applyAll(made, fitnessChanges(made, message))
  return made
}

function reasonsFor(made: Book, wish = intent()): readonly DenialReason[] {
  const verdict = assess({ book: made, intent: wish, limits: limits(), now: testNow })
  return verdict.kind === 'denied' ? verdict.reasons : []
}

const since = instant(testNow)
const held = () => book({ funds: { USDT: '0', BTC: '0.01' }, positions: { 'BTC/USDT': '0.01' } })

describe('what the universe says', () => {
  const thin = 'quote_volume_below_minimum'

  it('keeps an entry of a symbol back that may not be traded, with its own reason', () => {
    const made = tell(book(), universe({ 'BTC/USDT': thin, 'ETH/USDT': null }))
    const denial = { code: 'symbol_not_eligible', symbol: 'BTC/USDT', reason: thin, since }
    expect(reasonsFor(made)).toEqual([denial])
    expect(reasonsFor(made, intent({ symbol: 'ETH/USDT', expectedPrice: '2500' }))).toEqual([])
  })

  it('lets every exit go', () => {
    expect(reasonsFor(tell(held(), universe({ 'BTC/USDT': thin })), exit())).toEqual([])
  })

  it('is over when the next one says otherwise, and keeps its time while it does not', () => {
    const made = tell(
      book(),
      universe({ 'BTC/USDT': thin }),
      universe({ 'BTC/USDT': thin, 'ETH/USDT': 'denied' }, testNow + 1),
    )
    expect(reasonsFor(made)).toMatchObject([{ since }])
    tell(made, universe({ 'BTC/USDT': 'spread_too_wide' }, testNow + 2))
    expect(reasonsFor(made)).toMatchObject([{ since: instant(testNow + 2) }])
    expect(reasonsFor(tell(made, universe({ 'BTC/USDT': null }, testNow + 3)))).toEqual([])
  })

  it('writes nothing while all may be traded', () => {
    expect(fitnessChanges(book(), universe({ 'BTC/USDT': null }))).toEqual([])
  })
})

describe('what a source says of itself', () => {
  it('keeps entries back while it is disabled', () => {
    const made = tell(book(), source('disabled'))
    const common = { code: 'data_source_unreliable', source: 'simulator', reason: 'a test' }
    expect(reasonsFor(made)).toEqual([{ ...common, symbol: null, state: 'disabled', since }])
    expect(reasonsFor(tell(made, source('healthy')))).toEqual([])
  })

  it('a passing fault keeps back only the symbols whose data has grown old', () => {
    const made = tell(book(), source('degraded'))
    expect(reasonsFor(made)).toEqual([])
    expect(reasonsFor(tell(made, source('degraded', 'BTC/USDT')))).toMatchObject([
      { code: 'data_source_unreliable', symbol: 'BTC/USDT', state: 'degraded' },
    ])
  })

  it('of one symbol keeps that symbol back and no other', () => {
    const made = tell(book(), source('degraded', 'BTC/USDT'))
    expect(reasonsFor(made)).toMatchObject([
      { code: 'data_source_unreliable', symbol: 'BTC/USDT', state: 'degraded' },
    ])
    expect(reasonsFor(made, intent({ symbol: 'SOL/USDT', expectedPrice: '100' }))).toEqual([])
  })

  it('is not over for a symbol because all the rest is well', () => {
    const made = tell(book(), source('degraded', 'BTC/USDT'), source('healthy'))
    expect(reasonsFor(made)).toHaveLength(1)
    expect(reasonsFor(tell(made, source('healthy', 'BTC/USDT')))).toEqual([])
  })

  it('of another name concerns nobody here', () => {
    expect(reasonsFor(tell(book(), source('disabled', undefined, 'elsewhere')))).toEqual([])
  })

  it('lets every exit go', () => {
    const made = tell(held(), source('disabled'), source('degraded', 'BTC/USDT'))
    expect(reasonsFor(made, exit())).toEqual([])
  })
})

it('both hold over a restart', () => {
  const messages = [source('disabled'), universe({ 'BTC/USDT': 'denied' })]
  const memory = messages.flatMap((message) =>
    fitnessChanges(book(), message).flatMap((change) => {
      return change.kind === 'memory-stored' ? [change] : []
    }),
  )
  const { account } = book()
  const balances = [{ asset: 'USDT', ...book().funds.get('USDT')! }]
  const again = createBook({ account, balances, reservations: [], memory }, book())
  expect(reasonsFor(again).map(({ code }) => code)).toEqual([
    'symbol_not_eligible',
    'data_source_unreliable',
  ])
})
