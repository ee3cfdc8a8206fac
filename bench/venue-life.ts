// What stands between an approved intent and its order on the wire, and between a fill and its stop: the
// real execution agent, its ledger and the simulator, in one process and over RabbitMQ. Against the least
// that both must do: one bare commit and one bare round trip of HTTP, of the same run.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRabbit, provisionRabbit, type Bus } from '@flotilla/bus'
import { createSimulator } from '@flotilla/exchange-simulator'
import { openPostgresLedger, startPrivatePostgres, type Ledger } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { realClock } from '@flotilla/runtime'
import { Client } from 'pg'
import { approval, hold, openTestLedger } from '../services/execution/src/testing.ts'
import { startRabbit } from '../test/support/rabbitmq.ts'
import { machineMs } from './chain-drive.ts'
import { figureOf, quantile, type Report } from './report.ts'
import type { LifeAnswer, LifeOrder, LifePlace } from './venue-life-process.ts'
import { startRelay, type Relay } from './venue-relay.ts'

/** The last one is the first with exits that come with the entry. */
const deployments = ['embedded', 'distributed', 'attached'] as const
type Deployment = (typeof deployments)[number]

const shotsPerRound = 20
/** Compilers, connections, prepared statements. */
const warmUp = 10
const placePath = '/api/v3/order'
const pairPath = '/api/v3/orderList/oco'
const bracketPath = '/api/v3/orderList/opoco'

type Times = { readonly toWire: number[]; readonly bare: number[] }

type World = {
  readonly ledger: Ledger
  readonly relay: Relay
  readonly simulatorUrl: string
  /** Where the venue's own record is read; null where exits follow the fill. */
  readonly recordUrl: string | null
  /** Tells the approval; the machine's time at which it was told. */
  readonly tell: (message: ReturnType<typeof approval>['message']) => Promise<number>
}

export async function life(report: Report, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  chmodSync(folder, 0o755)
  const closers: (() => Promise<void>)[] = []
  try {
    const symbols = Array.from(
      { length: warmUp + rounds * shotsPerRound },
      (_, at) => `L${at}/USDT`,
    )
    const worlds = await openAll({ folder, symbols, closers })
    const baseline = await startBaseline(worlds.databaseUrl, closers)
    const times = { embedded: fresh(), distributed: fresh(), attached: fresh() }
    const least: number[] = []
    for (const [shot, symbol] of symbols.entries()) {
      const order = shot % 2 === 0 ? deployments : deployments.toReversed()
      for (const name of order) {
        const measured = await shoot(worlds[name], symbol, `${name} ${shot}`)
        if (shot < warmUp) continue
        times[name].toWire.push(measured.toWire)
        times[name].bare.push(measured.bare)
      }
      const took = await baseline()
      if (shot >= warmUp) least.push(took)
    }
    for (const name of deployments) reportLife(report, name, { times: times[name], least })
  } finally {
    for (const close of closers.toReversed()) await close().catch(console.error)
    rmSync(folder, { recursive: true, force: true })
  }
}

const fresh = (): Times => ({ toWire: [], bare: [] })

type Opening = {
  readonly folder: string
  readonly symbols: readonly string[]
  readonly closers: (() => Promise<void>)[]
}

type Worlds = Record<Deployment, World> & { readonly databaseUrl: string }

async function openAll(opening: Opening): Promise<Worlds> {
  const { folder, closers } = opening
  const server = await startPrivatePostgres({
    folder: join(folder, 'postgres'),
    connectionsMax: 40,
  })
  closers.push(() => server.stop())
  const broker = await startRabbit()
  closers.push(() => broker.stop())
  await provisionRabbit(broker.url)
  const bus = await connectRabbit({ url: broker.url })
  closers.push(() => bus.close())
  const client = new Client({ connectionString: server.url })
  await client.connect()
  for (const name of deployments) await client.query(`create database life_${name}`)
  await client.query('create database life_bare')
  await client.end()
  const urlOf = (name: string): string => {
    const url = new URL(server.url)
    url.pathname = `/life_${name}`
    return url.href
  }
  const open = (name: Deployment, amqp: { url: string; bus: Bus } | null) =>
    openWorld(opening, { ledgerUrl: urlOf(name), amqp, attachExits: name === 'attached' })
  return {
    embedded: await open('embedded', null),
    distributed: await open('distributed', { url: broker.url, bus }),
    attached: await open('attached', null),
    databaseUrl: urlOf('bare'),
  }
}

type Place = {
  readonly ledgerUrl: string
  readonly amqp: { url: string; bus: Bus } | null
  readonly attachExits: boolean
}

