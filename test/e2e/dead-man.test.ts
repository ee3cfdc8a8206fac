// What happens to a process of execution when it loses the bus, the venue, its ledger, an agent that it depends
// on, or is left behind: entries stop by themselves and people are told, exits and protection go on, and
// entries too when it is well again. Real servers, each taken away in turn.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { eventually } from './support/eventually.ts'
import { startLoneExecution, type LoneExecution } from './support/lone-execution.ts'

const rabbit = await sharedRabbit()
const limit = { withinMs: 90_000, everyMs: 50 }

describe.skipIf(!hasPostgres || rabbit === null)('a process of execution', () => {
  let lone: LoneExecution
  beforeAll(async () => {
    lone = await startLoneExecution(await freshVhost(rabbit))
    await eventually(() => lone.isReady(), Boolean, limit)
  })
  afterAll(() => lone.stop())

  const until = (ask: () => Promise<boolean> | boolean) =>
    eventually(async () => ask(), Boolean, limit)
  const stopped = (cause: string) => until(async () => (await lone.stops()).includes(cause))
  const well = () => until(async () => (await lone.stops()).length === 0)
  const isProtected = async () => (await lone.protection()) === 'protected'
  const isFlat = async () => (await lone.protection()) === 'flat'
  const told = (cause: string, allowed: boolean) =>
    until(() => lone.alerts(cause).at(-1)?.allowed === allowed)

  async function endOf(intentId: string): Promise<string | null> {
    return eventually(
      () => lone.endOf(intentId),
      (end) => end !== null,
      limit,
    )
  }

  /** On a machine that stands still for seconds an entry may be stopped where nothing was taken away. */
  async function hold(): Promise<void> {
    for (;;) {
      await well()
      if ((await endOf(await lone.approve('entry'))) === 'filled') break
    }
    await until(isProtected)
  }

  async function sell(): Promise<void> {
    while (!(await isFlat())) await endOf(await lone.approve('exit'))
  }

  async function isRefused(cause: string): Promise<void> {
    await stopped(cause)
    expect(await endOf(await lone.approve('entry'))).toBe('trading_stopped')
  }

  it('that loses the bus keeps what it holds protected, and tells of it when it is back', async () => {
    await hold()
    const before = lone.alerts('bus_silent').length
    lone.relay.cut()
    await stopped('bus_silent')
    expect(lone.alerts('bus_silent')).toHaveLength(before)
    await lone.faults.moveMarket(-15, 2)
    // The stop at the venue has sold, and execution has heard of it and stored it.
    await until(isFlat)
    lone.relay.mend()
    await told('bus_silent', true)
    const alerts = lone.alerts('bus_silent').slice(-2)
    expect(alerts.map(({ allowed }) => allowed)).toEqual([false, true])
    await hold()
    await sell()
  })

  it('that only hears old prices sends no entry until it hears new ones', async () => {
    await hold()
    lone.priceAgeMs = 300_000
    await isRefused('messages_late')
    await told('messages_late', false)
    await sell()
    lone.priceAgeMs = 0
    await told('messages_late', true)
    await hold()
    await sell()
  })

  it('that hears nothing of the risk manager sends no entry until it does', async () => {
    await hold()
    lone.beating.delete('risk-manager')
    await isRefused('agent_silent')
    await told('agent_silent', false)
    expect(lone.alerts('agent_silent').at(-1)?.reason).toContain('no heartbeat of risk-manager')
    await sell()
    lone.beating.add('risk-manager')
    await told('agent_silent', true)
    await hold()
    await sell()
  })

  it('whose venue is silent sends no entry, and the exit that waited leaves first', async () => {
    await hold()
    const paths = ['time', 'order', 'orderList', 'orderList/*', 'openOrders', 'account', 'myTrades']
    for (const path of paths) {
      await lone.faults.set({ kind: 'F1', args: { fate: 'hang' }, match: { path } })
    }
    const refused = isRefused('venue_silent')
    const exit = await lone.approve('exit')
    await refused
    await told('venue_silent', false)
    expect(await isFlat()).toBe(false)
    await lone.faults.lift()
    await endOf(exit)
    await sell()
    await told('venue_silent', true)
    await hold()
    await sell()
  })

  it('whose ledger is silent tells of it, and takes in what the venue did meanwhile', async () => {
    await hold()
    lone.signalDatabase('SIGSTOP')
    try {
      await stopped('ledger_silent')
      await told('ledger_silent', false)
      await lone.faults.moveMarket(-15, 2)
    } finally {
      lone.signalDatabase('SIGCONT')
    }
    await told('ledger_silent', true)
    await until(isFlat)
    await hold()
    await sell()
  })
})
