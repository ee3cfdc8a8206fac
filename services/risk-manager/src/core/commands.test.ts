import {
  agentNames,
  createMessage,
  Flatten,
  Halt,
  Pause,
  Resume,
  type AgentName,
} from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, limits, testNow } from '../testing.ts'
import { applyAll, type Book } from './book.ts'
import { takeCommand } from './commands.ts'

const commands = { pause: Pause, resume: Resume, halt: Halt, flatten: Flatten }

type Given = {
  readonly source?: AgentName
  readonly account?: string | null
  readonly symbol?: string | null
  readonly at?: number
}

function give(made: Book, command: keyof typeof commands, given: Given = {}) {
  const { source = 'operator', account = null, symbol = null, at = testNow } = given
  const message = createMessage(commands[command], {
    source,
    occurredAt: at,
    discriminator: `${command} ${symbol ?? ''} ${at}`,
    payload: { requestedBy: 'ada', reason: 'news at three', account, symbol },
  })
  const work = takeCommand({ book: made, limits: limits(), now: at + 5 }, message)
  applyAll(made, work.changes)
  return { ...work, message }
}

const recorded = (work: ReturnType<typeof give>) =>
  work.records.map((change) => (change.kind === 'memory-stored' ? change.value : null))

describe('the record of a command', () => {
  it('says who, when, why and what it changed', () => {
    const work = give(book(), 'pause', { symbol: 'BTC/USDT' })
    expect(work.records).toEqual([
      {
        kind: 'memory-stored',
        agent: 'operator',
        key: `command/main/2026-01-05T00:00:00.000Z/${work.message.messageId}`,
        value: {
          account: 'main',
          command: 'pause',
          symbol: 'BTC/USDT',
          requestedBy: 'ada',
          source: 'operator',
          reason: 'news at three',
          occurredAt: '2026-01-05T00:00:00.000Z',
          recordedAt: '2026-01-05T00:00:00.005Z',
          outcome: 'accepted',
          detail: null,
          states: [{ scope: 'BTC/USDT', from: 'active', to: 'paused' }],
        },
      },
    ])
  })

  it('of a resume names every state that it ended', () => {
    const made = book()
    give(made, 'halt')
    give(made, 'pause', { symbol: 'ETH/USDT' })
    expect(recorded(give(made, 'resume'))).toMatchObject([
      {
        states: [
          { scope: '*', from: 'halted', to: 'active' },
          { scope: 'ETH/USDT', from: 'paused', to: 'active' },
        ],
      },
    ])
  })

  it('is kept of a flatten, which ends entries in its scope', () => {
    const made = book()
    const work = give(made, 'flatten', { symbol: 'BTC/USDT' })
    const states = [{ scope: 'BTC/USDT', from: 'active', to: 'flattened' }]
    expect(recorded(work)).toMatchObject([{ command: 'flatten', outcome: 'accepted', states }])
    expect(work.outgoing.map(({ payload }) => payload)).toEqual([
      { account: 'main', symbol: 'BTC/USDT', state: 'flattened', reason: 'news at three' },
    ])
    expect([...made.tradingStates.keys()]).toEqual(['BTC/USDT'])
  })

  it('is not kept of what concerns another account', () => {
    const work = give(book(), 'halt', { account: 'other' })
    expect(work).toMatchObject({ outcome: 'elsewhere', changes: [], records: [], outgoing: [] })
  })
})

describe('who may command', () => {
  it.each(agentNames.filter((name) => name !== 'operator' && name !== 'gateway'))(
    '%s may not: nothing changes, and the attempt is recorded',
    (source) => {
      for (const command of ['pause', 'resume', 'halt', 'flatten'] as const) {
        const made = book()
        if (command === 'resume') give(made, 'halt')
        const before = [...made.tradingStates]
        const work = give(made, command, { source })
        expect(work).toMatchObject({ outcome: 'refused', changes: [], outgoing: [] })
        expect([...made.tradingStates]).toEqual(before)
        expect(recorded(work)).toMatchObject([
          { command, source, outcome: 'refused', detail: `${source} may not command` },
        ])
      }
    },
  )

  it.each(['operator', 'gateway'] as const)('%s may, and the record says so', (source) => {
    const work = give(book(), 'halt', { source })
    expect(work.outcome).toBe('accepted')
    expect(recorded(work)).toMatchObject([{ source, requestedBy: 'ada', outcome: 'accepted' }])
  })
})
