import { expect, test } from 'vitest'
import { createJournal } from './journal.ts'
import type { AcceptedRequest, Write } from './store.ts'

function request(arrival: number): AcceptedRequest {
  return { arrival, at: 0, method: 'POST', path: '/api/v3/order', parameters: {} }
}

type Saved = Pick<Write, 'changes' | 'requests'>

function rig(save: (write: Saved) => void) {
  const told: number[] = []
  const failures: unknown[] = []
  const journal = createJournal({ save, onFailure: (error) => failures.push(error) })
  const note = (arrival: number): void =>
    journal.note({
      changes: null,
      requests: [request(arrival)],
      tellers: [() => told.push(arrival)],
    })
  return { journal, note, told, failures }
}

test('what comes in one turn is written in one go, and told after it', async () => {
  const saved: number[][] = []
  const { journal, note, told } = rig(({ requests }) => {
    expect(told).toEqual([])
    saved.push(requests.map(({ arrival }) => arrival))
  })
  expect(journal.written()).toBeNull()
  note(1)
  note(2)
  expect([saved, told]).toEqual([[], []])
  await journal.written()
  expect([saved, told]).toEqual([[[1, 2]], [1, 2]])
  expect(journal.written()).toBeNull()
})

test('what is written at once is not written again', async () => {
  const saved: number[] = []
  const { journal, note, told } = rig(({ requests }) => saved.push(requests.length))
  note(1)
  const waiting = journal.written()
  journal.flush()
  note(2)
  await waiting
  await journal.written()
  expect(saved).toEqual([1, 1])
  expect(told).toEqual([1, 2])
})

test('nothing is told any more after a write has failed, even if the disk recovers', async () => {
  let isFull = true
  const { journal, note, told, failures } = rig(() => {
    if (isFull) throw new Error('disk full')
  })
  note(1)
  await expect(journal.written()).rejects.toThrow('disk full')
  isFull = false
  note(2)
  await expect(journal.written()).rejects.toThrow('disk full')
  expect(() => journal.flush()).toThrow('disk full')
  expect(told).toEqual([])
  expect(failures).toHaveLength(2)
})
