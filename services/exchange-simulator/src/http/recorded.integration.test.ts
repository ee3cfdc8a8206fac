// Our market data beside what the real exchange once answered and sent, field by field: everything that was
// recorded is there, under the same name and of the same kind. What the exchange has added since is listed.
// Of an account's events nothing is recorded; their shapes are in the goldens of the streams.
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from '../testing/started-simulator.ts'
import { markOf, orderedShape, sortedShape } from '../testing/shapes.ts'
import { openTalk } from '../testing/socket-client.ts'
import type { WireClient } from '../testing/wire-client.ts'

const DATA = join(import.meta.dirname, '../../../../../shared/market-data')
const isHere = existsSync(join(DATA, 'recorded'))
if (!isHere) console.log('skipped: the recorded answers of ../shared/market-data are not here')

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand())
})

afterAll(() => simulator.stop())

function textOf(path: string): string {
  const bytes = readFileSync(join(DATA, path))
  return path.endsWith('.gz') ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8')
}

type Fields = Record<string, unknown>

const recorded = (path: string): Fields =>
  (JSON.parse(textOf(`recorded/${path}`)) as { recordings: { response: Fields }[] }).recordings[0]!
    .response

/** Kind by name; what is ours alone is handed back by name. */
function compare(ours: Fields, theirs: Fields): string[] {
  const shapes = (fields: Fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, sortedShape(value)]))
  expect(shapes(ours)).toMatchObject(shapes(theirs))
  return Object.keys(ours).filter((name) => !(name in theirs))
}

describe.skipIf(!isHere)('answers', () => {
  test.each([
    ['avgPrice', 'avgPrice', ['closeTime']],
    ['ticker/price', 'ticker-price', []],
    ['ticker/bookTicker', 'bookTicker', []],
    ['ticker/24hr', 'ticker24hr', []],
    ['depth', 'depth', []],
  ])('%s', async (path, name, added) => {
    const { body } = await client.public(path, 'symbol=BTCUSDT')
    expect(compare(body, recorded(`binance_${name}_gct.json`))).toEqual(added)
  })

  test('klines', async () => {
    const { body } = await client.public('klines', 'symbol=BTCUSDT&interval=5m&limit=2')
    const theirs = recorded('binance_klines_gct.json.gz') as unknown as unknown[][]
    const marks = (row: unknown[]) => row.map(markOf)
    expect(marks((body as unknown as unknown[][])[0]!)).toEqual(marks(theirs[0]!))
  })

  test('exchangeInfo: the exchange, a symbol, each filter, each limit', async () => {
    const theirs = JSON.parse(
      textOf('recorded/binance_exchangeInfo_2025-08_25symbols.json'),
    ) as Fields
    const { body } = await client.public('exchangeInfo', 'symbol=BTCUSDT')
    expect(Object.keys(body).toSorted()).toEqual(Object.keys(theirs).toSorted())
    const symbolOf = (info: Fields) => (info['symbols'] as Fields[])[0]!
    const { filters: ourFilters, ...ours } = symbolOf(body)
    const { filters: theirFilters, ...others } = symbolOf(theirs)
    const names = Object.keys(others).toSorted()
    expect(Object.keys(ours).toSorted()).toEqual(expect.arrayContaining(names))
    const added = Object.keys(ours).filter((name) => !names.includes(name))
    expect(added).toEqual(['opoAllowed', 'pegInstructionsAllowed'])
    const byType = (filters: unknown) =>
      new Map((filters as Fields[]).map((filter) => [filter['filterType'], filter]))
    const mine = byType(ourFilters)
    for (const [type, filter] of byType(theirFilters)) {
      expect([type, Object.keys(mine.get(type) ?? {}).toSorted()]).toEqual([
        type,
        Object.keys(filter).toSorted(),
      ])
    }
    const limits = (info: Fields) =>
      (info['rateLimits'] as Fields[]).map(({ limit: _limit, ...rest }) => rest)
    expect(limits(body)).toEqual(limits(theirs))
  })
})

type Sent = { readonly stream: string; readonly data: Fields }

/** The first event of each kind, as the bytes came; its recorder wrote a moment before each line. */
function firstEvents(path: string): Map<string, Fields> {
  const first = new Map<string, Fields>()
  for (const line of textOf(path).split('\n')) {
    const start = line.indexOf('{')
    if (start < 0) continue
    const { stream = '', data = {} } = JSON.parse(line.slice(start)) as Partial<Sent>
    const kind = stream.slice(stream.indexOf('@') + 1)
    const isBare = kind.startsWith('depth') && [data['a'], data['b']].some((side) => !hasRows(side))
    if (!first.has(kind) && !isBare) first.set(kind, data)
  }
  return first
}

const hasRows = (side: unknown): boolean => Array.isArray(side) && side.length > 0

describe.skipIf(!isHere)('events, in the very order of their fields', () => {
  test.each([
    ['recorded/binance_ws_2021-10-12.txt.gz', ['depth@100ms', 'kline_1m', 'aggTrade']],
    ['ticks/binance_BTC-USDT_raw-ws_2024-08-08.jsonl.gz', ['trade', 'bookTicker', 'depth@100ms']],
  ])('%s', async (path, kinds) => {
    const theirs = firstEvents(path)
    expect([...theirs.keys()]).toEqual(expect.arrayContaining(kinds))
    for (const kind of kinds) {
      const socket = await openTalk(simulator.url, `/ws/btcusdt@${kind}`)
      for (let rounds = 0; socket.heard.length === 0 && rounds < 10_000; rounds += 1) {
        simulator.advanceTo(simulator.now() + 1_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.socket.terminate()
      const [ours] = socket.heard
      expect([kind, orderedShape(ours)]).toEqual([kind, orderedShape(theirs.get(kind))])
    }
  })
})