async function openWorld(opening: Opening, place: Place): Promise<World> {
  const { ledgerUrl, amqp, attachExits } = place
  const { folder, symbols, closers } = opening
  const simulator = createSimulator({
    config: {
      symbols: [...symbols],
      balances: { USDT: '1000000' },
      limits: { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 },
      control: { enabled: attachExits },
    },
    folder: null,
  })
  await simulator.start()
  closers.push(() => simulator.stop())
  const relay = await startRelay(simulator.url)
  closers.push(() => relay.close())
  const ledger = await openTestLedger(await openPostgresLedger({ url: ledgerUrl }))
  closers.push(() => ledger.close())
  const lifePlace: LifePlace = {
    amqpUrl: amqp?.url ?? null,
    ledgerUrl,
    venueUrl: relay.url,
    symbols,
    folder,
    attachExits,
  }
  const child = await startExecution(lifePlace, closers)
  const tell: World['tell'] = async (approved) => {
    if (amqp === null) {
      const told = once(child, 'message')
      child.send({ approved } satisfies LifeOrder)
      const [answer] = (await told) as [LifeAnswer]
      return answer.kind === 'told' ? answer.at : Number.NaN
    }
    const at = machineMs()
    void amqp.bus.publish(approved)
    return at
  }
  const recordUrl = simulator.controlUrl ?? null
  return { ledger, relay, simulatorUrl: simulator.url, recordUrl, tell }
}

async function startExecution(
  place: LifePlace,
  closers: (() => Promise<void>)[],
): Promise<ChildProcess> {
  const file = join(import.meta.dirname, 'venue-life-process.ts')
  const child = fork(file, [JSON.stringify(place)], {
    // Log lines are written, as in production; nobody reads them here.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  closers.push(async () => {
    const exit = once(child, 'exit')
    child.send('stop' satisfies LifeOrder)
    await exit
  })
  await once(child, 'message')
  return child
}

/** One entry, from its approval to the pair that protects it. */
async function shoot(world: World, symbol: string, name: string) {
  const price = await priceOf(world.simulatorUrl, symbol)
  const at = (share: string): string => price.times(share).round(3, 'down').toString()
  const { message, reservation } = approval({
    name,
    symbol,
    now: realClock.now(),
    quantity: '10',
    limitPrice: at('1.02'),
    stop: at('0.9'),
    takeProfit: at('1.1'),
  })
  await hold(world.ledger, reservation)
  const { recordUrl } = world
  const placed = world.relay.next(recordUrl === null ? placePath : bracketPath)
  if (recordUrl !== null) {
    const toldAt = await world.tell(message)
    const { arrivedAt } = await placed
    return { toWire: arrivedAt - toldAt, bare: await bareAtVenue(recordUrl, symbol) }
  }
  const protectedBy = world.relay.next(pairPath)
  const toldAt = await world.tell(message)
  const entry = await placed
  const pair = await protectedBy
  return { toWire: entry.arrivedAt - toldAt, bare: pair.arrivedAt - entry.answeredAt }
}

type VenueRecord = {
  readonly orders: readonly { symbol: string; type: string; updateTime: number }[]
  readonly trades: readonly { symbol: string; time: number }[]
}

/** By the record of the venue itself, in whole milliseconds: from the fill until the stop came to life. */
async function bareAtVenue(url: string, symbol: string): Promise<number> {
  const name = symbol.replace('/', '')
  const answer = await fetch(new URL('/__sim/ledger', url))
  const { orders, trades } = (await answer.json()) as VenueRecord
  const stop = orders.find((order) => order.symbol === name && order.type === 'STOP_LOSS')
  const filledAt = trades.find((trade) => trade.symbol === name)?.time
  return (stop?.updateTime ?? Number.NaN) - (filledAt ?? Number.NaN)
}

async function priceOf(url: string, symbol: string): Promise<Decimal> {
  const answer = await fetch(`${url}/api/v3/ticker/price?symbol=${symbol.replace('/', '')}`)
  const { price } = (await answer.json()) as { price: string }
  return Decimal.from(price)
}

/** One bare commit of about the same size, and one bare round trip of HTTP, one after the other. */
async function startBaseline(
  databaseUrl: string,
  closers: (() => Promise<void>)[],
): Promise<() => Promise<number>> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create table bare_commits (id bigserial primary key, body jsonb not null)')
  const server = createServer((_, response) => response.end('{}'))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  closers.push(async () => {
    server.close()
    server.closeAllConnections()
    await client.end()
  })
  const text = 'insert into bare_commits (body) values ($1)'
  const values = [JSON.stringify({ text: 'x'.repeat(1_000) })]
  return async () => {
    const began = machineMs()
    await client.query({ name: 'commit', text, values })
    await (await fetch(url, { method: 'POST', body: 'x'.repeat(300) })).text()
    return machineMs() - began
  }
}

type Found = { readonly times: Times; readonly least: readonly number[] }

function reportLife(report: Report, name: Deployment, { times, least }: Found): void {
  const rows = [
    ['approved intent to order on the wire', times.toWire],
    ['without protection after a fill', times.bare],
  ] as const
  for (const [figure, values] of rows) {
    for (const share of [0.5, 0.99]) {
      report.add(
        figureOf({
          figure: `${figure} p${share * 100}, ${name}`,
          value: quantile(values, share),
          unit: 'ms',
          baseline: quantile(least, share),
          goal: '(baseline: a bare commit and a bare round trip)',
        }),
      )
    }
  }
}
