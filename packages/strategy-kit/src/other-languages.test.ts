/**
 * The contract for strategies in other languages, and the example in Python that follows it, say the same
 * as the code of the fleet: ids, partitions, routing keys, and messages that are equal to the last field.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bindingKeyOf,
  createMessage,
  deriveId,
  epochMs,
  instant,
  IntentDenied,
  IntentProposed,
  parseMessage,
  partitionOf,
  PositionChanged,
  routingKeyOf,
  SignalsComputed,
  streamNamed,
  streamOf,
  timeframeMs,
} from '@flotilla/contracts'
import type { AnyMessage, MessageOfType, MessageType } from '@flotilla/contracts'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { analysis } from './testing.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const example = join(root, 'examples', 'python-strategy')
const python = spawnSync('python3', ['--version']).status === 0
if (!python) console.log('skipped: the example in Python is not checked, there is no python3')

const driver = `
import json, sys
sys.path.insert(0, sys.argv[1])
import flotilla, strategy
todo = json.load(sys.stdin)
player = strategy.Strategy("main")
said = []
for message in todo["messages"]:
    # What it remembers goes through JSON each time, as it does over a restart.
    player = strategy.Strategy("main", state=json.loads(json.dumps(player.state)))
    said.append(player.on_message(message))
heard = (flotilla.SIGNALS, flotilla.DENIED, flotilla.POSITION) + flotilla.ORDER_ENDS
json.dump({
    "ids": [flotilla.derive_id(*parts) for parts in todo["parts"]],
    "partitions": [flotilla.partition_of(symbol) for symbol in todo["symbols"]],
    "decimals": [flotilla.decimal_text(text) for text in todo["decimals"]],
    "said": said,
    "routes": [[flotilla.routing_key(each) for each in intents] for intents in said],
    "exchange": flotilla.TRADING_EXCHANGE,
    "heard": {each: flotilla.binding_keys(each) for each in heard},
}, sys.stdout)
`

type Intent = MessageOfType<'strategy.intent.proposed.v1'>
type Answer = {
  readonly ids: readonly string[]
  readonly partitions: readonly number[]
  readonly decimals: readonly string[]
  readonly said: readonly (readonly Intent[])[]
  readonly routes: readonly (readonly string[])[]
  readonly exchange: string
  readonly heard: Readonly<Record<MessageType, readonly string[]>>
}
type Question = {
  readonly parts?: readonly (readonly string[])[]
  readonly symbols?: readonly string[]
  readonly decimals?: readonly string[]
  readonly messages?: readonly AnyMessage[]
}

function ask(question: Question): Answer {
  const input = JSON.stringify({ parts: [], symbols: [], decimals: [], messages: [], ...question })
  const { status, stdout, stderr } = spawnSync('python3', ['-B', '-c', driver, example], {
    input,
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  })
  if (status !== 0) throw new Error(`the example failed: ${stderr}`)
  return JSON.parse(stdout) as Answer
}

const minute = timeframeMs['1m']
const epoch = 1_767_571_200_000
const symbol = 'ETH/USDT'

function signals(index: number, close: number): MessageOfType<'analysis.signals.computed.v1'> {
  const openTime = epoch + index * minute
  const candle = deriveId('candle', String(openTime))
  return createMessage(SignalsComputed, {
    source: 'technical-analysis',
    occurredAt: openTime + minute + 250,
    cause: { messageId: candle, correlationId: candle },
    payload: analysis({
      symbol,
      candleOpenTime: instant(openTime),
      candleCloseTime: instant(openTime + minute),
      close: close.toFixed(2),
    }),
  })
}

const about = { account: 'main', venue: 'simulator', symbol } as const

function position(version: number, quantity: string): AnyMessage {
  return createMessage(PositionChanged, {
    source: 'execution',
    occurredAt: epoch,
    discriminator: `position ${version}`,
    payload: {
      ...about,
      version,
      quantity,
      averageEntryPrice: quantity === '0' ? null : '100',
      realisedProfit: '0',
      protection: {
        state: quantity === '0' ? 'none' : 'protected',
        stopPrice: null,
        takeProfitPrice: null,
        quantity,
      },
    },
  })
}

function denied(intentId: string): AnyMessage {
  return createMessage(IntentDenied, {
    source: 'risk-manager',
    occurredAt: epoch,
    discriminator: intentId,
    payload: {
      ...about,
      decisionId: deriveId('decision', intentId),
      intentId,
      strategy: 'python-breakout',
      side: 'buy',
      purpose: 'entry',
      reasons: [{ code: 'no_price', symbol }],
    },
  })
}

/** The end of the order that served the intent, all of it filled. */
function filled(intentId: string, leg: 'entry' | 'exit'): AnyMessage {
  const golden = join(root, 'packages/contracts/src/golden/execution.order.filled.v1.json')
  const message = JSON.parse(
    readFileSync(golden, 'utf8'),
  ) as MessageOfType<'execution.order.filled.v1'>
  const payload = { ...message.payload, ...about, intentId, leg, endsReservation: true }
  return { ...message, payload }
}

