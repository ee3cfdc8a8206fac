// A chain of lives: each process of execution inherits from the one that was killed before it, and is
// killed in its turn. Exchange, risk manager, ledger and broker live on.
import { connectRabbit, provisionRabbit, rabbitDeadLetters } from '@flotilla/bus'
import { openPostgresLedger, type Ledger } from '@flotilla/ledger'
import pg from 'pg'
import { expect } from 'vitest'
import { check } from '../../e2e/support/checker.ts'
import { readTruth } from '../../e2e/support/truth.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { createCallLog } from './call-log.ts'
import type { Place } from './death.ts'
import { startExecution, type ExecutionProcess } from './execution-process.ts'
import { calls, faultsOf, isFilledByMarket, type Death } from './kill-table.ts'
import { account } from './messages.ts'
import { longestNakedMs } from './naked-time.ts'
import { Stage } from './stage.ts'

/** While nobody lives nobody protects: what counts is the time in which execution was there. */
const DEADLINE_MS = 35_000
const REST_MS = 400_000
const LOOK_EVERY_MS = 5_000
const MINUTE_MS = 60_000

export type Lives = {
  /** One death and what follows from it. */
  run(death: Death): Promise<void>
  close(): Promise<void>
}

export async function beginLives(amqpUrl: string): Promise<Lives> {
  const database = await createTestDatabase()
  const ledger = await openPostgresLedger({ url: database.url })
  await provisionRabbit(amqpUrl)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const stage = new Stage({
    ledger,
    connect: () => connectRabbit({ url: amqpUrl }),
    busIsQuiet: () => untilRiskKnows(client),
  })
  const lives = new Chain({ database, client, ledger, amqpUrl, stage })
  await lives.begin()
  return lives
}

/** Of the newest messages that the broker has from execution, those that risk has not taken in. */
const ON_THEIR_WAY = `
  select from (
    select * from outbox where consumer = 'execution' order by sequence desc limit 30
  ) said
  where message->>'type' like 'execution.order.%filled.v1'
    and not exists (select from outbox_waiting waiting where waiting.sequence = said.sequence)
    and not exists (
      select from inbox where inbox.consumer = 'risk-manager' and inbox.message_id = said.message_id
    )`

async function untilRiskKnows(client: pg.Client): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query({ name: 'on-their-way', text: ON_THEIR_WAY })
    if (rowCount === 0) return
  }
}

type World = {
  readonly database: TestDatabase
  readonly client: pg.Client
  readonly ledger: Ledger
  readonly amqpUrl: string
  readonly stage: Stage
}

class Chain implements Lives {
  readonly #world: World
  #execution: ExecutionProcess | null = null

  constructor(world: World) {
    this.#world = world
  }

  async begin(): Promise<void> {
    await this.#world.stage.open(() => this.#start())
  }

  async run(death: Death): Promise<void> {
    const { stage } = this.#world
    const beganAt = stage.now()
    await this.#prepare(death)
    await this.#die(death)
    const diedAt = stage.now()
    if (isFilledByMarket(death)) await this.#reachTarget()
    await stage.faults.lift()
    const deadMs = stage.now() - diedAt
    stage.replaceActor(await this.#start())
    await this.#untilAgreed()
    await this.#leave()
    await this.#untilAgreed()
    const truth = await readTruth(stage.simulator.controlUrl ?? '')
    const naked = longestNakedMs(truth, stage.now(), beganAt)
    expect(naked).toBeLessThanOrEqual(DEADLINE_MS + deadMs)
  }

  async close(): Promise<void> {
    const { stage, ledger, database, client } = this.#world
    await this.#execution?.stop()
    await stage.close()
    await client.end()
    await ledger.close()
    await database.drop()
  }

  async #start(): Promise<ExecutionProcess> {
    const { database, amqpUrl, stage } = this.#world
    const place: Place = {
      venueUrl: stage.simulator.url,
      databaseUrl: database.url,
      amqpUrl,
      now: stage.now(),
      folder: stage.folder,
    }
    this.#execution = await startExecution(place)
    return this.#execution
  }

  /** Up to the moment from which the next thing of its kind is the last. */
  async #prepare({ deed }: Death): Promise<void> {
    const { stage } = this.#world
    if (deed === 'order' || deed === 'bracket') return
    await this.#propose('entry')
    await stage.until('protected', async () => (await this.#state()) === 'protected')
  }

  async #die(death: Death): Promise<void> {
    const { stage } = this.#world
    const victim = this.#execution
    if (victim === null) throw new Error('nobody lives')
    await victim.doom({ point: death.point, ...calls[death.deed] })
    const ids: number[] = []
    for (const fault of faultsOf(death)) ids.push(await stage.faults.set(fault))
    const watching = death.point === 'sent' ? this.#killWhenStruck(ids.at(-1)!, victim) : null
    await this.#propose(death.deed === 'cancel' ? 'exit' : 'entry')
    await stage.until('the process is dead', () => victim.isDead)
    await watching
    expect(await victim.ended).toBe('SIGKILL')
    for (const id of ids) expect(await stage.faults.hits(id)).toBe(1)
  }

  /** The request is out and its answer is held back: now the process is killed from outside. */
  async #killWhenStruck(id: number, victim: ExecutionProcess): Promise<void> {
    const { faults } = this.#world.stage
    while (!victim.isDead && (await faults.hits(id)) === 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    await victim.kill()
  }

  /** Until it is approved: risk may hear of the last fill later than the scenario does. */
  async #propose(purpose: 'entry' | 'exit'): Promise<void> {
    const { stage, ledger } = this.#world
    for (let verdict = 'denied'; verdict === 'denied';) {
      const intentId = await stage.propose({ purpose })
      const decision = () => ledger.findDecision(account, intentId)
      await stage.until('risk has decided', async () => (await decision()) !== null)
      verdict = (await decision())?.verdict ?? 'denied'
    }
  }

  async #reachTarget(): Promise<void> {
    const { stage } = this.#world
    await stage.faults.moveMarket(2.5, 1)
    const end = stage.now() + 2 * MINUTE_MS
    await stage.until('the market was there', () => stage.now() >= end)
  }

  #state() {
    return createCallLog(this.#world.ledger).state()
  }

  async #violations(): Promise<readonly string[]> {
    const { stage, database, amqpUrl } = this.#world
    const truth = await readTruth(stage.simulator.controlUrl ?? '')
    const letters = await rabbitDeadLetters(amqpUrl).list({ limit: 100 })
    const deadLetters = letters.length
    const found = await check({ databaseUrl: database.url, truth, account, deadLetters })
    return found.violations
  }

  async #untilAgreed(): Promise<void> {
    const { stage } = this.#world
    const end = stage.now() + REST_MS
    let violations = await this.#violations()
    while (violations.length > 0 && stage.now() < end) {
      const next = stage.now() + LOOK_EVERY_MS
      await stage.until('time has passed', () => stage.now() >= next)
      violations = await this.#violations()
    }
    expect(violations).toEqual([])
  }

  /** The next life begins with nothing held. */
  async #leave(): Promise<void> {
    const { stage } = this.#world
    const settled = new Set([null, 'protected'])
    await stage.until('nothing is under way', async () => settled.has(await this.#state()))
    if ((await this.#state()) === null) return
    await this.#propose('exit')
    await stage.until('nothing is held', async () => (await this.#state()) === null)
  }
}
