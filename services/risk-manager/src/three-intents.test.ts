// The numbers that the product is known by: three intents at one instant, whatever the interleaving.
import type { AnyMessage } from '@flotilla/contracts'
import { createMemoryBroker } from '@flotilla/bus'
import { createMemoryLedger, type Ledger } from '@flotilla/ledger'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal } from './testing.ts'
import { codesOf, startRig, threeIntents, until, type Rig } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

const start = startedRigs()

/** The numbers that the product is known by. */
async function expectOneOfThree(rig: Rig): Promise<void> {
  await until(() => rig.heard.length === 3)
  expect(rig.heardOf('risk.intent.approved.v1').map(({ payload }) => payload.reservation)).toEqual([
    expect.objectContaining({ asset: 'USDT', amount: '67.63' }),
  ])
  expect(codesOf(rig)).toEqual([
    ['insufficient_available_balance'],
    ['insufficient_available_balance'],
  ])
  const [balance] = await rig.ledger.loadBalances('main')
  expect(balance?.total).toEqual(decimal('84.54'))
  expect(balance?.reserved).toEqual(decimal('67.63'))
  expect(balance?.total.minus(balance.reserved).toString()).toBe('16.91')
  expect(await rig.ledger.loadOpenReservations('main')).toHaveLength(1)
}

describe('three intents of 80 % of 84.54 at the same instant', () => {
  it('one is approved with 67.63, 16.91 is left, two are denied', async () => {
    const rig = await start()
    await rig.publish(...threeIntents())
    await expectOneOfThree(rig)
  })

  it('whatever the interleaving, a thousand times', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(), fc.boolean(), async (scheduler, seed, twice) => {
        const ledger = scheduled(createMemoryLedger(), scheduler)
        const duplicateRatio = twice ? 0.5 : 0
        const disorder = { seed, duplicateRatio, delayMsMax: 3, reorder: true }
        const sleep = () => scheduler.schedule(Promise.resolve(), 'bus')
        const broker = createMemoryBroker({ disorder, sleep })
        const running = (async () => {
          const rig = await startRig({ broker, ledger })
          try {
            const publish = scheduler.scheduleFunction((message: AnyMessage) =>
              rig.publish(message),
            )
            await Promise.all(threeIntents().map((message) => publish(message)))
            await expectOneOfThree(rig)
          } finally {
            await rig.stop()
          }
        })()
        await scheduler.waitFor(running)
      }),
      { numRuns: 1_000, seed: propertySeed },
    )
  })
})

/** Every commit and every load waits for its turn in the scheduler's order. */
function scheduled(ledger: Ledger, scheduler: fc.Scheduler): Ledger {
  const turn = (label: string) => scheduler.schedule(Promise.resolve(), label)
  return {
    ...ledger,
    commit: async (units, fence) => {
      await turn('commit begins')
      const outcomes = await ledger.commit(units, fence)
      await turn('commit answers')
      return outcomes
    },
    loadBalances: async (account) => {
      await turn('load')
      return ledger.loadBalances(account)
    },
  }
}
