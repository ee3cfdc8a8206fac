import { describe, expect, it } from 'vitest'
import { rankOf, type Rank } from './core/index.ts'
import { Line, overtakenMax } from './line.ts'
import { intent } from './testing.ts'

const priorities = new Map([
  ['first', 1],
  ['last', -1],
])

function rank(name: string, overrides: Parameters<typeof intent>[0] = {}): Rank {
  return rankOf(intent({ intentId: name, strategy: 'some', ...overrides }), priorities)
}

function allOf(line: Line<string>): string[] {
  const all: string[] = []
  for (let next = line.next(); next !== null; next = line.next()) all.push(next.waiter)
  return all
}

describe('the line before the book', () => {
  it('is of what has happened, exits, priority, confidence, and who asked first', () => {
    const line = new Line<string>()
    const late = { strategy: 'last', confidence: 100 }
    line.join('late', rank('late', late))
    line.join('early', rank('early', { confidence: 80 }))
    line.join('equal', rank('equal', { confidence: 80 }))
    line.join('sure', rank('sure', { confidence: 90 }))
    line.join('prior', rank('prior', { strategy: 'first', confidence: 60 }))
    line.join('exit', rank('exit', { purpose: 'exit', side: 'sell', confidence: 0 }))
    line.join('fill', null)
    line.join('command', null)
    expect(line.length).toBe(8)
    expect(allOf(line)).toEqual([
      'fill',
      'command',
      'exit',
      'prior',
      'sure',
      'early',
      'equal',
      'late',
    ])
    expect(line.length).toBe(0)
  })

  it('says what whoever goes before an older one is better in, and nothing of who waited longest', () => {
    const line = new Line<string>()
    line.join('older', rank('older', { confidence: 60 }))
    line.join('sure', rank('sure', { confidence: 90 }))
    line.join('prior', rank('prior', { strategy: 'first', confidence: 70 }))
    line.join('exit', rank('exit', { purpose: 'exit', side: 'sell', confidence: 0 }))
    const olderIntentId = 'older'
    expect(line.next()?.turn).toEqual({
      waiting: 4,
      because: 'purpose',
      own: 'exit',
      older: 'entry',
      olderIntentId,
    })
    const prior = { waiting: 3, because: 'priority', own: 1, older: 0, olderIntentId }
    expect(line.next()?.turn).toEqual(prior)
    const sure = { waiting: 2, because: 'confidence', own: 90, older: 60, olderIntentId }
    expect(line.next()?.turn).toEqual(sure)
    expect(line.next()).toEqual({ waiter: 'older', turn: null })
  })

  it('lets an intent be overtaken so often, and not once more', () => {
    const line = new Line<string>()
    line.join('older', rank('older', { confidence: 60 }))
    // One is always there that is better.
    const better = () => line.join('better', rank('better', { confidence: 90 }))
    better()
    for (let times = 0; times < overtakenMax; times++) {
      expect(line.next()?.waiter).toBe('better')
      better()
    }
    const turn = { waiting: 2, because: 'overtaken', times: overtakenMax }
    expect(line.next()).toEqual({ waiter: 'older', turn })
    expect(line.next()?.waiter).toBe('better')
  })

  it('of those who wait at one moment takes the best first, however many they are', () => {
    const line = new Line<string>()
    const confidences = Array.from({ length: 512 }, (_, index) => index % 101)
    for (const confidence of confidences) {
      line.join(String(confidence), rank(`${confidence}`, { confidence }))
    }
    expect(allOf(line).map(Number)).toEqual(confidences.toSorted((one, other) => other - one))
  })

  it('sends all away, and begins anew', () => {
    const line = new Line<string>()
    line.join('low', rank('low', { confidence: 60 }))
    line.join('high', rank('high', { confidence: 90 }))
    line.join('fill', null)
    expect(line.next()?.waiter).toBe('fill')
    expect(line.next()?.waiter).toBe('high')
    line.join('fill', null)
    expect(line.clear()).toEqual(['fill', 'low'])
    expect(line.length).toBe(0)
    expect(line.next()).toBeNull()
    line.join('next', rank('next'))
    expect(allOf(line)).toEqual(['next'])
  })
})
