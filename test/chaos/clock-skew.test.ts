// The venue's clock runs away from ours, over the wire: requests follow it, entries stop, exits go on.
import { expect, it } from 'vitest'
import { openInProcess } from './support/in-process.ts'

it('a clock that is six seconds off stops entries until it is right again, and exits go on', async () => {
  const world = await openInProcess()
  const { stage, logs, ledger } = world
  const isFor = (state: string) => async () =>
    (await ledger.loadPositions('main'))[0]?.protection?.state === state
  try {
    await stage.propose({ purpose: 'entry' })
    await stage.until('protected', async () => (await world.calls.state()) === 'protected')
    await stage.faults.set({ kind: 'F14', args: { offsetMs: -6_000 } })
    await stage.until('entries stopped', () => logs.messages('error').includes('entries stopped'))
    expect(logs.messages('error')).toContain('clock differs from the venue')
    await stage.propose({ purpose: 'exit' })
    // Less than a step is left of what the fee took a part of.
    await stage.until('sold', isFor('dust'))
    await stage.faults.lift()
    await stage.until('entries go on', () => logs.messages('warn').includes('entries go on'))
    await stage.propose({ purpose: 'entry' })
    await stage.until('bought again', isFor('protected'))
  } finally {
    await world.close()
  }
})
