import { createTestContext } from '@flotilla/runtime/testing'
import { createFakeVenue, symbolRules } from '@flotilla/venue/testing'
import { expect, it } from 'vitest'
import { ExecutionConfig } from './config.ts'
import { emptyDesk } from './core/index.ts'
import { DeskRunner } from './desk-runner.ts'
import { createExecutionMetrics } from './metrics.ts'
import { settingsOf } from './settings.ts'
import { account, approval, hold, openTestLedger, startedAt, symbol, venueName } from './testing.ts'

it('a lease that lapsed before a call ends the term, since the desk waits for that answer', async () => {
  const ledger = await openTestLedger()
  const context = createTestContext('execution', { now: startedAt })
  const { clock, logger } = context
  const rules = symbolRules()
  const venue = createFakeVenue({ name: venueName, rules: [rules], prices: { [symbol]: '50000' } })
  const market = { account, venue: venueName, symbol, rules }
  const desk = emptyDesk(market, settingsOf(ExecutionConfig.parse({}), venue.profile, 1))
  const lost: string[] = []
  let leads = false
  const runner = new DeskRunner({
    desk,
    venue,
    clock,
    logger,
    stretch: 1,
    metrics: createExecutionMetrics(context.metrics, {
      desks: () => [],
      differences: () => 0,
      stops: () => 0,
      health: () => venue.health(),
      isFollowed: () => false,
    }),
    submit: async (unit) => (await ledger.commit([unit]))[0]!,
    flattened: () => null,
    entriesStopped: () => null,
    stops: () => [],
    followed: () => false,
    venueAheadMs: () => 0,
    keyRefused: () => null,
    reload: async () => desk,
    mayCall: () => leads,
    over: new AbortController().signal,
    lost: (reason) => lost.push(reason),
  })
  const { message, reservation } = approval({ name: 'one' })
  await hold(ledger, reservation)
  const input = { kind: 'approved', message, reservation } as const
  expect(await runner.submit(() => input, message.messageId)).toEqual({ kind: 'committed' })
  // The lease is ours again a moment later, but the call was not made and will never be answered.
  leads = true
  await runner.idle()
  expect(lost).toEqual(expect.arrayContaining(['the lease lapsed before a call to the venue']))
  expect(venue.callsOf('placeOrder')).toEqual([])
  const [order] = await ledger.loadOrdersOfIntent(account, message.payload.intentId)
  expect(order?.state).toBe('submitting')
})
