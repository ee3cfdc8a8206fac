import { OrderState } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import {
  isEnded,
  isWorking,
  mayFollow,
  nextState,
  transitions,
  type OrderEvent,
} from './order-life.ts'

const events: OrderEvent[] = [
  'submit',
  'accept',
  'reject',
  'lose',
  'fill-part',
  'fill-all',
  'cancel',
  'expire',
  'disprove',
]

describe("an order's life", () => {
  it('has a row for every state', () => {
    expect(Object.keys(transitions).toSorted()).toEqual([...OrderState.options].toSorted())
  })

  it.each([
    ['an order is sent once', 'created', 'submit', 'submitting'],
    ['a lost answer makes it unknown', 'submitting', 'lose', 'unknown'],
    ['only asking disproves it', 'unknown', 'disprove', 'not-placed'],
    ['a fill can be the first thing that is told', 'unknown', 'fill-all', 'filled'],
    ['an immediate order expires with its rest', 'partially-filled', 'expire', 'expired'],
    ['a fill can be told after the cancel', 'canceled', 'fill-all', 'filled'],
    ['a part can be told after the end', 'expired', 'fill-part', 'expired'],
    ['a request that was held up can land after all', 'not-placed', 'accept', 'accepted'],
  ] as const)('%s', (_, from, event, to) => {
    expect(nextState(from, event)).toBe(to)
  })

  it('never sends again what has been sent', () => {
    const senders = OrderState.options.filter((state) => mayFollow(state, 'submit'))
    expect(senders).toEqual(['created'])
  })

  it('is disproved from doubt alone, never once the venue has told of it', () => {
    expect(OrderState.options.filter((state) => mayFollow(state, 'disprove'))).toEqual(['unknown'])
  })

  it('ends for good when filled', () => {
    expect(events.filter((event) => mayFollow('filled', event))).toEqual([])
  })

  it('leaves an ended state by facts of the venue alone', () => {
    const facts = new Set(['accept', 'reject', 'fill-part', 'fill-all', 'cancel', 'expire'])
    for (const state of OrderState.options.filter(isEnded)) {
      const leaving = events.filter((event) => mayFollow(state, event))
      expect(leaving.filter((event) => !facts.has(event))).toEqual([])
    }
  })

  it('can reach an end from every state in which it works', () => {
    for (const state of OrderState.options.filter(isWorking)) {
      expect(Object.values(transitions[state]).some(isEnded)).toBe(true)
    }
  })

  it('refuses what the table does not hold', () => {
    expect(() => nextState('created', 'fill-all')).toThrow('created cannot fill-all')
  })
})
