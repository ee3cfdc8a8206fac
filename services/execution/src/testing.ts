// Builders, and a harness that runs one desk against a fake venue and a memory ledger with every
// effect and every crash in the test's hands.
import {
  createMessage,
  deriveId,
  instant,
  IntentApproved,
  type AnyMessage,
  type Message,
} from '@flotilla/contracts'
import { createMemoryLedger, type Ledger, type Reservation, type Unit } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { createFakeVenue, symbolRules, type FakeVenue } from '@flotilla/venue/testing'
import type { SymbolRules } from '@flotilla/venue'
import type { z } from 'zod'
import { ExecutionConfig } from './config.ts'
import {
  recoverDesk,
  step,
  type Answer,
  type Desk,
  type Effect,
  type Input,
  type Settings,
} from './core/index.ts'
import { carryOut } from './effects.ts'
import { settingsOf } from './settings.ts'
import { loadRecords } from './store.ts'

export const account = 'main'
export const venueName = 'simulator'
export const symbol = 'BTC/USDT'
export const startedAt = Date.UTC(2024, 7, 5, 12)

export type ApprovalOptions = {
  readonly name: string
  readonly purpose?: 'entry' | 'exit'
  readonly symbol?: string
  readonly quantity?: string
  readonly limitPrice?: string
  readonly stop?: string | null
  readonly takeProfit?: string | null
  readonly now?: number
  readonly expiresInMs?: number
  /** What the intent reckoned with; nothing is said of it unless given. */
  readonly expected?: string
}

/** What risk says and what it stored before it said so. */
export function approval(options: ApprovalOptions): {
  message: Message<typeof IntentApproved>
  reservation: Reservation
} {
  const { name, purpose = 'entry', quantity = '0.01', limitPrice = '50100' } = options
  const market = options.symbol ?? symbol
  const { now = startedAt, expiresInMs = 60_000 } = options
  const intentId = deriveId('intent', name)
  const reservationId = deriveId('reservation', name)
  const entry = purpose === 'entry'
  const [base = '', quote = ''] = market.split('/')
  const amount = entry ? Decimal.from(quantity).times(limitPrice) : Decimal.from(quantity)
  const asset = entry ? quote : base
  const message = createMessage(IntentApproved, {
    source: 'risk-manager',
    occurredAt: now,
    account,
    correlationId: deriveId('correlation', name),
    discriminator: name,
    payload: {
      decisionId: deriveId('decision', name),
      intentId,
      strategy: 'test',
      account,
      venue: venueName,
      symbol: market,
      side: entry ? 'buy' : 'sell',
      purpose,
      quantity,
      limitPrice: entry ? limitPrice : null,
      referencePrice: '50000',
      ...expectationOf(options, now),
      reservation: { reservationId, asset, amount: amount.toString() },
      stopLossPrice: entry ? (options.stop === undefined ? '49000' : options.stop) : null,
      takeProfitPrice: entry
        ? options.takeProfit === undefined
          ? '52000'
          : options.takeProfit
        : null,
      sizing: { method: 'fixed', adjustments: [] },
      expiresAt: instant(now + expiresInMs),
    },
  })
  const reservation: Reservation = {
    reservationId,
    account,
    intentId,
    asset,
    amount,
    consumed: Decimal.zero,
    state: 'held',
    createdAt: now,
    endedAt: null,
    endReason: null,
  }
  return { message, reservation }
}

function expectationOf({ expected }: ApprovalOptions, now: number) {
  if (expected === undefined) return {}
  return { expectedPrice: expected, expectedPriceAt: instant(now - 1_000) }
}

/** A ledger with an account that owns plenty, so that reservations are never the matter. */
export async function openTestLedger(ledger = createMemoryLedger()): Promise<Ledger> {
  const balances = ['USDT', 'BTC', 'ETH'].map(
    (asset) =>
      ({
        kind: 'balance-adjusted',
        account,
        asset,
        totalDelta: Decimal.from(1_000_000_000),
      }) as const,
  )
  const opened = {
    account,
    venue: venueName,
    mode: 'paper',
    currency: 'USDT',
    openedAt: 0,
  } as const
  const changes = [{ kind: 'account-opened', account: opened } as const, ...balances]
  await ledger.commit([{ consumer: 'risk-manager', causeId: null, changes, outgoing: [] }])
  return ledger
}

