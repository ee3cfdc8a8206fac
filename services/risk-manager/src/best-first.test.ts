// Scarce capital goes to the most confident of those who wait for it, whoever asked first, and the record
// of the decision says so. The real shell, with no window in which intents are gathered.
import { deriveId } from '@flotilla/contracts'
import { createMemoryLedger, type Ledger } from '@flotilla/ledger'
import { describe, expect, it } from 'vitest'
import { intentMessage } from './testing.ts'
import { codesOf, until, type Rig } from './testing/rig.ts'
import { startedRigs } from './testing/started-rigs.ts'

type IntentMessage = ReturnType<typeof intentMessage>
type Decided = { readonly rig: Rig; readonly firstAsked: string }

const start = startedRigs()

const symbols = Array.from({ length: 40 }, (_, index) => `A${index}/USDT`)
const idOf = (symbol: string): string => deriveId('best first', symbol)

/** One for each symbol, in this order: more than are decided in one stretch. */
function intentsOf(ask: (index: number) => { confidence?: number; strategy?: string }) {
  return symbols.map((symbol, index) =>
    intentMessage({ symbol, intentId: idOf(symbol), expectedPrice: '100', ...ask(index) }),
  )
}

/** All of them wait at the same moment: each is looked up first, and all are answered together. */
async function decideTogether(
  messages: readonly IntentMessage[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Decided> {
  const gate = Promise.withResolvers<void>()
  const memory = createMemoryLedger()
  const lookedUp: string[] = []
  const ledger: Ledger = {
    ...memory,
    wasProcessed: async (consumer, id) => {
      lookedUp.push(id)
      await gate.promise
      return memory.wasProcessed(consumer, id)
    },
  }
  const usual = { balanceShare: '0.8', exposureShareMax: '1', batchWindowMs: 0 }
  const rig = await start({ ledger, symbols, config: { ...usual, ...config } })
  await rig.publish(...messages)
  await until(() => lookedUp.length === messages.length)
  gate.resolve()
  await until(() => rig.heard.length === messages.length)
  const first = messages.find(({ messageId }) => messageId === lookedUp[0])
  return { rig, firstAsked: first!.payload.symbol }
}

const approvedOf = ({ rig }: Decided) =>
  rig.heardOf('risk.intent.approved.v1').map(({ payload }) => payload.symbol)

async function firstCheckOf({ rig }: Decided, symbol: string) {
  const decision = await rig.ledger.findDecision('main', idOf(symbol))
  return decision!.checks[0]
}

describe('forty intents that wait at the same moment for money that suffices for one', () => {
  it('the most confident gets it, and its record says before whom and why', async () => {
    const confidence = (index: number) => (index === 20 ? 99 : 60 + (index % 30))
    const decided = await decideTogether(intentsOf((index) => ({ confidence: confidence(index) })))
    const { firstAsked } = decided
    expect(approvedOf(decided)).toEqual(['A20/USDT'])
    expect(new Set(codesOf(decided.rig).flat())).toEqual(
      new Set(['insufficient_available_balance']),
    )
    expect(await firstCheckOf(decided, 'A20/USDT')).toEqual({
      check: 'turn',
      outcome: 'passed',
      inputs: {
        waiting: 40,
        because: 'confidence',
        own: 99,
        older: confidence(symbols.indexOf(firstAsked)),
        olderIntentId: idOf(firstAsked),
      },
    })
  })

  it('a priority counts more than confidence', async () => {
    const ask = (index: number) => (index === 20 ? { strategy: 'canary' } : { confidence: 95 })
    const priorities = { canary: 1 }
    const decided = await decideTogether(intentsOf(ask), { priorities })
    expect(approvedOf(decided)).toEqual(['A20/USDT'])
    expect(await firstCheckOf(decided, 'A20/USDT')).toMatchObject({
      inputs: { because: 'priority', own: 1, older: 0, olderIntentId: idOf(decided.firstAsked) },
    })
  })

  it('of equals who asked first gets it, and no record speaks of a turn', async () => {
    const decided = await decideTogether(intentsOf(() => ({ confidence: 80 })))
    expect(approvedOf(decided)).toEqual([decided.firstAsked])
    for (const symbol of symbols) {
      expect(await firstCheckOf(decided, symbol)).toMatchObject({ check: 'trading-state' })
    }
  })
})
