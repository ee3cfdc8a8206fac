// The judge of a whole run. It reads the simulator's own ledger and the database, never what an
// agent remembers or says of itself: the same mistake in both would otherwise agree with itself.
import { Decimal, sum } from '@flotilla/money'
import pg from 'pg'
import type { SimulatorTruth } from './truth.ts'

export type CheckInput = {
  readonly databaseUrl: string
  readonly truth: SimulatorTruth
  readonly account: string
  /** How many dead letters the bus holds. */
  readonly deadLetters: number
  /** No stop rests at the venue: execution watches over what is held. */
  readonly isWatched?: boolean
  /** Into how many orders an entry may be taken apart; one unless said otherwise. */
  readonly slicesMax?: number
}

export type CheckResult = {
  /** One sentence for each thing that is not as it must be; none when all is well. */
  readonly violations: readonly string[]
  /** What the run did, so that a test can ask that it did something. */
  readonly counts: {
    readonly intents: number
    readonly approved: number
    readonly denied: number
    readonly orders: number
    readonly fills: number
    readonly openPositions: number
    readonly protectedPositions: number
  }
}

type Row = Readonly<Record<string, string | null>>
/** The ledger's rows as text, whatever keeps them. */
export type Tables = {
  readonly orders: readonly Row[]
  readonly fills: readonly Row[]
  readonly positions: readonly Row[]
  readonly balances: readonly Row[]
  readonly reservations: readonly Row[]
  readonly decisions: readonly Row[]
  readonly outbox: readonly Row[]
}

/** Compares both sides of a run that has come to rest. */
export async function check(input: CheckInput): Promise<CheckResult> {
  return judge({ tables: await readTables(input), ...input })
}

export type Judged = Pick<CheckInput, 'truth' | 'deadLetters' | 'isWatched' | 'slicesMax'> & {
  readonly tables: Tables
}

export function judge({ tables, truth, ...options }: Judged): CheckResult {
  const { deadLetters, isWatched, slicesMax = 1 } = options
  const violations = [
    ...positionsAreTheSumOfFills(tables),
    ...balancesAgree(tables, truth),
    ...reservationsAreReleased(tables),
    ...everyIntentHasOneEnd(tables),
    ...ordersAgree(tables, truth, slicesMax),
    ...fillsAgree(tables, truth),
    ...nothingOfOthersIsSold(truth),
    ...(isWatched === true
      ? positionsAreWatched(tables, truth)
      : positionsAreProtected(tables, truth)),
    ...everythingWasSaid(tables),
    ...(deadLetters === 0 ? [] : [`${deadLetters} messages are dead letters`]),
    ...truth.escapes.map((escape) => `a request escaped to ${escape}`),
  ]
  const verdicts = (verdict: string) =>
    tables.decisions.filter((row) => row['verdict'] === verdict).length
  const open = tables.positions.filter((row) => Decimal.from(row['quantity']!).isPositive())
  return {
    violations,
    counts: {
      intents: intentsOf(tables).length,
      approved: verdicts('approved'),
      denied: verdicts('denied'),
      orders: tables.orders.length,
      fills: tables.fills.length,
      openPositions: open.length,
      protectedPositions: open.filter((row) => row['protection_state'] === 'protected').length,
    },
  }
}

async function readTables({ databaseUrl, account }: CheckInput): Promise<Tables> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const of = async (columns: string, table: string): Promise<Row[]> =>
      (await client.query<Row>(`select ${columns} from ${table} where account = $1`, [account]))
        .rows
    return {
      orders: await of('*, quantity::text, filled_quantity::text, quote_filled::text', 'orders'),
      fills: await of('*, price::text, quantity::text, fee::text', 'fills'),
      positions: await of(
        "*, quantity::text, protection->>'state' as protection_state, protection->>'quantity' as protected_quantity",
        'positions',
      ),
      balances: await of('asset, total::text, reserved::text', 'balances'),
      reservations: await of('*, amount::text, consumed::text', 'reservations'),
      decisions: await of('*', 'decisions'),
      outbox: (
        await client.query<Row>(
          `select o.consumer, message->>'type' as type, (w.sequence is not null)::text as waiting,
                  message->'payload'->>'intentId' as intent_id,
                  message->'payload'->>'endsReservation' as ends_reservation
           from outbox o left join outbox_waiting w using (sequence)`,
        )
      ).rows,
    }
  } finally {
    await client.end()
  }
}