export async function hold(ledger: Ledger, reservation: Reservation): Promise<void> {
  const changes = [{ kind: 'reservation-held', reservation } as const]
  await ledger.commit([{ consumer: 'risk-manager', causeId: null, changes, outgoing: [] }])
}

export type HarnessOptions = {
  readonly price?: string
  readonly usdt?: string
  readonly btc?: string
  readonly rules?: Partial<SymbolRules>
  /** Ways out beside stop and take-profit, as the configuration has them. */
  readonly exits?: NonNullable<z.input<typeof ExecutionConfig>>['exits']
  readonly seams?: Seams
}

/** Where a test of the tests puts a fault in; nothing of it is there in production. */
export type Seams = {
  readonly step?: typeof step
  readonly settings?: Partial<Settings>
  /** The desk as a new process builds it. */
  readonly recovered?: (desk: Desk) => Desk
  /** What really leaves for the venue. */
  readonly sent?: (effect: Effect) => Effect
  /** What the core hears of an answer. */
  readonly heard?: (answer: Answer, desk: Desk) => Answer
  /** Calls the venue, and acknowledges, before the commit: a crash loses it. */
  readonly commitsLate?: boolean
}

export async function createHarness(options: HarnessOptions = {}): Promise<DeskHarness> {
  const harness = new DeskHarness(await openTestLedger(), options)
  await harness.restart()
  await harness.input({ kind: 'tick' })
  await harness.settle()
  return harness
}

export class DeskHarness {
  readonly ledger: Ledger
  readonly venue: FakeVenue
  readonly messages: AnyMessage[] = []
  readonly #rules: SymbolRules
  readonly #exits: HarnessOptions['exits']
  readonly #seams: Seams
  #uncommitted: Unit | null = null
  now = startedAt
  desk!: Desk
  /** Asked for by committed drafts and not carried out yet. */
  effects: Effect[] = []
  /** Carried out, but the answer has not arrived yet. */
  answers: Answer[] = []
  /** What the shell keeps over restarts: nothing is to be held until resumed. */
  flattened: string | null = null
  /** Orders that a right desk does not send: what the venue refused without being told to. */
  readonly refused: string[] = []
  #price: Decimal
  /** What the venue, or a copy of it, makes of an answer before it is heard. */
  replica: (answer: Answer) => Answer = (answer) => answer

