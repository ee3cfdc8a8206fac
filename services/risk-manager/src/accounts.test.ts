// Several accounts with policies of their own take the same intents side by side, in one process, on one
// bus and one ledger.
import { createMemoryBroker } from '@flotilla/bus'
import { createMessage, Pause } from '@flotilla/contracts'
import { createMemoryLedger } from '@flotilla/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { intentMessage, orderMessage, testNow } from './testing.ts'
import { startRig, until, type Rig } from './testing/rig.ts'

const policies = { main: '0.8', cautious: '0.3' } as const
type Account = keyof typeof policies

let broker = createMemoryBroker({ accounts: ['cautious'] })
let ledger = createMemoryLedger()
let rigs: Partial<Record<Account, Rig>> = {}

beforeEach(() => {
  broker = createMemoryBroker({ accounts: ['cautious'] })
  ledger = createMemoryLedger()
})
afterEach(async () => {
  for (const account of Object.keys(rigs) as Account[]) await stop(account)
})

async function start(account: Account, now = testNow): Promise<Rig> {
  const rig = await startRig({
    now,
    broker,
    ledger,
    config: { balanceShare: policies[account], exposureShareMax: '1' },
    ...(account === 'main' ? {} : { account, instance: account }),
  })
  rigs = { ...rigs, [account]: rig }
  return rig
}

async function stop(account: Account): Promise<void> {
  const { [account]: rig, ...rest } = rigs
  rigs = rest
  await rig?.stop()
}

/** What the ledger says of an account: of its money, and of its one decision. */
async function stateOf(account: Account) {
  const balances = await ledger.loadBalances(account)
  const balance = balances.find(({ asset }) => asset === 'USDT')
  const decision = await ledger.findDecision(account, intentMessage().payload.intentId)
  return {
    total: balance?.total.toString(),
    reserved: balance?.reserved.toString(),
    verdict: decision?.verdict ?? null,
  }
}

const isDecided = async (account: Account) => (await stateOf(account)).verdict !== null

describe('two accounts, 80 % and 30 % of the same 84.54', () => {
  it('each size the same intent by their own policy, and reserve their own money', async () => {
    const main = await start('main')
    await start('cautious')
    await main.publish(intentMessage())
    await until(async () => (await isDecided('main')) && (await isDecided('cautious')))
    expect(await stateOf('main')).toEqual({
      total: '84.54',
      reserved: '67.63',
      verdict: 'approved',
    })
    expect(await stateOf('cautious')).toEqual({
      total: '84.54',
      reserved: '25.36',
      verdict: 'approved',
    })
  })

  it('each settle the fills of their own orders', async () => {
    const main = await start('main')
    await start('cautious')
    await main.publish(intentMessage())
    await until(async () => (await isDecided('main')) && (await isDecided('cautious')))
    const { intentId } = intentMessage().payload
    const reservation = await ledger.findReservationOfIntent('cautious', intentId)
    const filled = orderMessage({
      account: 'cautious',
      reservationId: reservation!.reservationId,
      quantity: '0.0005',
    })
    await main.publish(filled, filled)
    await until(async () => (await stateOf('cautious')).reserved === '0')
    expect(await stateOf('cautious')).toMatchObject({ total: '59.54' })
    expect(await stateOf('main')).toMatchObject({ total: '84.54', reserved: '67.63' })
  })

  it('are paused alone or together, and stay so over a restart', async () => {
    const main = await start('main')
    await start('cautious')
    const payload = { requestedBy: 'me', reason: 'news', account: 'cautious', symbol: null }
    const options = { source: 'operator', occurredAt: testNow, discriminator: 'a' } as const
    await main.publish(createMessage(Pause, { ...options, payload }))
    await broker.idle()
    await stop('cautious')
    await start('cautious')
    await main.publish(intentMessage())
    await until(async () => (await isDecided('main')) && (await isDecided('cautious')))
    expect(await stateOf('main')).toMatchObject({ verdict: 'approved' })
    expect(await stateOf('cautious')).toMatchObject({ verdict: 'denied', reserved: '0' })
  })

  it('load their own memory at a start, and nothing of each other', async () => {
    await start('main')
    await start('cautious')
    const keys: string[] = []
    const told = ledger
    ledger = {
      ...told,
      recallAll: async (...asked) => {
        const found = await told.recallAll(...asked)
        keys.push(...found.map(({ key }) => key))
        return found
      },
    }
    for (const account of ['main', 'cautious'] as const) {
      await stop(account)
      keys.length = 0
      await start(account)
      const prefix = account === 'main' ? '' : '@cautious/'
      const parts = ['day', 'drawdown', 'valued']
      expect(keys).toEqual(parts.map((part) => `${prefix}standing/${account}/${part}`))
    }
  })

  it('an account that was away takes what was proposed meanwhile', async () => {
    const main = await start('main')
    await start('cautious')
    await stop('cautious')
    await main.publish(intentMessage())
    await until(() => isDecided('main'))
    await start('cautious')
    await until(() => isDecided('cautious'))
    expect(await stateOf('cautious')).toMatchObject({ verdict: 'approved' })
  })

  it('an intent that nobody decided in time is denied when somebody comes, and reserves nothing', async () => {
    const main = await start('main')
    await start('cautious')
    await stop('cautious')
    await main.publish(intentMessage())
    await until(() => isDecided('main'))
    await start('cautious', testNow + 60_000)
    await until(() => isDecided('cautious'))
    const decision = await ledger.findDecision('cautious', intentMessage().payload.intentId)
    expect(decision).toMatchObject({ verdict: 'denied', reasons: [{ code: 'intent_expired' }] })
    expect(await stateOf('cautious')).toMatchObject({ reserved: '0' })
  })
})
