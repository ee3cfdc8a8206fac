// The key of the account is taken away while a position is held, over the wire: nothing is sent with a dead key,
// one alarm says what is without one, and with another key everything that waited is done, without a restart.
import { expect, it } from 'vitest'
import { openInProcess, type InProcess } from './support/in-process.ts'

const minute = 60_000

const entriesChanged = (world: InProcess) =>
  world
    .said()
    .flatMap((message) =>
      message.type === 'execution.entries.changed.v1' ? [message.payload] : [],
    )

async function pass({ stage }: InProcess, ms: number): Promise<void> {
  const later = stage.now() + ms
  await stage.until('time has passed', () => stage.now() >= later, ms + minute)
}

it('a key that was taken away is not used again, and another one is taken up by a reload', async () => {
  const world = await openInProcess()
  const { stage, ledger } = world
  const state = async () => (await ledger.loadPositions('main'))[0]?.protection?.state
  try {
    await stage.propose({ purpose: 'entry' })
    await stage.until('protected', async () => (await state()) === 'protected')

    await stage.faults.changeKeys({ apiKey: 'nobodyHasThis', apiSecret: 'nobodyHasThis' })
    await stage.until('entries stopped', () => entriesChanged(world).length === 1, 10 * minute)
    const [stop] = entriesChanged(world)
    expect(stop).toMatchObject({ cause: 'keys_refused', allowed: false })
    expect(stop?.reason).toMatch(/1 position is without a working key .*BTC\/USDT .*its stop rests/)
    const refused = await stage.faults.refusedKeys()

    await stage.flatten()
    await pass(world, minute)
    await stage.reload()
    await pass(world, minute)
    expect(await stage.faults.refusedKeys()).toBe(refused)
    expect(entriesChanged(world)).toHaveLength(1)
    expect(await state()).toBe('closing')
    expect(world.said().filter(({ type }) => type === 'execution.order.rejected.v1')).toEqual([])

    const fresh = { apiKey: 'anotherKey', apiSecret: 'anotherSecret' }
    await stage.faults.changeKeys(fresh)
    world.setKeys(fresh)
    await stage.reload()
    await stage.until('entries go on', () => entriesChanged(world).length === 2)
    expect(entriesChanged(world)[1]).toMatchObject({ cause: 'keys_refused', allowed: true })
    await stage.until('sold', async () => (await state()) === 'dust')
    expect(await stage.faults.refusedKeys()).toBe(refused)
  } finally {
    await world.close()
  }
})

it('another key in the settings is found without a word, and entries go on', async () => {
  const world = await openInProcess()
  const { stage, ledger } = world
  const state = async () => (await ledger.loadPositions('main'))[0]?.protection?.state
  try {
    const fresh = { apiKey: 'anotherKey', apiSecret: 'anotherSecret' }
    await stage.faults.changeKeys(fresh)
    await stage.until('entries stopped', () => entriesChanged(world).length === 1, 10 * minute)
    expect(entriesChanged(world)[0]?.reason).toContain('nothing is held')
    world.setKeys(fresh)
    await stage.until('entries go on', () => entriesChanged(world).length === 2)
    await stage.propose({ purpose: 'entry' })
    await stage.until('protected', async () => (await state()) === 'protected')
  } finally {
    await world.close()
  }
})
