import { prettifyError, z, ZodError } from 'zod'
import { formatUnits, ordersOf } from '../core/index.ts'
import type { Desk } from '../desk.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { Simulator } from '../simulator.ts'
import { conversionReport } from './convert-endpoints.ts'
import { createMarketControl } from './market-control.ts'
import { moveByHand } from './funds-control.ts'
import { orderReport, listReport, tradeReport } from './reports.ts'
import type { TextRequest, TextResponse } from './server.ts'

/**
 * For tests and tools, on a port of its own: what really happened, and the hand on the clock. It never
 * goes through the rules of the exchange.
 */
export type ControlParts = {
  readonly desk: Desk
  readonly simulator: Simulator
  readonly isManual: boolean
  readonly faults: FaultControl
}

type Deed = (request: TextRequest) => TextResponse

export function createControl(parts: ControlParts): Deed {
  const { desk, faults } = parts
  const market = createMarketControl(desk)
  const deeds: Readonly<Record<string, Deed>> = {
    'GET /__sim/ledger': () => json(200, groundTruth(desk)),
    'GET /__sim/escapes': () => json(200, desk.escapes),
    'GET /__sim/clock': () => json(200, clockState(parts)),
    'POST /__sim/clock': ({ body }) => moveClock(parts, body),
    'POST /__sim/balances': ({ body }) => checked(() => moveByHand(desk, parseObject(body))),
    // The key of the account: changed as at a real exchange, and how often a wrong one came.
    'GET /__sim/keys': () => json(200, { refusals: desk.door.refusals }),
    'POST /__sim/keys': ({ body }) => checked(() => changeKeys(desk, parseObject(body))),
    'GET /__sim/faults': () => json(200, faults.list()),
    'POST /__sim/faults': ({ body }) => checked(() => faults.set(parseObject(body))),
    'DELETE /__sim/faults': ({ query }) => json(200, faults.lift(idOf(query))),
    'GET /__sim/market': () => json(200, market.show()),
    'POST /__sim/market': ({ body }) => checked(() => market.script(parseObject(body))),
    'DELETE /__sim/market': ({ query }) =>
      checked(() => market.release(new URLSearchParams(query).get('symbol'))),
  }
  return (request) => {
    const name = `${request.method} ${request.path}`
    return deeds[name]?.(request) ?? json(404, { error: `no control ${name}` })
  }
}

const Keys = z.strictObject({
  apiKey: z.string().regex(/^[A-Za-z0-9]+$/),
  apiSecret: z.string().min(1),
})

function changeKeys({ door }: Desk, wish: unknown): object {
  door.change(Keys.parse(wish))
  return {}
}

/** A wish that makes no sense is told why. */
function checked(act: () => unknown): TextResponse {
  try {
    const done = act()
    const isRefused = typeof done === 'object' && done !== null && 'error' in done
    return json(isRefused ? 400 : 200, done)
  } catch (error) {
    if (!(error instanceof ZodError)) throw error
    return json(400, { error: prettifyError(error) })
  }
}

function idOf(query: string): number | null {
  const id = new URLSearchParams(query).get('id')
  return id === null ? null : Number(id)
}

function json(status: number, body: unknown): TextResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** Orders, trades and balances as the engine has them; amounts as decimal text. */
function groundTruth(desk: Desk): unknown {
  const { engine } = desk
  const markets = [...engine.markets.values()]
  return {
    now: desk.now(),
    orders: markets.flatMap(({ orders }) =>
      orders.all().map((order) => ({ ...orderReport(order), locked: formatUnits(order.locked) })),
    ),
    trades: markets.flatMap(({ trades }) => trades.all().map(tradeReport)),
    lists: engine.lists.map((list) => listReport(list, ordersOf(engine, list))),
    conversions: engine.conversions
      .filter(({ acceptedAt }) => acceptedAt >= 0)
      .map(conversionReport),
    balances: [...engine.holdings].map(([asset, holding]) => ({
      asset,
      free: formatUnits(holding.free),
      locked: formatUnits(holding.locked),
      house: formatUnits(holding.house),
      fees: formatUnits(holding.fees),
    })),
    requests: desk.requests(),
    escapes: desk.escapes,
  }
}

function clockState({ simulator, desk }: ControlParts): unknown {
  const endOfData = simulator.endOfData()
  return {
    now: desk.now(),
    ...simulator.anchor(),
    endOfData,
    isAtEnd: endOfData !== null && desk.now() >= endOfData,
  }
}

function moveClock(parts: ControlParts, body: string): TextResponse {
  if (!parts.isManual) return json(409, { error: 'the clock runs by itself' })
  const target = readTarget(body, parts.desk.now())
  if (target === null) {
    return json(400, { error: 'send {"advanceTo": ms} or {"advanceBy": ms}, forward only' })
  }
  parts.simulator.advanceTo(target)
  return json(200, clockState(parts))
}

function readTarget(body: string, now: number): number | null {
  const wish = parseObject(body)
  const to = wish['advanceTo']
  const by = wish['advanceBy']
  const target = typeof by === 'number' ? now + by : to
  return typeof target === 'number' && Number.isSafeInteger(target) && target >= now ? target : null
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
