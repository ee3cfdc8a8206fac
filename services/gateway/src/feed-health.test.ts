import { captureLogs } from '@flotilla/runtime/testing'
import { expect, it } from 'vitest'
import { FeedHealth, type Feed } from './feed-health.ts'

function health(open: readonly Feed[] = ['execute', 'alert']) {
  const logs = captureLogs()
  const time = { now: 0 }
  const feedsHealth = new FeedHealth({
    isOpen: (feed) => open.includes(feed),
    now: () => time.now,
    logger: logs.logger,
  })
  return { health: feedsHealth, logs, time }
}

it('a feed waits, is taken, is refused, and is taken again; the other is left alone', () => {
  const { health: made, time } = health()
  expect(made.report().alert).toEqual({ state: 'waiting', reason: null, takenAt: null })
  made.taken('alert')
  expect(made.report().alert).toMatchObject({ state: 'ok', takenAt: '1970-01-01T00:00:00.000Z' })
  time.now = 60_000
  made.unauthorized('alert')
  expect(made.report().alert).toMatchObject({
    state: 'refused',
    takenAt: '1970-01-01T00:00:00.000Z',
  })
  expect(made.report().alert.reason).toContain('gateway.webhook.token')
  made.taken('alert')
  expect(made.report()).toEqual({
    alert: { state: 'ok', reason: null, takenAt: '1970-01-01T00:01:00.000Z' },
    execute: { state: 'waiting', reason: null, takenAt: null },
  })
})

it('a refusal is said once, with the setting and with what still works, until it is over', () => {
  const { health: made, logs } = health()
  made.unauthorized('execute')
  made.unauthorized('execute')
  made.refused('execute', 'symbol DOGE/USDT is not traded')
  expect(logs.records).toHaveLength(1)
  expect(logs.records[0]).toMatchObject({
    level: 'warn',
    feed: 'execute',
    stillTaken: ['alert'],
  })
  expect(logs.records[0]?.['reason']).toContain('gateway.token')
  made.taken('execute')
  made.unauthorized('execute')
  expect(logs.messages()).toEqual([
    'signals of a feed are refused',
    'signals of a feed are taken',
    'signals of a feed are refused',
  ])
})

it('a feed without a token is off and says what would open it, whoever knocks', () => {
  const { health: made, logs } = health(['execute'])
  made.unauthorized('alert')
  expect(made.report().alert.state).toBe('off')
  expect(made.report().alert.reason).toContain('set gateway.webhook.token')
  expect(logs.records).toEqual([])
})
