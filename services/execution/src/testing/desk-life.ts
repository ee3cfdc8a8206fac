// The desk on a venue that loses, delays, refuses and fills as it likes, in processes that die at any
// moment between commit, request and answer. Whatever happens: no order is doubled, none is lost, what
// is held is the sum of the fills, and it is protected when the venue is well again.
import { Decimal } from '@flotilla/money'
import type { OrderType, VenueFill, VenueOrder } from '@flotilla/venue'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Answer, Settings } from '../core/index.ts'
import {
  account,
  createHarness,
  symbol,
  venueName,
  type DeskHarness,
  type Seams,
} from '../testing.ts'
import { check, OTHERS } from './desk-checks.ts'
import { BLIND_MS, commands, plans, refusal, type Command } from './desk-commands.ts'

/** The longest pause between questions, the time to settle a doubt, the deadline, an exit in doubt. */
const UNPROTECTED_MAX_SECONDS = 120

/** Well within the time after which the venue refuses a request for its age. */
const HELD_UP_MS = 12_000

/**
 * How reads of this venue lie. Its index of names lags for up to half a minute while everything else is
 * true; or for a moment now and then everything is as it was a while ago. A venue that did both at
 * once could hide an order from any number of questions. Or for longer than it takes until an order is given up
 * entries are denied by their names, and fills of them are told after a minute only, which is more than the resolver may
 * rely on: then an order that is there is given up, and has to be found when it is told.
 */
type Weakness = 'blind-to-names' | 'stale-copies' | 'denied-entries'

/** For so long in every so long a copy of the venue answers that lags behind by up to a minute. */
const STALE_FOR_MS = 1_500
const STALE_EVERY_MS = 10_000
const STALE_BY_MS = 60_000

/** So many of its lies are of the third kind. */
const DENIED_FOR_MS = 60_000
const DENIED_EVERY_MS = 120_000

class Run {
  readonly desk: DeskHarness
  /** When each order came to the venue, by the venue's id. */
  readonly #landedAt = new Map<string, number>()
  /** Until when questions by our name of an order find nothing. */
  readonly #blindUntil = new Map<string, number>()
  /** What the stream told and has not arrived yet; it arrives in any order. */
  readonly #told: VenueOrder[] = []
  #intents = 0
  #last: Parameters<DeskHarness['approve']>[0] | null = null

  constructor(desk: DeskHarness, weakness: Weakness) {
    this.desk = desk
    desk.venue.watchAccount((event) => {
      if (event.kind === 'order') this.#told.push(event.order)
    })
    desk.replica = (answer) => {
      this.#noteLandings()
      if (weakness === 'blind-to-names') return this.#blind(answer)
      if (weakness === 'denied-entries') return this.#denied(answer)
      return desk.now % STALE_EVERY_MS < STALE_FOR_MS ? this.#stale(answer) : answer
    }
  }

  #blind(answer: Answer): Answer {
    const isBlind = (id: string) => (this.#blindUntil.get(id) ?? 0) > this.desk.now
    if (answer.kind === 'order-told' && isBlind(answer.clientOrderId)) {
      return { ...answer, order: null }
    }
    if (answer.kind === 'protection-told' && isBlind(answer.listId)) {
      return { ...answer, protection: null }
    }
    return answer
  }

