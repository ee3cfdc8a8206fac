/**
 * A strategy's wish at a candle must be the same whatever comes after it: the future is cut off and
 * replaced, and nothing before may change.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shippedStrategies } from './index.ts'
import { analysesOf, wishesOf } from './testing.ts'

const start = 50_000
const steps = fc.array(fc.double({ min: -0.02, max: 0.02, noNaN: true }), {
  minLength: 60,
  maxLength: 200,
})

function closesOf(changes: readonly number[]): number[] {
  let close = start
  return changes.map((change) => {
    close *= 1 + change
    return close
  })
}

describe.each(shippedStrategies.map((strategy) => [strategy.name, strategy] as const))(
  '%s',
  (_name, strategy) => {
    it('decides the same when the future is cut off or replaced', () => {
      const configured = strategy.configure({})
      fc.assert(
        fc.property(steps, steps, fc.nat(59), (changes, otherFuture, cut) => {
          const whole = wishesOf(configured, analysesOf(configured, closesOf(changes)))
          const past = changes.slice(0, cut)
          const cutOff = wishesOf(configured, analysesOf(configured, closesOf(past)))
          const replaced = wishesOf(
            configured,
            analysesOf(configured, closesOf([...past, ...otherFuture])),
          )
          expect(cutOff).toEqual(whole.slice(0, cut))
          expect(replaced.slice(0, cut)).toEqual(whole.slice(0, cut))
        }),
      )
    })

    it('trades, in and out by turns, on a market that swings', () => {
      const configured = strategy.configure({})
      const closes = Array.from({ length: 1_000 }, (_, index) => {
        return start * (1 + 0.05 * Math.sin(index / 25) + 0.01 * Math.sin(index / 3.3))
      })
      const actions = wishesOf(configured, analysesOf(configured, closes)).flatMap((wish) =>
        wish === null ? [] : [wish.action],
      )
      expect(actions.length).toBeGreaterThan(4)
      expect(
        actions.every((action, index) => action === (index % 2 === 0 ? 'enter' : 'exit')),
      ).toBe(true)
    })
  },
)
