import { LedgerUnavailableError } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import { expect, it } from 'vitest'
import { untilDone, untilLedgerAnswers } from './patience.ts'

function waiting() {
  const { logger, logs } = createTestContext('execution')
  const end = new AbortController()
  return { logger, logs, end, over: end.signal }
}

it('a task is tried until it is done, and what is waited for is told', async () => {
  const told: (string | null)[] = []
  const failures = ['first']
  await untilDone(
    { ...waiting(), waitingFor: (what) => told.push(what) },
    'the venue',
    async () => {
      const failure = failures.pop()
      if (failure !== undefined) throw new Error(failure)
    },
  )
  expect(told).toEqual(['the venue'])
})

it('work waits for a ledger that is away, and for nothing else', async () => {
  const wait = waiting()
  const failures: Error[] = [new LedgerUnavailableError('away')]
  const work = async (): Promise<string> => {
    const failure = failures.pop()
    if (failure !== undefined) throw failure
    return 'done'
  }
  expect(await untilLedgerAnswers(wait, 'ledger away, work waits', work)).toBe('done')
  expect(wait.logs.messages('error')).toEqual(['ledger away, work waits'])
  failures.push(new Error('another'))
  await expect(untilLedgerAnswers(wait, 'ledger away, work waits', work)).rejects.toThrow('another')
})

it('nothing waits longer than the term', async () => {
  const wait = waiting()
  wait.end.abort(new Error('over'))
  const away = () => Promise.reject(new LedgerUnavailableError('away'))
  await expect(untilLedgerAnswers(wait, 'ledger away', away)).rejects.toThrow('away')
  const given = { ...wait, waitingFor: () => undefined }
  await expect(untilDone(given, 'the venue', away)).rejects.toThrow('over')
})