  /**
   * Of a conversion nothing else would ever be a witness: a desk that denied for as long what it has done could be
   * found out by its balances alone, and those are compared elsewhere.
   */
  #isConversion(id: string): boolean {
    const convert = this.desk.desk.tickets.get(id)?.terms.convert ?? null
    return convert !== null && convert !== 'failed'
  }

  #noteLandings(): void {
    for (const { venueOrderId } of this.desk.venue.allOrders()) {
      if (!this.#landedAt.has(venueOrderId)) this.#landedAt.set(venueOrderId, this.desk.now)
    }
  }

  #denied(answer: Answer): Answer {
    if (this.desk.now % DENIED_EVERY_MS >= DENIED_FOR_MS) return answer
    if (answer.kind === 'order-told') {
      return answer.order?.side === 'buy' ? { ...answer, order: null } : answer
    }
    if (answer.kind !== 'fills-told' && answer.kind !== 'searched') return answer
    const horizon = this.desk.now - STALE_BY_MS
    const isTold = ({ side, executedAt }: VenueFill) => side === 'sell' || executedAt <= horizon
    return { ...answer, fills: answer.fills.filter(isTold) }
  }

  /** The answer as it was before the newest orders and fills were known everywhere. */
  #stale(answer: Answer): Answer {
    const horizon = this.desk.now - STALE_BY_MS
    const isThere = (id: string) => (this.#landedAt.get(id) ?? horizon + 1) <= horizon
    const isOld = ({ executedAt }: VenueFill) => executedAt <= horizon
    switch (answer.kind) {
      case 'order-told':
        return isThere(answer.order?.venueOrderId ?? '') ? answer : { ...answer, order: null }
      case 'protection-told': {
        const id = answer.protection?.stop.venueOrderId ?? ''
        return isThere(id) ? answer : { ...answer, protection: null }
      }
      case 'fills-told':
        return { ...answer, fills: answer.fills.filter(isOld) }
      case 'searched': {
        const openOrders = answer.openOrders.filter(({ venueOrderId }) => isThere(venueOrderId))
        return { ...answer, openOrders, fills: answer.fills.filter(isOld) }
      }
      case 'price-told':
      case 'conversion-quoted':
      case 'order-placed':
      case 'order-canceled':
      case 'protection-placed':
      case 'protection-canceled':
      case 'read-failed':
        return answer
    }
  }

  async #hear({ which, how }: Extract<Command, { kind: 'hear' }>): Promise<void> {
    const at = which % Math.max(1, this.#told.length)
    const order = this.#told[at]
    if (order === undefined) return
    if (how !== 'again') this.#told.splice(at, 1)
    if (how !== 'never') await this.desk.input({ kind: 'streamed', order })
  }

  async run(command: Command): Promise<void> {
    const { desk } = this
    switch (command.kind) {
      case 'entry':
        return this.#approve({ purpose: 'entry', quantity: command.quantity, ...wait(command) })
      case 'exit': {
        const quantity = desk.desk.position?.quantity.times(command.share).dividedBy(10, 6, 'down')
        if (quantity === undefined || !quantity.isPositive()) return
        return this.#approve({ purpose: 'exit', quantity: quantity.toString(), ...wait(command) })
      }
      case 'send':
        return this.#send(command)
      case 'receive': {
        const answer = desk.answers[command.which % Math.max(1, desk.answers.length)]
        if (answer !== undefined) await desk.receive(answer)
        return
      }
      case 'price':
        return desk.price(String(command.price))
      case 'pass':
        return this.pass(command.ms)
      case 'work':
        return this.#work(command.ms)
      case 'crash':
        return desk.restart()
      case 'lag':
        for (const id of desk.desk.watches.keys()) {
          if (!this.#isConversion(id)) this.#blindUntil.set(id, desk.now + command.ms)
        }
        return
      case 'unreachable':
        return desk.venue.failReads('unavailable', command.reads)
      case 'nibble':
        return this.#nibble(command.share)
      case 'hear':
        return this.#hear(command)
      case 'settle':
        desk.venue.script(...command.scripts)
        return desk.settle()
      case 'flatten':
        await desk.input({ kind: 'flatten', reason: 'told so' })
        return
      case 'stay-out':
        desk.flattened = 'told so'
        await desk.input({ kind: 'flatten', reason: 'told so' })
        return
      case 'resume':
        await desk.input({ kind: 'resume', reason: 'told so' })
        desk.flattened = null
        desk.desk = { ...desk.desk, flattened: null }
        return
      case 'stubborn':
        return desk.venue.script(...Array.from({ length: 3 }, () => refusal))
      case 'repeat':
        if (this.#last !== null) await desk.approve(this.#last)
    }
  }

  /** Somebody takes a part of what rests at the target: that ends the stop beside it. */
  async #nibble(share: number): Promise<void> {
    const open = await this.desk.venue.fetchOpenOrders(symbol).catch(() => [])
    const target = open.find(({ type }) => type === 'limit-maker')
    if (target === undefined) return
    const left = target.quantity.minus(target.filledQuantity)
    const part = left.times(share).dividedBy(10, 5, 'down')
    if (part.isPositive()) this.desk.venue.fill(target.clientOrderId, part)
  }

  async #approve(options: Omit<Parameters<DeskHarness['approve']>[0], 'name'>): Promise<void> {
    const name = `intent-${this.#intents++}`
    this.#last = { name, limitPrice: '53000', now: this.desk.now, ...options }
    await this.desk.approve(this.#last)
  }

  async #send({ which, script }: Extract<Command, { kind: 'send' }>): Promise<void> {
    const { desk } = this
    const effect = desk.effects[which % Math.max(1, desk.effects.length)]
    if (effect === undefined) return
    const writes = {
      'place-order': 'placeOrder',
      'accept-quote': 'acceptQuote',
      'place-protection': 'placeProtection',
      'cancel-protection': 'cancelProtection',
      'cancel-order': 'cancelOrder',
    } as const
    const method = effect.kind in writes ? writes[effect.kind as keyof typeof writes] : null
    if (script !== null && method !== null) {
      desk.venue.script({ ...script, method })
      // Who loses an answer is often the one who cannot find the order either.
      const subject = effect.key.split(':')[1] ?? ''
      const isBlind = which % 2 === 0 && effect.kind !== 'accept-quote'
      if (isBlind) this.#blindUntil.set(subject, desk.now + BLIND_MS)
    }
    await desk.send(effect)
  }

  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 1_000) {
      const before = this.desk.now
      this.desk.now += Math.min(1_000, ms - gone)
      this.landLate(before)
      await this.desk.input({ kind: 'tick' })
    }
  }

  async #work(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 1_000) {
      await this.pass(Math.min(1_000, ms - gone))
      await this.desk.settle()
    }
  }

  /** Requests that were held up arrive after up to so long. */
  landLate(before: number): void {
    const { now, venue } = this.desk
    if (Math.floor(before / HELD_UP_MS) === Math.floor(now / HELD_UP_MS)) return
    venue.land()
    this.#noteLandings()
  }

  /** The venue is well, nothing more is asked for, and time goes by. */
  async heal(): Promise<void> {
    const { desk } = this
    desk.venue.forgetScripts()
    desk.venue.failReads('unavailable', 1)
    await desk.venue.fetchBalances().catch(() => null)
    for (let second = 0; second < 240; second++) {
      desk.now += 1_000
      this.landLate(desk.now - 1_000)
      await (second % 10 === 0 ? desk.ticker() : desk.input({ kind: 'tick' }))
      await desk.settle()
      if (second === UNPROTECTED_MAX_SECONDS) await this.#expectNoneBare()
    }
  }

  async #expectNoneBare(): Promise<void> {
    const position = await this.desk.ledger.findPosition(account, venueName, symbol)
    if (position === null || position.quantity.isZero()) return
    expect(['protected', 'dust']).toContain(position.protection?.state)
  }
}

