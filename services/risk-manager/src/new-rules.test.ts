// The rules of the venue are asked for again from time to time: what it says now holds from then on.
import { deriveId } from '@flotilla/contracts'
import { symbolRules } from '@flotilla/venue/testing'
import { expect, it } from 'vitest'
import { decimal, intentMessage } from './testing.ts'
import { until, type Rig } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

const start = startedRigs()
const config = { balanceShare: '0.1', exposureShareMax: '1', rulesRefreshMs: 1_000 }

const askedFor = ({ venue }: Rig): number =>
  venue.calls.filter(({ method }) => method === 'fetchRules').length

/** What the check of the rules looked at. */
async function rulesSeenBy(rig: Rig, symbol: string): Promise<unknown> {
  const heard = rig.heard.length
  const intentId = deriveId('new rules', symbol)
  await rig.publish(intentMessage({ symbol, intentId, expectedPrice: '100' }))
  await until(() => rig.heard.length > heard)
  const decision = await rig.ledger.findDecision('main', intentId)
  const checks = (decision?.checks ?? []) as { check: string; inputs: unknown }[]
  return checks.find(({ check }) => check === 'venue-rules')?.inputs
}

it('new rules hold from the next look on, and not before it', async () => {
  const rig = await start({ config })
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    rig.venue.setRules(symbolRules({ symbol, quantityMin: decimal('0.007') }))
  }
  await rig.context.clock.advance(999)
  const known = symbolRules().quantityMin.toString()
  expect(await rulesSeenBy(rig, 'BTC/USDT')).toMatchObject({ quantityMin: known })
  await rig.context.clock.advance(1)
  await until(() => askedFor(rig) === 2)
  expect(await rulesSeenBy(rig, 'ETH/USDT')).toMatchObject({ quantityMin: '0.007' })
})

it('what was known holds while the venue does not answer', async () => {
  const rig = await start({ config })
  const known = symbolRules().quantityMin.toString()
  rig.venue.setRules(symbolRules({ symbol: 'BTC/USDT', quantityMin: decimal('0.007') }))
  rig.venue.failReads('unavailable', 1)
  await rig.context.clock.advance(1_000)
  const said = () => rig.context.logs.messages('warn')
  await until(() => said().includes('rules of the venue not refreshed'))
  expect(await rulesSeenBy(rig, 'BTC/USDT')).toMatchObject({ quantityMin: known })
})
