// A wallet, a venue, and risk managers that crash, are overtaken, lose answers and hear things twice,
// in every order that the scheduler finds. One that was overtaken goes on as if it still led.
import { AssertionError } from 'node:assert/strict'
import { deriveId, type AnyMessage, type MessageOfType } from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import type fc from 'fast-check'
import { positionOf } from '../core/position.ts'
import { fundsOf, notePrice, type IntentMessage, type Limits } from '../core/index.ts'
import { book as bookOf, decimal, intentMessage, testNow } from '../testing.ts'
import { Leader, storeOf, type Surroundings } from './desk-leader.ts'
import type { Seams } from './desk-seams.ts'
import { Broken } from './fingerprint.ts'
import type { Tally } from './tally.ts'
import { startMoney, symbols, VenueModel, type Approval, type Symbol } from './venue-model.ts'
import { WatchedLedger, type Fault } from './watched-ledger.ts'

export type WorldOptions = {
  readonly scheduler: fc.Scheduler
  readonly limits: Limits
  readonly seams: Seams
  readonly tally: Tally
  /** Of several that take the same intents. */
  readonly account?: string
  /** The ledger that they share, as this one sees it. */
  readonly memory?: Ledger
  /** Whose a message is that any of them may find unsaid in the outbox. */
  readonly worldOf?: (account: string) => DeskWorld
}

export type Proposal = {
  readonly purpose: 'entry' | 'exit'
  readonly symbol: Symbol
  readonly strategy: string
  /** Its time is over before anybody can decide. */
  readonly late: boolean
}

/** A message that fails as often as this fails for ever. */
const deliveriesMax = 60

export class DeskWorld {
  readonly venue: VenueModel
  readonly tally: Tally
  readonly #ledger: WatchedLedger
  readonly #surroundings: Surroundings
  readonly #scheduler: fc.Scheduler
  readonly #worldOf: (account: string) => DeskWorld
  readonly #sent: AnyMessage[] = []
  /** What it was told of each intent: the ids of the verdicts. */
  readonly #verdicts = new Map<string, Set<string>>()
  /** One at a time per symbol, each until it is acknowledged: what the bus promises. */
  readonly #queues = new Map<string, Promise<void>>()
  /** What nobody waits for but the end of the test. */
  readonly #aside = new Map<string, Promise<unknown>>()
  #leader!: Leader
  /** The one before, where it was not told that it is over. */
  #rival: Leader | null = null
  #lookedAt = testNow
  #asides = 0