function wait(command: { patience: number }) {
  return { expiresInMs: command.patience }
}

/** Small market orders, so that exits go in slices. */
const marketQuantityMax = Decimal.from('0.006')

type Offer = readonly [ocoAllowed: boolean, orderTypes: readonly OrderType[]]

/** What venues offer, from the most to nothing: each leaves more of the protection to the desk. */
export const offers: readonly Offer[] = [
  [true, ['market', 'limit', 'limit-maker', 'stop-loss', 'stop-loss-limit']],
  [false, ['market', 'limit', 'limit-maker', 'stop-loss']],
  [false, ['market', 'limit', 'limit-maker', 'stop-loss-limit']],
  [false, ['market', 'limit', 'limit-maker']],
]

const weaknesses = fc.constantFrom<Weakness>('blind-to-names', 'stale-copies')
/** Beyond what the resolver may rely on. */
export const denials = fc.constant<Weakness>('denied-entries')

type Habits = Pick<
  Settings,
  'pacing' | 'attachExits' | 'convert' | 'convertEntries' | 'keepsRemainder'
> &
  Partial<Pick<Settings, 'fillsById' | 'sweepMs'>>

/** As the configuration has it when nobody changed it. */
export const plainHabits = fc.constant<Habits>({
  pacing: null,
  attachExits: false,
  convert: false,
  keepsRemainder: false,
  convertEntries: false,
})

/** The same, where exits that the book takes badly are converted. */
export const convertingHabits = plainHabits.map((plain): Habits => ({ ...plain, convert: true }))

/** The same, where what an entry does not get at once stays in the book. */
export const keepingHabits = plainHabits.map((plain): Habits => ({
  ...plain,
  keepsRemainder: true,
}))

/** Venues that count their trades and venues that tell fills by time; all fills are looked through twice at the end. */
export const eitherWayOfTelling = plainHabits.chain((plain) =>
  fc.boolean().map((fillsById): Habits => ({ ...plain, fillsById, sweepMs: 110_000 })),
)

/** The larger of the entries goes in slices; done before the venue is well. */
const slices = { notionalMin: Decimal.from('300'), slices: 3, durationMs: 20_000 }

/** Either way of telling, and entries go in slices. */
export const slicingHabits = eitherWayOfTelling.map((each): Habits => ({ ...each, pacing: slices }))

const habits = fc.record<Habits>({
  pacing: fc.constantFrom<Habits['pacing']>(null, null, null, slices),
  attachExits: fc.boolean(),
  convert: fc.boolean(),
  keepsRemainder: fc.boolean(),
  convertEntries: fc.boolean(),
})

/** What a life may meet: venues, habits and happenings. */
type Scene = {
  readonly among: readonly Offer[]
  readonly own: fc.Arbitrary<Habits>
  readonly happens: fc.Arbitrary<Command>
  /** How its reads lie. */
  readonly lies: fc.Arbitrary<Weakness>
}

const everything: Scene = { among: offers, own: habits, happens: commands, lies: weaknesses }

/** One life of a desk as a property; with seams it is the life of a desk that has a fault. */
export function deskProperty(plant: () => Seams = () => ({}), scene: Partial<Scene> = {}) {
  const { among, own, happens, lies } = { ...everything, ...scene }
  const sequences = fc.array(happens, { minLength: 10, maxLength: 60, size: 'max' })
  const venues = fc.tuple(fc.constantFrom(...among), lies, own)
  return fc.asyncProperty(sequences, plans, venues, async (sequence, exits, venue) => {
    const [offer, weakness, habit] = venue
    const [ocoAllowed, orderTypes] = offer
    const rules = { marketQuantityMax, ocoAllowed, orderTypes }
    const planted = plant()
    const seams = { ...planted, settings: { ...habit, ...planted.settings } }
    const desk = await createHarness({ btc: OTHERS, rules, exits, seams })
    const run = new Run(desk, weakness)
    for (const command of sequence) await run.run(command)
    await run.heal()
    await check(desk, exits)
  })
}
