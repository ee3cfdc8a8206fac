import { createMemoryBroker, ack } from '@flotilla/bus'
import { createMessage, Pause } from '@flotilla/contracts'
import { createMemoryLedger } from '@flotilla/ledger'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AgentSpec } from './agent.ts'
import { readFleetConfig } from './fleet-config.ts'
import { busOfAccount, ledgerOfAccount } from './further-accounts.ts'

const policy = z
  .strictObject({
    balanceShare: z.number().max(1).default(0.05),
    drawdown: z
      .strictObject({ defenseAt: z.number().default(0.1), haltAt: z.number().default(0.2) })
      .prefault({}),
  })
  .superRefine(({ balanceShare }, context) => {
    if (balanceShare <= 0.5) return
    const params = { fix: 'lower it' }
    context.addIssue({ code: 'custom', path: ['balanceShare'], message: 'too much', params })
  })

const risk: AgentSpec = {
  name: 'risk-manager',
  config: policy,
  needs: ['bus', 'ledger', 'marketStore', 'venue'],
  create: () => ({
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, detail: {} }),
  }),
}

function read(text: string, environment: Record<string, string> = {}) {
  return readFleetConfig({ file: 'flotilla.yaml', text, specs: [risk], environment })
}

function refusal(text: string): string {
  try {
    read(text)
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('accounts in flotilla.yaml', () => {
  test('an account has its own money and policy, and shares the rest', () => {
    const config = read(`
risk: { balanceShare: 0.2, drawdown: { haltAt: 0.3 } }
accounts:
  cautious:
    balances: { USDT: 500 }
    risk: { balanceShare: 0.03, drawdown: { defenseAt: 0.05 } }
`)
    const { shared, further } = config
    const [cautious] = further
    expect(config.section('risk-manager')).toMatchObject({ balanceShare: 0.2 })
    expect(cautious?.section('risk-manager')).toEqual({
      balanceShare: 0.03,
      drawdown: { defenseAt: 0.05, haltAt: 0.3 },
    })
    expect(cautious?.shared).toMatchObject({
      account: { id: 'cautious', currency: 'USDT' },
      venue: { kind: 'simulator', id: 'simulator' },
      simulator: { balances: { USDT: '500' }, seed: 1 },
      symbols: shared.symbols,
    })
    expect(shared.simulator.balances).toEqual({ USDT: '10000' })
  })

  test('keys are never those of another account, and are known as secrets', () => {
    const { further, secrets } = read(
      `
venue: { kind: binance, id: binance, testnet: true, apiKey: first, apiSecret: one }
accounts: { my-second: { venue: { apiKey: other } } }
`,
      { FLOTILLA_ACCOUNTS__MY_SECOND__VENUE__API_SECRET: 'two' },
    )
    expect(further[0]?.shared.venue).toMatchObject({
      kind: 'binance',
      testnet: true,
      apiKey: 'other',
      apiSecret: 'two',
    })
    expect(secrets.toSorted()).toEqual(['first', 'one', 'other', 'two'])
  })

  const testnet = 'venue: { kind: binance, id: binance, testnet: true, apiKey: k, apiSecret: s }\n'
  test.each([
    [
      'a policy that is wrong as a whole',
      'accounts: { bold: { risk: { balanceShare: 0.6 } } }',
      /:1:43 accounts\.bold\.risk\.balanceShare: too much/,
    ],
    [
      'a setting that is none',
      'accounts: { bold: { risk: { share: 0.6 } } }',
      /accounts\.bold\.risk.*share/,
    ],
    ['the name of the first', 'accounts: { main: {} }', /main is the name of account\.id already/],
    [
      'the wallet of the first',
      `${testnet}accounts: { bold: { venue: { apiKey: k, apiSecret: s } } }`,
      /accounts\.bold\.venue: it would trade the wallet of another account/,
    ],
    [
      'the wallet of another',
      'accounts: { a: { venue: { url: "http://x:1" } }, b: { venue: { url: "http://x:1" } } }',
      /accounts\.b\.venue: it would trade the wallet/,
    ],
    [
      'live without the sentence',
      `${testnet}accounts: { bold: { mode: live, venue: { apiKey: o, apiSecret: s } } }`,
      /accounts\.bold\.liveConfirmation: .*letter by letter/,
    ],
    [
      'live without keys',
      `${testnet}accounts: { bold: { mode: live } }`,
      /accounts\.bold\.venue\.apiKey: .*FLOTILLA_ACCOUNTS__BOLD__VENUE__API_KEY/,
    ],
    [
      'a market of another kind',
      `${testnet}accounts: { bold: { venue: { kind: simulator } } }`,
      /simulator has another market and time than binance/,
    ],
  ])('%s is refused', (_, text, expected) => {
    expect(refusal(`${text}\n`)).toMatch(expected)
  })
})

describe('what an agent of a further account sees', () => {
  const unit = (value: number) =>
    ({
      consumer: 'execution',
      causeId: '00000000-0000-5000-8000-000000000001',
      changes: [{ kind: 'memory-stored', agent: 'execution', key: 'halted:BTC/USDT', value }],
      outgoing: [],
    }) as const

  test('is its own memory and its own inbox', async () => {
    const ledger = createMemoryLedger()
    const cautious = ledgerOfAccount(ledger, 'cautious')
    const bold = ledgerOfAccount(ledger, 'bold')
    for (const [index, each] of [ledger, cautious, bold].entries()) {
      expect(await each.wasProcessed('execution', unit(0).causeId)).toBe(false)
      expect(await each.commit([unit(index)])).toEqual([{ kind: 'committed' }])
      expect(await each.commit([unit(9)])).toEqual([{ kind: 'duplicate' }])
      expect(await each.wasProcessed('execution', unit(0).causeId)).toBe(true)
    }
    for (const [index, each] of [ledger, cautious, bold].entries()) {
      const key = 'halted:BTC/USDT'
      expect(await each.recall('execution', key)).toBe(index)
      expect(await each.recallAll('execution', 'halted:')).toEqual([
        { agent: 'execution', key, value: index },
      ])
    }
    expect(cautious.health().state).toBe('connected')
  })

  test('is every message, over queues of its own', async () => {
    const broker = createMemoryBroker({ accounts: ['cautious'] })
    const types = [
      'control.pause.v1',
      'control.resume.v1',
      'control.halt.v1',
      'control.flatten.v1',
    ] as const
    const seen: string[] = []
    const listen = (bus: ReturnType<typeof broker.connect>, who: string) =>
      bus.subscribe({
        agent: 'risk-manager',
        types,
        handler: async () => {
          seen.push(who)
          return ack
        },
      })
    await listen(broker.connect(), 'main')
    const payload = { requestedBy: 'me', reason: '', account: null, symbol: null }
    const options = { source: 'operator', occurredAt: 0, discriminator: '1', payload } as const
    await broker.connect().publish(createMessage(Pause, options))
    await listen(busOfAccount(broker.connect(), 'cautious'), 'cautious')
    await broker.idle()
    expect(seen).toEqual(['main', 'cautious'])
  })
})
