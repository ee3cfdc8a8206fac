/**
 * Whatever happens in whatever order, a desk has one intent open at most, enters only what is flat,
 * exits only what it entered, never proposes the same intent twice, and is itself again from its JSON.
 */
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { desk, ended, epoch, filled, memory, minute, signals, surroundings } from '../testing.ts'
import { onAnalysis, onDenied, onFlat, onOrderEnded, parseMemory } from './index.ts'
import type { DeskMemory } from './index.ts'

const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('told'), order: fc.integer({ min: -1, max: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeated') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('denied') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('filled') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expired'), part: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stopped') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
)

type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never

class World {
  memory: DeskMemory = memory()
  held = false
  candle = 0
  readonly proposed: string[] = []

  apply(each: Event): void {
    const open = this.memory.openIntent
    const options = { now: this.#now(), limits: surroundings().limits }
    if ('order' in each) return this.#tell(each.order)
    if (each.kind === 'repeated') return this.#look(this.candle, 1)
    if (each.kind === 'restart') {
      this.memory = parseMemory(JSON.parse(JSON.stringify(this.memory)))!
      return
    }
    if (each.kind === 'stopped') {
      if (this.held) this.#flat()
      return
    }
    if (open === null) return
    const { intentId, purpose } = open
    const leg = purpose
    if (each.kind === 'denied') {
      this.memory = onDenied(this.memory, intentId, options)!
      return
    }
    if (each.kind === 'filled') {
      this.memory = onOrderEnded(this.memory, filled(intentId, { leg }), options)!
      if (purpose === 'entry') this.held = true
      else this.#flat()
      return
    }
    const part = 'part' in each && each.part && purpose === 'entry'
    const message = ended('expired', intentId, { leg, filledQuantity: part ? '0.3' : '0' })
    this.memory = onOrderEnded(this.memory, message, options)!
    if (part) this.held = true
  }

  #tell(order: number): void {
    this.candle += 1
    this.#look(this.candle, order)
  }

  #look(candle: number, order: number): void {
    const before = this.memory
    const decision = onAnalysis(desk, before, {
      message: signals(candle, { 'ema(2)': order }),
      surroundings: surroundings({
        now: this.#now(),
        position: this.held ? { quantity: 1, averageEntryPrice: 1 } : null,
      }),
    })
    if (decision.kind !== 'decided') return
    this.memory = decision.memory
    if (decision.intent === null) return
    const { intentId, purpose } = decision.intent.payload
    expect(before.openIntent).toBeNull()
    expect(decision.changed).toBe(true)
    expect(this.held).toBe(purpose === 'exit')
    expect(purpose === 'exit' ? before.entered : true).toBe(true)
    expect(this.proposed).not.toContain(intentId)
    this.proposed.push(intentId)
  }

  #flat(): void {
    this.held = false
    this.memory = onFlat(this.memory)
  }

  #now(): number {
    return epoch + (this.candle + 1) * minute
  }
}

it('one intent at a time, entries when flat, exits of what is its own', () => {
  let proposals = 0
  fc.assert(
    fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
      const world = new World()
      for (const each of events) world.apply(each)
      proposals += world.proposed.length
    }),
    { numRuns: 300, seed: propertySeed },
  )
  expect(proposals).toBeGreaterThan(300)
})