  constructor(options: WorldOptions) {
    const { scheduler, limits, seams, tally, account = 'main', memory } = options
    this.tally = tally
    this.venue = new VenueModel(account)
    this.#worldOf = options.worldOf ?? (() => this)
    this.#scheduler = scheduler
    const turn = (label: string) => this.#turn(label)
    const ledger = new WatchedLedger({
      venue: this.venue,
      tally,
      turn,
      ...(memory === undefined ? {} : { memory }),
    })
    this.#ledger = ledger
    this.#surroundings = {
      account,
      ledger,
      limits,
      seams,
      turn,
      publish: (leader, messages) => this.#publish(leader, messages),
      leads: (leader) => leader === this.#leader,
    }
  }

  async begin(): Promise<void> {
    const store = storeOf(this.#ledger, this.venue.account)
    const opening = store.accountOpening([{ asset: 'USDT', total: startMoney }], testNow)
    await this.#ledger.memory.commit([opening])
    this.#ledger.begin((await store.loadBook(bookOf({})))!)
    this.#leader = new Leader(1, this.#surroundings)
    this.look(0)
  }

  propose(proposal: Proposal): void {
    this.hear(intentOf(proposal, this.venue.name()))
  }

  hear(message: IntentMessage): void {
    this.#verdicts.set(message.payload.intentId, new Set())
    this.tell(message)
  }

  tell(message: AnyMessage | null): void {
    if (message === null) return
    this.#sent.push(message)
    const queue = queueOf(message)
    const before = this.#queues.get(queue) ?? Promise.resolve()
    const delivered = before.then(() => this.#deliver(message))
    judgedLater(delivered)
    this.#queues.set(queue, delivered)
    this.#tellRival(message)
  }

  tellAgain(number: number): void {
    this.tell(this.#sent[number % Math.max(1, this.#sent.length)] ?? null)
  }

  /** Another one leads; the one before dies, or has only not heard of it yet. */
  replace(before: 'dies' | 'goes on'): void {
    const old = this.#leader
    this.tally[before === 'dies' ? 'crashes' : 'takeovers'] += 1
    this.#leader = new Leader(old.life + 1, this.#surroundings)
    if (before === 'dies') {
      old.dead = true
      old.died.resolve()
    } else this.#rival = old
    old.replaced.resolve(false)
  }

  lose(fault: Fault): void {
    this.#ledger.fault = fault
  }

  look(hours: number): void {
    this.#lookedAt += hours * 3_600_000
    const now = this.#lookedAt
    this.#eachAside((leader) => leader.look(now))
  }

  trim(symbol: Symbol): void {
    this.#eachAside((leader) => leader.trim(symbol))
  }

  moveMarket(symbol: Symbol, percent: number): void {
    const at = testNow + this.#sent.length
    const quote = { price: decimal(String(percent)), at, source: 'market' } as const
    this.#eachAside(async ({ desk }) => notePrice((await desk).book, symbol, quote))
  }

  /** Whatever is under way comes to its end, and no order stays open. */
  async settleDown(): Promise<void> {
    for (;;) {
      await this.#idle()
      const { open } = this.venue
      for (const order of open) this.tell(this.venue.cancel(order))
      if (open.length === 0) return
    }
  }

  async checkEnd(): Promise<void> {
    const { broken } = this.#ledger
    if (broken !== null) throw broken
    const { book } = await this.#leader.desk
    this.#ledger.compare(book)
    demand(book.reservations.size === 0, 'a reservation is left')
    for (const [asset, owned] of this.venue.owned) {
      const { total } = fundsOf(book, asset)
      demand(total.equals(owned), `${asset}: ${total.toString()} of ${owned.toString()}`)
    }
    for (const symbol of symbols) {
      const owned = this.venue.owned.get(symbol.split('/')[0]!) ?? decimal('0')
      demand(positionOf(book, symbol).equals(owned), `${symbol}: not the sum of its fills`)
    }
    for (const [intentId, told] of this.#verdicts) {
      const { account } = this.venue
      const decided = await this.#ledger.memory.findDecision(account, intentId)
      demand(decided !== null, `${intentId} was never decided`)
      demand(told.size === 1, `${intentId} was answered ${told.size} times`)
    }
  }

  async #deliver(message: AnyMessage): Promise<void> {
    const { life } = this.#leader
    const careless = message.type === 'strategy.intent.proposed.v1' && this.#sent.length % 2 === 0
    for (let delivery = 1; ; delivery++) {
      await this.#turn('deliver')
      const leader = this.#leader
      // What an earlier life may have processed is looked up; with intents that is sometimes
      // forgotten, and the ledger's inbox has to notice.
      const mayBeOld = delivery > 1 || leader.life !== life || (life > 1 && !careless)
      const taking = leader.take(message, mayBeOld).then(() => true)
      // Whoever was replaced goes on with it, and nobody hears what becomes of it.
      taking.catch(() => undefined)
      if (this.#surroundings.seams.acknowledgesEarly === true) return
      try {
        if (await Promise.race([taking, leader.replaced.promise])) return
      } catch (error) {
        // Who forgets to look up decides twice: the book notices, and the second delivery looks.
        if (error instanceof Broken || (mayBeOld && error instanceof AssertionError)) throw error
        if (delivery > deliveriesMax) throw error
      }
    }
  }

  /** It hears what the other one hears, and what it does about it is its own business. */
  #tellRival(message: AnyMessage): void {
    const rival = this.#rival
    if (rival === null) return
    const queue = `${rival.life} ${queueOf(message)}`
    const before = this.#aside.get(queue) ?? Promise.resolve()
    const mayBeOld = this.#sent.length % 2 === 0
    const heard = before.then(() => rival.take(message, mayBeOld))
    this.#aside.set(
      queue,
      heard.catch(() => undefined),
    )
  }

  #eachAside(act: (leader: Leader) => Promise<void>): void {
    for (const leader of [this.#leader, this.#rival]) {
      if (leader === null) continue
      this.#asides += 1
      const acted = act(leader).catch((error: unknown) => {
        if (leader === this.#leader && error instanceof AssertionError) throw error
      })
      const ended = Promise.race([acted, leader.died.promise])
      judgedLater(ended)
      this.#aside.set(`aside ${this.#asides}`, ended)
    }
  }

  /** Execution sends what it hears of, when it has found the reservation. */
  async #publish(leader: Leader, messages: readonly AnyMessage[]): Promise<void> {
    await this.#turn('publish')
    if (leader.dead) return new Promise(() => undefined)
    for (const message of messages) {
      const isApproval = message.type === 'risk.intent.approved.v1'
      if (!isApproval && message.type !== 'risk.intent.denied.v1') continue
      await this.#worldOf(message.payload.account).#hearVerdict(message)
    }
  }

  async #hearVerdict(message: MessageOfType<VerdictType>): Promise<void> {
    const isApproval = message.type === 'risk.intent.approved.v1'
    const { intentId } = message.payload
    this.#verdicts.get(intentId)?.add(message.messageId)
    this.tally[isApproval ? 'approvals' : 'denials'] += 1
    const decided = await this.#ledger.memory.findDecision(this.venue.account, intentId)
    demand(decided !== null, `${intentId} is spoken of before it is durable`)
    if (isApproval) this.venue.place(message.payload as Approval)
  }

  async #idle(): Promise<void> {
    for (let seen = -1; seen !== this.#sent.length;) {
      seen = this.#sent.length
      await Promise.all(this.#queues.values())
      await Promise.all(this.#aside.values())
      await this.#leader.idle()
      await this.#leader.relay()
    }
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label)
  }
}

type VerdictType = 'risk.intent.approved.v1' | 'risk.intent.denied.v1'

/** What every account that takes part hears in the same words. */
export function intentOf(proposal: Proposal, name: string): IntentMessage {
  const { purpose, symbol, strategy, late } = proposal
  return intentMessage({
    intentId: deriveId('property', name),
    strategy,
    symbol,
    side: purpose === 'entry' ? 'buy' : 'sell',
    purpose,
    // So that those who wait together are not taken in the order in which they came.
    confidence: 60 + 10 * symbols.indexOf(symbol),
    expectedPrice: '100',
    ...(late ? { expiresAt: new Date(testNow - 1).toISOString() } : {}),
  })
}

function queueOf({ type, payload }: AnyMessage): string {
  const { symbol } = payload as { readonly symbol: string }
  return `${type.split('.')[0]} ${symbol}`
}

/** It is waited for at the end, unless what another account does has ended the sequence before. */
function judgedLater(work: Promise<unknown>): void {
  work.catch(() => undefined)
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Broken(otherwise)
}
