// Times of events, for who asks for them in microseconds by the address of his connection.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Simulator } from '../index.ts'
import {
  openTalk,
  PATIENCE,
  signParameters,
  type Message,
  type Talk,
} from '../testing/socket-client.ts'
import { restingBuy, startSimulatorByHand } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient
const open: WebSocket[] = []

beforeAll(async () => {
  const config = { balances: { USDT: '1000000', BTC: '5' } }
  ;({ simulator, client } = await startSimulatorByHand(config))
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate()
})
afterAll(() => simulator.stop())

/** The same address twice, the second time with the finer unit. */
async function both(path: string): Promise<readonly [coarse: Talk, fine: Talk]> {
  const join = path.includes('?') ? '&' : '?'
  const talks = [
    await openTalk(simulator.url, path),
    await openTalk(simulator.url, `${path}${join}timeUnit=MICROSECOND`),
  ] as const
  open.push(...talks.map(({ socket }) => socket))
  return talks
}

async function first({ heard }: Talk, is: (message: Message) => boolean): Promise<Message> {
  await expect.poll(() => heard.some(is), PATIENCE).toBe(true)
  return heard.find(is)!
}

type Fields = Readonly<Record<string, unknown>>

/** What the coarse event would be in microseconds, its moments named by who tests. */
function finer(event: Fields, ...moments: readonly string[]): Fields {
  const changed = moments.map((name) => [name, Number(event[name]) * 1_000] as const)
  return { ...event, ...Object.fromEntries(changed) }
}

test.each([
  ['btcusdt@trade', ['E', 'T']],
  ['btcusdt@aggTrade', ['E', 'T']],
  ['btcusdt@miniTicker', ['E']],
  ['btcusdt@ticker', ['E', 'O', 'C']],
  ['btcusdt@ticker_1h', ['E', 'O', 'C']],
  ['btcusdt@avgPrice', ['E', 'T']],
  ['btcusdt@depth@100ms', ['E']],
  ['btcusdt@referencePrice', ['t']],
  ['btcusdt@bookTicker', []],
])('%s', async (name, moments) => {
  for (const path of [`/ws/${name}`, `/stream?streams=${name}`]) {
    const [coarse, fine] = await both(path)
    simulator.advanceTo(simulator.now() + 2_000)
    const told = await first(coarse, () => true)
    const same = await first(fine, () => true)
    const [event, other] = 'data' in told ? [told['data'], same['data']] : [told, same]
    expect(other).toEqual(finer(event as unknown as Fields, ...moments))
  }
})

test('a candle has its moments inside, and the tickers of all markets are a list', async () => {
  const [coarse, fine] = await both('/stream?streams=btcusdt@kline_1m/!miniTicker@arr@1000ms')
  simulator.advanceTo(simulator.now() + 3_000)
  const isOf = (name: string) => (message: Message) => message['stream'] === name
  const candle = (await first(coarse, isOf('btcusdt@kline_1m')))['data'] as unknown as Fields
  const k = finer(candle['k'] as Fields, 't', 'T')
  expect((await first(fine, isOf('btcusdt@kline_1m')))['data']).toEqual({
    ...finer(candle, 'E'),
    k,
  })
  const all = (await first(coarse, isOf('!miniTicker@arr@1000ms')))['data'] as unknown as Fields[]
  expect(all).toHaveLength(3)
  expect((await first(fine, isOf('!miniTicker@arr@1000ms')))['data']).toEqual(
    all.map((event) => finer(event, 'E')),
  )
})

test('the account is told in the unit of its connection', async () => {
  const [coarse, fine] = await both('/ws-api/v3')
  for (const talked of [coarse, fine]) {
    const params = signParameters({ timestamp: simulator.now() })
    await talked.ask({ method: 'userDataStream.subscribe.signature', params })
  }
  await client.signed('POST', 'order', restingBuy)
  const eventOf = async (talk: Talk, kind: string): Promise<Fields> => {
    const isOf = ({ event }: Message) => (event as Fields | undefined)?.['e'] === kind
    return (await first(talk, isOf))['event'] as unknown as Fields
  }
  const report = await eventOf(coarse, 'executionReport')
  expect(await eventOf(fine, 'executionReport')).toEqual(finer(report, 'E', 'T', 'O', 'W'))
  const position = await eventOf(coarse, 'outboundAccountPosition')
  expect(await eventOf(fine, 'outboundAccountPosition')).toEqual(finer(position, 'E', 'u'))
})