const quiet = Array.from({ length: 20 }, (_, index) => signals(index, 100 + (index % 5)))
const breakout = signals(20, 120)

describe.skipIf(!python)('the example in Python', () => {
  it('derives the same ids from any texts', () => {
    const parts = fc.sample(fc.array(fc.string({ unit: 'binary' }), { maxLength: 6 }), {
      numRuns: 200,
      seed: 7,
    })
    const texts = [...parts, ['BTC/USDT', 'é', '😀'], [], ['']]
    expect(ask({ parts: texts }).ids).toEqual(texts.map((each) => deriveId(...each)))
  })

  it('finds the same partition for any symbol', () => {
    const asset = fc.stringMatching(/^[A-Z0-9]{1,20}$/)
    const symbols = fc.sample(
      fc.tuple(asset, asset).map(([base, quote]) => `${base}/${quote}`),
      { numRuns: 300, seed: 7 },
    )
    const expected = symbols.map((each) => partitionOf(each, streamNamed('intents').partitions))
    expect(ask({ symbols }).partitions).toEqual(expected)
    expect(new Set(expected).size).toBe(streamNamed('intents').partitions)
  })

  it('writes decimals as the fleet does', () => {
    const decimals = ['100.00', '0.10', '1E+3', '97.0000', '0', '0.000000010', '1200']
    const plain = ['100', '0.1', '1000', '97', '0', '0.00000001', '1200']
    expect(ask({ decimals }).decimals).toEqual(plain)
  })

  it('listens where the topology says that messages are', () => {
    const { heard, exchange } = ask({})
    for (const [type, keys] of Object.entries(heard) as [MessageType, readonly string[]][]) {
      const { partitions } = streamNamed(streamOf(type))
      const all = Array.from({ length: partitions }, (_, index) => bindingKeyOf(type, index))
      expect(keys).toEqual(all)
    }
    expect(exchange).toBe(`flotilla.${streamNamed(streamOf(IntentProposed.type)).exchange}`)
  })

  describe('proposes an entry', () => {
    let intent: Intent
    let route: string
    beforeAll(() => {
      const { said, routes } = ask({ messages: [...quiet, breakout] })
      expect(said.slice(0, -1).flat()).toEqual([])
      intent = said.at(-1)![0]!
      route = routes.at(-1)![0]!
    })

    it('that the fleet takes, on its way to the queue of its symbol', () => {
      expect(parseMessage(intent)).toEqual(intent)
      expect(route).toBe(routingKeyOf(intent))
    })

    it('that is, to the last field, what a strategy of the fleet would have said', () => {
      const { candleOpenTime, candleCloseTime, timeframe, venue } = breakout.payload
      const now = epochMs(breakout.occurredAt)
      const named = ['intent', 'main', 'python-breakout', venue, symbol, timeframe, candleOpenTime]
      expect(intent).toEqual(
        createMessage(IntentProposed, {
          source: 'strategy',
          occurredAt: now,
          cause: breakout,
          discriminator: `python-breakout ${candleOpenTime}`,
          account: 'main',
          payload: {
            intentId: deriveId(...named),
            strategy: 'python-breakout',
            venue,
            symbol,
            side: 'buy',
            purpose: 'entry',
            confidence: 65,
            expectedPrice: '120.00',
            expectedPriceAt: candleCloseTime,
            reason: 'close 120.00 is above the last 20',
            stopLossPrice: '116.4',
            takeProfitPrice: '127.2',
            expiresAt: instant(now + 2 * minute),
            chain: [breakout.causationId!, breakout.messageId],
          },
        }),
      )
    })
  })

  it('enters and exits by turns, one intent at a time, and only what is its own', () => {
    const [first] = ask({ messages: [...quiet, breakout] }).said.at(-1)!
    const messages = [
      ...quiet,
      breakout,
      // Higher still, but the first wish is open.
      signals(21, 125),
      filled(first!.payload.intentId, 'entry'),
      position(1, '1'),
      signals(22, 130),
      signals(23, 90),
    ]
    const { said, routes } = ask({ messages })
    const wishes = said.flat()
    expect(wishes.map(({ payload }) => [payload.side, payload.purpose])).toEqual([
      ['buy', 'entry'],
      ['sell', 'exit'],
    ])
    expect(wishes.map((each) => parseMessage(each))).toEqual(wishes)
    expect(routes.flat()).toEqual(wishes.map((each) => routingKeyOf(each)))
    const exit = wishes[1]!.payload
    expect(exit).toMatchObject({ stopLossPrice: null, takeProfitPrice: null })
    const next = ask({
      messages: [...messages, filled(exit.intentId, 'exit'), position(2, '0'), signals(24, 140)],
    })
    expect(next.said.at(-1)).toMatchObject([{ payload: { side: 'buy' } }])
  })

  it('a denial frees it for the next wish; a position of others is not its to sell', () => {
    const [first] = ask({ messages: [...quiet, breakout] }).said.at(-1)!
    const again = ask({
      messages: [...quiet, breakout, denied(first!.payload.intentId), signals(21, 125)],
    })
    expect(again.said.flat()).toHaveLength(2)
    const others = ask({ messages: [...quiet, position(1, '1'), breakout, signals(21, 50)] })
    expect(others.said.flat()).toEqual([])
  })

  it('a message that comes twice, or late, is no second wish', () => {
    const { said } = ask({ messages: [...quiet, breakout, breakout, quiet[3]!] })
    expect(said.flat()).toHaveLength(1)
  })
})

describe('the description of the contract', () => {
  const text = readFileSync(join(root, 'docs', 'strategies', 'other-languages.md'), 'utf8')
  const rows = (heading: string) => {
    const [, rest = ''] = text.split(heading)
    return [...rest.split('\n\n')[0]!.matchAll(/^\| `(.+)` \| `?([^`]+?)`? \|$/gm)]
  }

  it('has the right partitions', () => {
    const found = rows('| symbol | partition |')
    expect(found.length).toBeGreaterThan(3)
    for (const [, name = '', partition] of found) {
      expect([name, Number(partition)]).toEqual([name, partitionOf(name, 4)])
    }
  })

  it('has the right ids', () => {
    const found = rows('| parts | id |')
    expect(found.length).toBeGreaterThan(2)
    for (const [, parts = '', id] of found) {
      expect([parts, id]).toEqual([parts, deriveId(...(JSON.parse(`[${parts}]`) as string[]))])
    }
  })

  it('has an intent that the fleet takes, with its routing key', () => {
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(text) ?? []
    const message = parseMessage(JSON.parse(json))
    expect(text).toContain(`\`${routingKeyOf(message)}\``)
  })
})
