// The venue stops trading a symbol, over the wire: entries for it stop by name and people see it, with what is
// held there; protection that could not be placed waits, and entries go on when it trades again.
import { expect, it } from 'vitest'
import { answerText } from '../../packages/cli/src/why/lineage-text.ts'
import { answerFor } from '../../packages/lineage/src/index.ts'
import { judge } from '../e2e/support/checker.ts'
import { readTruth } from '../e2e/support/truth.ts'
import { openInProcess, type InProcess } from './support/in-process.ts'
import { tablesOf } from './support/memory-tables.ts'
import { symbol } from './support/messages.ts'

const halt = { kind: 'F23', args: { status: 'HALT' }, match: { symbol: 'BTCUSDT' } }

const alerts = (world: InProcess) =>
  world
    .said()
    .flatMap((message) =>
      message.type === 'execution.entries.changed.v1' ? [message.payload] : [],
    )

const said = (world: InProcess, allowed: boolean) => () => alerts(world).at(-1)?.allowed === allowed

const isProtected = (world: InProcess) => async () => (await world.calls.state()) === 'protected'

async function why(world: InProcess): Promise<string> {
  const answer = await answerFor({ ledger: world.ledger, mainAccount: 'main' }, symbol)
  return answer === null ? '' : answerText(answer, false)
}

async function agrees(world: InProcess): Promise<boolean> {
  const truth = await readTruth(world.stage.simulator.controlUrl ?? '')
  const tables = await tablesOf(world.ledger, world.said())
  return judge({ tables, truth, deadLetters: 0 }).violations.length === 0
}

it('a symbol that is halted is told and seen with what is held there, and entries wait for its return', async () => {
  const world = await openInProcess('marketCheckMs: 5000')
  const { stage } = world
  try {
    await stage.propose({ purpose: 'entry' })
    await stage.until('protected', isProtected(world))
    const fault = await stage.faults.set(halt)
    await stage.until('told', said(world, false))
    const [alert] = alerts(world)
    expect(alert).toMatchObject({ symbol, cause: 'market_closed', allowed: false })
    expect(alert?.reason).toMatch(
      /is halted at the venue since .*; 0\.\d+ BTC held there, protected/,
    )
    expect(world.detail()['closedMarkets']).toMatchObject([
      { symbol, status: 'halted', protection: 'protected' },
    ])
    expect(await world.metrics()).toMatch(/flotilla_symbols_closed\{[^}]*\} 1/)
    expect(await world.metrics()).toMatch(/flotilla_positions_closed_in\{[^}]*\} 1/)
    expect(await why(world)).toMatch(
      /protected since [^]*does not trade the symbol \(halted\) since/,
    )

    const refused = await stage.propose({ purpose: 'entry' })
    const orderOf = async () => (await world.ledger.loadOrdersOfIntent('main', refused))[0]
    await stage.until('refused', async () => (await orderOf())?.reason === 'market_closed')

    expect(await stage.faults.hits(fault)).toBeGreaterThan(0)
    await stage.faults.lift()
    await stage.until('told', said(world, true))
    expect(world.detail()['closedMarkets']).toEqual([])
    expect(await why(world)).not.toContain('does not trade')
    const next = await stage.propose({ purpose: 'entry' })
    await stage.until('bought', async () => {
      const [order] = await world.ledger.loadOrdersOfIntent('main', next)
      return order?.state === 'filled' && (await isProtected(world)())
    })
    await stage.until('both ledgers agree', () => agrees(world))
  } finally {
    await world.close()
  }
})

it('a fill whose protection meets a halt is not given up, and is protected when it is over', async () => {
  const world = await openInProcess('marketCheckMs: 5000')
  const { stage } = world
  try {
    await stage.faults.set({ kind: 'F1', match: { path: 'orderList/*' }, count: 1 })
    await stage.propose({ purpose: 'entry' })
    const stateOf = async () => (await world.ledger.loadPositions('main'))[0]?.protection?.state
    await stage.until('bought', async () => (await stateOf()) === 'unprotected')
    await stage.faults.set(halt)
    await stage.until('told', said(world, false))
    expect(alerts(world)[0]?.reason).toMatch(/BTC held there, unprotected/)
    const deadline = stage.now() + 60_000
    await stage.until('the deadline is over', () => stage.now() > deadline)
    expect(await stateOf()).toBe('unprotected')
    expect(world.detail()['halted']).toEqual([])
    await stage.faults.lift()
    await stage.until('protected', isProtected(world))
    await stage.until('both ledgers agree', () => agrees(world))
  } finally {
    await world.close()
  }
})
