// One account of its own for each scenario: the real simulator on loopback with its control port and the
// real risk manager over its wire. Execution joins as an actor, in this process or in one of its own.
// Market time is moved by hand and stands still while anything is under way, so that minutes pass in
// milliseconds and nothing depends on how fast the machine is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bus } from '@flotilla/bus'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'
import { agent as execution } from '@flotilla/execution'
import { hostAgent, openPorts, readFleetConfig } from '@flotilla/fleet'
import type { Ledger } from '@flotilla/ledger'
import { createMetrics, realClock } from '@flotilla/runtime'
import { captureLogs, createManualClock, type ManualClock } from '@flotilla/runtime/testing'
import { agent as riskManager } from '@flotilla/risk-manager'
import { createPendingCalls, type PendingCalls } from '../../e2e/support/pending-calls.ts'
import { chaosConfig } from './chaos-config.ts'
import { createFaultClient, type FaultClient } from './fault-client.ts'
import {
  flattenMessage,
  intentMessage,
  reloadMessage,
  symbol,
  tickerMessage,
  type IntentWish,
} from './messages.ts'
import { openChaosVenue, venueKeys } from './venue.ts'

/** A round time in whole minutes. */
const STARTED_AT = Date.UTC(2026, 0, 5, 12)
const STEP_MS = 250

/** Of the same account, but not ours: selling more than was bought would be possible, and seen. */
export const OTHERS = '5'
const LONG_STEP_MS = 1_000
const TICKER_EVERY_MS = 2_000
const MINUTE_MS = 60_000

/** Who follows market time beside the risk manager. */
export type Actor = {
  /** Market time has moved on by so much. */
  advance(ms: number): Promise<void>
  /** Resolves when nothing is under way, but for so many calls that the venue holds back. */
  rest(held: number): Promise<void>
}

export type StageOptions = {
  readonly ledger: Ledger
  /** A bus of its own for each who asks. */
  readonly connect: () => Promise<Bus>
  /** Resolves when every message that was said has been dealt with. */
  readonly busIsQuiet: () => Promise<void>
}

export class Stage {
  readonly clock: ManualClock = createManualClock(STARTED_AT)
  readonly pending: PendingCalls = createPendingCalls()
  readonly simulator: Simulator
  readonly folder = mkdtempSync(join(tmpdir(), 'flotilla-chaos-'))
  /** The lines of the risk manager's log. */
  readonly riskLogs = captureLogs({ agent: 'risk-manager' })
  readonly #options: StageOptions
  readonly #closers: (() => Promise<void>)[] = []
  #actor: Actor | null = null
  #faults: FaultClient | null = null
  #market: Bus | null = null
  #price = '0'
  #tickerAt = 0
  #intents = 0
  #isHushed = false
  #realTimeUntil = 0
  #heldUntil = 0

  constructor(options: StageOptions) {
    this.#options = options
    this.simulator = createSimulator({
      config: {
        ...venueKeys,
        clock: 'manual',
        startAt: STARTED_AT,
        symbols: [symbol],
        balances: { USDT: '100000', BNB: '10', BTC: OTHERS },
        // Limits count real minutes, and a minute of the market takes a blink.
        limits: { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 },
        control: { enabled: true },
      },
      folder: null,
    })
  }

