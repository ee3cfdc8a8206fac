// Binance counts the weight of all requests of an address within a minute, whoever of us sends them. What it
// says in its headers is the truth; we add what is still on its way. The last part of a minute's allowance is
// kept for what ends risk: exits and cancels never wait here, questions about orders wait late, entries and
// market data first. Source: Binance's "Limits" and "General API Information".
import type { Endpoint, Parameters } from './client.ts'

/** By rank: who may use how much of the allowance. */
export const ceilings = { market: 0.8, entry: 0.8, question: 0.9, exit: Infinity } as const
export type Urgency = keyof typeof ceilings

export type BudgetOptions = {
  /** What the venue allows an address; 0 for no limit. */
  readonly weightPerMinute: number
  /** How much of it this client may use for anything but exits: more than one may share an address. */
  readonly share: number
  /** Real time, epoch milliseconds: the venue's minutes are everybody's. */
  readonly now: () => number
}

export type BudgetState = {
  readonly usedWeight: number
  /** Within one window; 0 for no limit. */
  readonly weightAllowed: number
  readonly weightWindowMs: number
}

/** What a limit of requests is to those who send them. */
export type Budget = {
  readonly state: BudgetState
  /** Takes the weight and answers 0, or answers how long to wait, in real milliseconds. */
  enter(weight: number, urgency: Urgency): number
  /** The request is over. */
  leave(weight: number): void
  /** A request that the venue may have counted without telling. */
  count(weight: number): void
}

const MINUTE_MS = 60_000

export class RequestBudget implements Budget {
  readonly #options: BudgetOptions
  #minute = 0
  /** As the venue said, and what it may have counted since. */
  #told = 0
  /** Of this client alone, in this minute. */
  #own = 0
  #onItsWay = 0

  constructor(options: BudgetOptions) {
    this.#options = options
  }

  get state(): BudgetState {
    this.#turn()
    const { weightPerMinute } = this.#options
    const usedWeight = this.#told + this.#onItsWay
    return { usedWeight, weightAllowed: weightPerMinute, weightWindowMs: MINUTE_MS }
  }

  enter(weight: number, urgency: Urgency): number {
    this.#turn()
    if (this.#hasRoom(weight, urgency)) {
      this.#onItsWay += weight
      this.#own += weight
      return 0
    }
    return MINUTE_MS - (this.#options.now() % MINUTE_MS)
  }

  /** The venue's own count of this minute. */
  hear(usedWeight: number): void {
    this.#turn()
    this.#told = usedWeight
  }

  count(weight: number): void {
    this.#turn()
    this.#told += weight
  }

  leave(weight: number): void {
    this.#onItsWay = Math.max(0, this.#onItsWay - weight)
  }

  #hasRoom(weight: number, urgency: Urgency): boolean {
    const { weightPerMinute, share } = this.#options
    if (weightPerMinute === 0 || urgency === 'exit') return true
    const ceiling = weightPerMinute * ceilings[urgency]
    const all = this.#told + this.#onItsWay + weight
    return all <= ceiling && this.#own + weight <= ceiling * share
  }

  #turn(): void {
    const minute = Math.floor(this.#options.now() / MINUTE_MS)
    if (minute === this.#minute) return
    this.#minute = minute
    this.#told = 0
    this.#own = 0
  }
}

/** What ends risk goes first. The account holds what it bought, so that a buy begins and a sell ends. */
export function urgencyOf(endpoint: Endpoint, parameters: Parameters): Urgency {
  if (endpoint.startsWith('privateGet') || endpoint === 'publicGetTime') return 'question'
  if (endpoint.startsWith('public')) return 'market'
  const side = parameters['side'] ?? parameters['workingSide']
  return side === 'BUY' && endpoint.startsWith('privatePost') ? 'entry' : 'exit'
}

type Weigh = (parameters: Parameters) => number

const weights: Readonly<Partial<Record<Endpoint, Weigh>>> = {
  publicGetExchangeInfo: () => 20,
  publicGetKlines: () => 2,
  publicGetTicker24hr: ({ symbols }) => tickerWeight(symbols),
  publicGetDepth: ({ limit }) => depthWeight(Number(limit ?? 100)),
  privateGetAccount: () => 20,
  privateGetOrder: () => 4,
  privateGetOrderList: () => 4,
  privateGetOpenOrders: ({ symbol }) => (symbol === undefined ? 80 : 6),
  privateGetMyTrades: ({ orderId }) => (orderId === undefined ? 20 : 5),
}

/** Orders and cancels cost 1 where they fail, and nothing where they succeed. */
export function weightOf(endpoint: Endpoint, parameters: Parameters): number {
  return weights[endpoint]?.(parameters) ?? 1
}

function tickerWeight(list: string | number | undefined): number {
  if (typeof list !== 'string') return 2
  const count = list.split(',').length
  if (count <= 20) return 2
  return count <= 100 ? 40 : 80
}

function depthWeight(limit: number): number {
  if (limit <= 100) return 5
  if (limit <= 500) return 25
  return limit <= 1_000 ? 50 : 250
}
