// A chain of lives: each process of execution inherits from the one that was killed before it, and is
// killed in its turn. Exchange, risk manager, ledger and broker live on.
import { connectRabbit, provisionRabbit, rabbitDeadLetters } from '@flotilla/bus'
import type { AnyMessage } from '@flotilla/contracts'
import { openPostgresLedger, type Ledger } from '@flotilla/ledger'
import pg from 'pg'
import { expect } from 'vitest'
import { check } from '../../e2e/support/checker.ts'
import { readTruth } from '../../e2e/support/truth.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { createCallLog } from './call-log.ts'
import type { Place } from './death.ts'
import { startExecution, type ExecutionProcess } from './execution-process.ts'
import { killModeOf, type KillModeName } from './kill-deeds.ts'
import { faultsOf, isFilledByMarket, type Death, type Provocation } from './kill-table.ts'
import { account } from './messages.ts'
import { longestNakedMs, longestUnwatchedMs } from './naked-time.ts'
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

export async function beginLives(amqpUrl: string, mode: KillModeName = 'pair'): Promise<Lives> {
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
  const lives = new Chain({ database, client, ledger, amqpUrl, stage, mode })
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

const POSITIONS_SAID = `
  select message from outbox where message->>'type' = 'execution.position.changed.v1'
  order by sequence`

type World = {
  readonly database: TestDatabase
  readonly client: pg.Client
  readonly ledger: Ledger
  readonly amqpUrl: string
  readonly stage: Stage
  readonly mode: KillModeName
}

class Chain implements Lives {
  readonly #world: World
  #execution: ExecutionProcess | null = null
  /** Until then the market has jumped. */
  #calmAt = 0

  constructor(world: World) {
    this.#world = world
  }

  async begin(): Promise<void> {
    await this.#world.stage.open(() => this.#start())
  }

  async run(death: Death): Promise<void> {
    const { stage } = this.#world
    await this.#untilCalm()
    const beganAt = stage.now()
    await this.#prepare(death)
    await this.#die(death)
    const diedAt = stage.now()
    if (isFilledByMarket(death)) await this.#move(death.deed.fill ?? 0)
    await stage.faults.lift()
    const deadMs = stage.now() - diedAt
    stage.replaceActor(await this.#start())
    await this.#untilAgreed()
    await this.#leave()
    await this.#untilAgreed()
    // What is in doubt is in doubt anew for who comes after, and its time begins again.
    const times = death.deed.isDoubt ? 2 : 1
    expect(await this.#longestBareMs(beganAt)).toBeLessThanOrEqual(times * DEADLINE_MS + deadMs)
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
      settings: killModeOf(this.#world.mode).settings,
    }
    this.#execution = await startExecution(place)
    return this.#execution
  }

  /** Up to the moment from which the next thing of its kind is the last. */
  async #prepare({ deed }: Death): Promise<void> {
    const { stage } = this.#world
    for (const fault of deed.lead) await stage.faults.set(fault)
    if (deed.from === 'flat') return
    await this.#propose('entry')
    await stage.until('protected', async () => (await this.#state()) === 'protected')
    await stage.until('all is bought', () => this.#isBought())
  }

  async #isBought(): Promise<boolean> {
    const open = await this.#world.ledger.loadOpenOrders(account)
    // The rest of an entry may wait in the book.
    return open.every(({ leg, state }) => leg !== 'entry' || state === 'partially-filled')
  }

  async #die(death: Death): Promise<void> {
    const { stage } = this.#world
    const victim = this.#execution
    if (victim === null) throw new Error('nobody lives')
    const { call, about, stored, provocation } = death.deed
    await victim.doom({ point: death.point, call, about, stored })
    const ids: number[] = []
    for (const fault of faultsOf(death)) ids.push(await stage.faults.set(fault))
    const watching = death.point === 'sent' ? this.#killWhenStruck(ids.at(-1)!, victim) : null
    await this.#provoke(provocation)
    await stage.until('the process is dead', () => victim.isDead)
    await watching
    expect(await victim.ended).toBe('SIGKILL')
    for (const id of ids) expect(await stage.faults.hits(id)).toBe(1)
  }

  async #provoke(provocation: Provocation): Promise<void> {
    if (provocation === 'time') return
    if (typeof provocation === 'string') await this.#propose(provocation)
    else await this.#jump(provocation.percent)
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

  /** The market jumps at the next minute, for a minute. */
  async #jump(percent: number): Promise<void> {
    const { stage } = this.#world
    await stage.faults.moveMarket(percent, 1)
    await stage.untilMinuteEnds()
    this.#calmAt = stage.now() + MINUTE_MS + 1_000
  }

  /** And back. */
  async #move(percent: number): Promise<void> {
    await this.#jump(percent)
    await this.#untilCalm()
  }

  async #untilCalm(): Promise<void> {
    const { stage } = this.#world
    while (stage.now() < this.#calmAt) await stage.step(1_000)
  }

  async #longestBareMs(since: number): Promise<number> {
    const { stage, client, mode } = this.#world
    if (killModeOf(mode).isWatched) {
      const { rows } = await client.query<{ message: AnyMessage }>(POSITIONS_SAID)
      const said = rows.map(({ message }) => message)
      return longestUnwatchedMs(
        said.filter(({ occurredAt }) => Date.parse(occurredAt) >= since),
        stage.now(),
      )
    }
    return longestNakedMs(await readTruth(stage.simulator.controlUrl ?? ''), stage.now(), since)
  }

  #state() {
    return createCallLog(this.#world.ledger).state()
  }

  async #violations(): Promise<readonly string[]> {
    const { stage, database, amqpUrl, mode } = this.#world
    const { isWatched, slicesMax = 1 } = killModeOf(mode)
    const truth = await readTruth(stage.simulator.controlUrl ?? '')
    const letters = await rabbitDeadLetters(amqpUrl).list({ limit: 100 })
    const deadLetters = letters.length
    const found = await check({
      databaseUrl: database.url,
      truth,
      account,
      deadLetters,
      isWatched,
      slicesMax,
    })
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