  constructor(ledger: Ledger, options: HarnessOptions) {
    this.ledger = ledger
    this.#rules = symbolRules(options.rules)
    this.#exits = options.exits
    this.#seams = options.seams ?? {}
    this.#price = Decimal.from(options.price ?? '50000')
    this.venue = createFakeVenue({
      name: venueName,
      rules: [this.#rules],
      balances: { USDT: options.usdt ?? '1000000', BTC: options.btc ?? '0' },
      prices: { [symbol]: options.price ?? '50000' },
      now: () => this.now,
    })
  }

  /** A new process: nothing survives but the ledger and the venue. */
  async restart(): Promise<void> {
    this.effects = []
    this.answers = []
    this.#uncommitted = null
    const market = { account, venue: venueName, symbol, rules: this.#rules }
    const config = ExecutionConfig.parse({ exits: this.#exits })
    const settings = { ...settingsOf(config, this.venue.profile, 1), ...this.#seams.settings }
    const records = await loadRecords(this.ledger, market)
    const recovered = recoverDesk({ market, settings, records }, this.now)
    this.desk = this.#seams.recovered?.(recovered) ?? recovered
  }

  /** One step as the shell makes it: commit first, then keep the desk and hand out the effects. */
  async input(input: Input, causeId: string | null = null): Promise<'committed' | 'duplicate'> {
    const desk = { ...this.desk, flattened: this.flattened ?? this.desk.flattened }
    const draft = (this.#seams.step ?? step)(desk, input, this.now)
    const { changes, messages: outgoing } = draft
    const kind = await this.#commit({ consumer: 'execution', causeId, changes, outgoing })
    if (kind === 'duplicate') return kind
    this.desk = draft.desk
    this.messages.push(...outgoing)
    this.effects.push(...draft.effects)
    return 'committed'
  }

  async #commit(unit: Unit): Promise<'committed' | 'duplicate'> {
    const now = this.#seams.commitsLate === true ? this.#uncommitted : unit
    this.#uncommitted = unit
    if (now === null) return 'committed'
    const [outcome] = await this.ledger.commit([now])
    if (outcome?.kind === 'refused') throw new Error(`${outcome.constraint}: ${outcome.detail}`)
    return outcome?.kind === 'duplicate' ? 'duplicate' : 'committed'
  }

  async approve(options: ApprovalOptions): Promise<'committed' | 'duplicate'> {
    const { message, reservation } = approval({ now: this.now, ...options })
    const known = await this.ledger.findReservation(reservation.reservationId)
    if (known === null) await hold(this.ledger, reservation)
    const held = known ?? reservation
    return this.input({ kind: 'approved', message, reservation: held }, message.messageId)
  }

  /** The venue gets the request; its answer is still on the way. */
  async send(effect: Effect): Promise<void> {
    this.effects = this.effects.filter((each) => each !== effect)
    const request = this.#seams.sent?.(effect) ?? effect
    const answer = await carryOut(this.venue, symbol, request)
    this.#noteRefusal(effect, answer)
    this.answers.push(this.replica(answer))
  }

  /** The market may have left the place between stop and target meanwhile; all else is our fault. */
  #noteRefusal(effect: Effect, answer: Answer): void {
    if (!('outcome' in answer) || answer.outcome.kind !== 'rejected') return
    const { code, reason } = answer.outcome
    if (reason.startsWith('scripted') || code === 'order_not_found') return
    // Between our word and its arrival a price may have run out.
    if (effect.kind === 'accept-quote' && reason.includes('expired')) return
    const outOfPlace = code === 'price_relation' || code === 'would_trigger_immediately'
    if (!outOfPlace || !this.#hasLeft(effect)) this.refused.push(`${effect.key}: ${code} ${reason}`)
  }

  #hasLeft(effect: Effect): boolean {
    if (effect.kind === 'place-order') {
      return 'stopPrice' in effect.request && effect.request.stopPrice.atLeast(this.#price)
    }
    if (effect.kind !== 'place-protection') return false
    const { stop, takeProfit } = effect.request
    return stop.stopPrice.atLeast(this.#price) || takeProfit.limitPrice.atMost(this.#price)
  }

  async receive(answer: Answer): Promise<void> {
    this.answers = this.answers.filter((each) => each !== answer)
    await this.input(this.#seams.heard?.(answer, this.desk) ?? answer)
  }

  /** Everything that is under way comes through. */
  async settle(): Promise<void> {
    while (this.effects.length > 0 || this.answers.length > 0) {
      for (const effect of this.effects) await this.send(effect)
      for (const answer of this.answers) await this.receive(answer)
    }
  }

  /** Market time goes by in small steps, as the shell's timer does it. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let gone = 0; gone < ms; gone += stepMs) {
      this.now += stepMs
      await this.input({ kind: 'tick' })
      await this.settle()
    }
  }

  /** The price as it stands is told again. */
  async ticker(): Promise<void> {
    await this.input({ kind: 'price', price: this.#price, at: this.now })
  }

  async price(price: string): Promise<void> {
    this.#price = Decimal.from(price)
    this.venue.setPrice(symbol, price)
    await this.ticker()
  }

  said(type: AnyMessage['type']): AnyMessage[] {
    return this.messages.filter((message) => message.type === type)
  }
}

/** As the ledger has it. */
/** One price after the other, each long enough for all that follows from it. */
export async function priceGoes(desk: DeskHarness, ...prices: string[]): Promise<void> {
  for (const price of prices) {
    await desk.price(price)
    await desk.settle()
    await desk.pass(1_500)
  }
}

export async function positionOf(desk: DeskHarness) {
  const position = await desk.ledger.findPosition(account, venueName, symbol)
  return {
    quantity: position?.quantity.toString(),
    state: position?.protection?.state,
    covered: position?.protection?.quantity.toString(),
  }
}