function positionsAreTheSumOfFills({ positions, fills }: Tables): string[] {
  const markets = new Set([...positions, ...fills].map((row) => row['symbol']!))
  return [...markets].flatMap((symbol) => {
    const held = sum(rowsOf(positions, symbol).map((row) => Decimal.from(row['quantity']!)))
    const filled = sum(rowsOf(fills, symbol).map(netQuantity))
    return held.equals(filled)
      ? []
      : [`position ${symbol} is ${held.toString()}, its fills sum to ${filled.toString()}`]
  })
}

function rowsOf(rows: readonly Row[], symbol: string): readonly Row[] {
  return rows.filter((row) => row['symbol'] === symbol)
}

function netQuantity(fill: Row): Decimal {
  const [base] = fill['symbol']!.split('/')
  const quantity = Decimal.from(fill['quantity']!)
  const signed = fill['side'] === 'buy' ? quantity : quantity.negated()
  return fill['fee_asset'] === base ? signed.minus(fill['fee']!) : signed
}

function balancesAgree({ balances }: Tables, truth: SimulatorTruth): string[] {
  const assets = new Set([...balances.map((row) => row['asset']!), ...truth.balances.keys()])
  return [...assets].flatMap((asset) => {
    const row = balances.find((each) => each['asset'] === asset)
    const ours = Decimal.from(row?.['total'] ?? '0')
    const theirs = truth.balances.get(asset) ?? Decimal.zero
    return ours.equals(theirs)
      ? []
      : [`balance of ${asset}: ledger ${ours.toString()}, venue ${theirs.toString()}`]
  })
}

function reservationsAreReleased({ reservations, balances }: Tables): string[] {
  const held = reservations.filter((row) => row['state'] === 'held')
  return [
    ...held.map((row) => `reservation ${row['reservation_id']!} is still held at rest`),
    ...balances
      .filter((row) => !Decimal.from(row['reserved']!).isZero())
      .map((row) => `${row['reserved']!} ${row['asset']!} is still reserved at rest`),
  ]
}

function intentsOf({ outbox }: Tables): string[] {
  return outbox
    .filter((row) => row['type'] === 'strategy.intent.proposed.v1')
    .map((row) => row['intent_id']!)
}

/** Denied, or approved and ended by exactly one message that frees the reservation. */
function everyIntentHasOneEnd(tables: Tables): string[] {
  const ends = countBy(
    tables.outbox.filter((row) => row['ends_reservation'] === 'true'),
    (row) => row['intent_id']!,
  )
  const verdicts = new Map(tables.decisions.map((row) => [row['intent_id']!, row['verdict']!]))
  return intentsOf(tables).flatMap((intent) => {
    const verdict = verdicts.get(intent)
    const count = ends.get(intent) ?? 0
    if (verdict === undefined) return [`intent ${intent} was never decided`]
    const expected = verdict === 'approved' ? 1 : 0
    return count === expected ? [] : [`intent ${intent} was ${verdict} and has ${count} ends`]
  })
}

function countBy(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1)
  return counts
}

const NEVER_SENT = new Set(['expired', 'not-placed', 'rejected', 'canceled'])

function ordersAgree(
  { orders, fills }: Tables,
  truth: SimulatorTruth,
  slicesMax: number,
): string[] {
  const converted = new Set(fills.filter(isConversion).map((row) => row['client_order_id'] ?? null))
  const ofTheBook = orders.filter((row) => !converted.has(row['client_order_id']!))
  const ours = new Map(orders.map((row) => [row['client_order_id']!, row]))
  const counts = new Map<string, number>()
  for (const { clientOrderId } of truth.orders) {
    counts.set(clientOrderId, (counts.get(clientOrderId) ?? 0) + 1)
  }
  const unknownToUs = truth.orders
    .filter((order) => !ours.has(order.clientOrderId))
    .map((order) => `the venue has order ${order.clientOrderId}, the ledger has not`)
  const perIntent = countBy(
    orders.filter(
      (row) => row['leg'] === 'entry' && (counts.get(row['client_order_id']!) ?? 0) > 0,
    ),
    (row) => row['intent_id']!,
  )
  return [
    ...unknownToUs,
    ...[...counts].flatMap(([id, count]) =>
      count > 1 ? [`order ${id} was placed ${count}x`] : [],
    ),
    ...[...perIntent].flatMap(([id, count]) =>
      count > slicesMax ? [`intent ${id} bought ${count}x`] : [],
    ),
    ...ofTheBook.flatMap((row) => orderAgrees(row, truth)),
  ]
}

/** The trade is compared as a fill; the venue has no order for it. */
function isConversion(fill: Row): boolean {
  return fill['trade_id']!.startsWith('convert-')
}