  get faults(): FaultClient {
    if (this.#faults === null) throw new Error('the stage is not open')
    return this.#faults
  }

  /** The actor is asked for once simulator and risk manager are there. */
  async open(join: () => Promise<Actor>): Promise<void> {
    await this.simulator.start()
    this.#faults = createFaultClient(this.simulator.controlUrl ?? '')
    this.#market = await this.#options.connect()
    await this.#openRisk()
    this.#actor = await join()
    await this.step()
  }

  replaceActor(actor: Actor): void {
    this.#actor = actor
  }

  now(): number {
    return this.clock.now()
  }

  /** Moves market time on, and waits until everything is done that follows from it. */
  async step(ms = STEP_MS): Promise<void> {
    const wait = Math.min(ms, this.#realTimeUntil - performance.now())
    if (wait > 0) await realClock.sleep(wait)
    this.simulator.advanceTo(this.clock.now() + ms)
    await this.#tellPrice()
    await this.clock.advance(ms)
    await this.#actor?.advance(ms)
    await this.rest()
  }

  async rest(): Promise<void> {
    do {
      await this.#options.busIsQuiet()
      await this.#actor?.rest(this.clock.now() < this.#heldUntil ? 1 : 0)
      await turn()
    } while (this.pending.count > 0)
  }

  /** @throws Error when it does not hold within that much market time. */
  async until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    withinMs = 180_000,
  ): Promise<void> {
    const deadline = this.clock.now() + withinMs
    while (!(await holds())) {
      if (this.clock.now() >= deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
      await this.step()
    }
  }

  /** Asks for a trade as a strategy does; the intent's id. */
  async propose(wish: IntentWish): Promise<string> {
    await this.#tellPrice(true)
    this.#intents += 1
    const moment = { now: this.now(), price: this.#price, number: this.#intents }
    const message = intentMessage(wish, moment)
    const { ledger } = this.#options
    const unit = { consumer: 'strategy', causeId: null, changes: [], outgoing: [message] } as const
    await ledger.commit([unit])
    await this.#market?.publish(message)
    await ledger.markPublished([message.messageId])
    return message.payload.intentId
  }

  /** From now on nobody tells prices, or they are told again. */
  hush(isHushed: boolean): void {
    this.#isHushed = isHushed
  }

  /** To the next minute, at which the market jumps, in larger steps. */
  async untilMinuteEnds(): Promise<void> {
    const minute = Math.floor(this.now() / MINUTE_MS)
    while ((this.now() + LONG_STEP_MS) / MINUTE_MS < minute + 1) await this.step(LONG_STEP_MS)
    while (this.now() / MINUTE_MS < minute + 1) await this.step()
  }

  async flatten(): Promise<void> {
    await this.#market?.publish(flattenMessage(this.now()))
  }

  async reload(): Promise<void> {
    await this.#market?.publish(reloadMessage(this.now()))
  }

  /** A venue asked for a pause in real time: for so long market time runs no faster than that. */
  keepRealTime(ms: number): void {
    this.#realTimeUntil = performance.now() + ms
  }

  /** A request is held back at the venue until market time has passed. */
  holdBack(ms: number): void {
    this.#heldUntil = this.clock.now() + ms
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close()
    await this.#market?.close()
    await this.simulator.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #openRisk(): Promise<void> {
    const specs = [riskManager, execution]
    const fleet = readFleetConfig({ file: 'chaos.yaml', text: chaosConfig, specs })
    const { logger } = this.riskLogs
    const metrics = createMetrics({ agent: 'risk-manager', instance: '1' })
    const context = { name: riskManager.name, instance: '1', logger, clock: this.clock, metrics }
    const { shared } = fleet
    const { folder } = this
    const opened = await openPorts({ shared, needs: ['marketStore'], context, folder })
    const venue = await openChaosVenue(this.simulator.url, this.clock)
    const bus = await this.#options.connect()
    const ledger = this.pending.watch(this.#options.ledger)
    const ports = { ...opened.ports, venue: this.pending.watch(venue), bus, ledger }
    const config = fleet.section('risk-manager')
    const agent = hostAgent({ spec: riskManager, shared, context, ports, folder, config })
    this.#closers.push(async () => {
      await this.whileTimeMoves(agent.stop())
      await bus.close()
      await venue.close()
      await opened.close()
    })
    await this.whileTimeMoves(agent.start())
  }

  /** An agent may wait on market time while it starts or stops; nothing moves it but us. */
  async whileTimeMoves(work: Promise<void>): Promise<void> {
    let done = false
    const watched = work.finally(() => {
      done = true
    })
    watched.catch(() => undefined)
    while (!done) {
      await this.clock.advance(0)
      await turn()
    }
    await watched
  }

  /** The price as data collection tells it; a venue that does not answer leaves the old one. */
  async #tellPrice(always = false): Promise<void> {
    const now = this.simulator.now()
    if (!always && (this.#isHushed || now < this.#tickerAt)) return
    this.#tickerAt = now + TICKER_EVERY_MS
    const price = await priceOf(this.simulator.url)
    if (price === null) return
    this.#price = price
    await this.#market?.publish(tickerMessage({ now, price }))
  }
}

async function priceOf(url: string): Promise<string | null> {
  const path = `/api/v3/ticker/price?symbol=${symbol.replace('/', '')}`
  const answer = await fetch(new URL(path, url)).catch(() => null)
  if (answer?.ok !== true) return null
  const { price } = (await answer.json()) as { price: string }
  return price
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