function orderAgrees(row: Row, truth: SimulatorTruth): string[] {
  const id = row['client_order_id']!
  const theirs = truth.orders.find((order) => order.clientOrderId === id)
  if (theirs === undefined) {
    return NEVER_SENT.has(row['state']!)
      ? []
      : [`order ${id} is ${row['state']!} but not at the venue`]
  }
  const filled = Decimal.from(row['filled_quantity']!)
  return [
    ...(filled.equals(theirs.filledQuantity)
      ? []
      : [
          `order ${id} filled ${filled.toString()}, at the venue ${theirs.filledQuantity.toString()}`,
        ]),
    ...(isOpen(row['state']!) === theirs.open
      ? []
      : [`order ${id} is ${row['state']!}, at the venue it is ${theirs.status}`]),
  ]
}

function isOpen(state: string): boolean {
  return ['created', 'submitting', 'accepted', 'partially-filled', 'unknown'].includes(state)
}

function fillsAgree({ fills }: Tables, truth: SimulatorTruth): string[] {
  const key = (symbol: string, tradeId: string) => `${symbol} ${tradeId}`
  const ours = new Map(fills.map((row) => [key(row['symbol']!, row['trade_id']!), row]))
  const missing = truth.trades.flatMap((trade) => {
    const row = ours.get(key(trade.symbol, trade.tradeId))
    if (row === undefined) return [`trade ${trade.symbol} ${trade.tradeId} is not in the ledger`]
    const same =
      trade.price.equals(row['price']!) &&
      trade.quantity.equals(row['quantity']!) &&
      trade.fee.equals(row['fee']!) &&
      trade.feeAsset === row['fee_asset']
    return same ? [] : [`trade ${trade.symbol} ${trade.tradeId} differs from the ledger's fill`]
  })
  const invented = fills.length - (truth.trades.length - missing.length)
  return invented > 0 ? [...missing, `${invented} fills are not at the venue`] : missing
}

/** What the account holds beside our trading is none of our business: a sale that is doubled would take of it. */
function nothingOfOthersIsSold({ trades }: SimulatorTruth): string[] {
  return [...new Set(trades.map(({ symbol }) => symbol))].flatMap((symbol) => {
    const [base] = symbol.split('/')
    const held = sum(
      trades
        .filter((trade) => trade.symbol === symbol)
        .map(({ side, quantity, fee, feeAsset }) => {
          const net = side === 'buy' ? quantity : quantity.negated()
          return feeAsset === base ? net.minus(fee) : net
        }),
    )
    return held.isNegative() ? [`${held.negated().toString()} ${symbol} was sold too much`] : []
  })
}

/** Less than the venue lets one trade: every market of the tests has this minimum notional. */
const DUST_NOTIONAL = Decimal.from(5)

/** What is held rests under a stop that really is at the venue, or is too little to be traded. */
function positionsAreProtected({ positions }: Tables, truth: SimulatorTruth): string[] {
  return positions.flatMap((row) => {
    const symbol = row['symbol']!
    const stops = truth.orders.filter(
      (order) => order.symbol === symbol && order.open && order.type.startsWith('STOP_LOSS'),
    )
    const covered = sum(stops.map((order) => order.quantity.minus(order.filledQuantity)))
    const naked = Decimal.from(row['quantity']!).minus(covered)
    const price = truth.trades.findLast((trade) => trade.symbol === symbol)?.price ?? Decimal.zero
    return naked.times(price).lessThan(DUST_NOTIONAL)
      ? []
      : [`${naked.toString()} ${symbol} (${row['protection_state'] ?? 'no state'}) has no stop`]
  })
}

/** What is held is watched over, all of it, or it is too little to be traded. */
function positionsAreWatched({ positions }: Tables, truth: SimulatorTruth): string[] {
  return positions.flatMap((row) => {
    const symbol = row['symbol']!
    const state = row['protection_state'] ?? 'none'
    const watched = state === 'protected' ? (row['protected_quantity'] ?? '0') : '0'
    const naked = Decimal.from(row['quantity']!).minus(watched)
    const price = truth.trades.findLast((trade) => trade.symbol === symbol)?.price ?? Decimal.zero
    return naked.times(price).lessThan(DUST_NOTIONAL)
      ? []
      : [`${naked.toString()} ${symbol} (${state}) is not watched`]
  })
}

function everythingWasSaid({ outbox }: Tables): string[] {
  const left = outbox.filter((row) => row['waiting'] === 'true')
  return left.length === 0 ? [] : [`${left.length} messages of the outbox were never published`]
}
