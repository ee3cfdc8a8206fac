import { createRandom, type Parameters, type Random } from '../core/index.ts'
import { readParameters, type WireRequest } from '../http/wire.ts'
import { FAULT_KINDS, type FaultKind, type FaultSpec, type Match } from './fault-kinds.ts'

/** A fault that is set, and what it has seen so far. */
export type Fault = {
  readonly id: number
  readonly spec: FaultSpec
  readonly random: Random
  /** Requests that fit its description. */
  seen: number
  /** Requests that it has struck. */
  hits: number
  /** It has struck the market itself and waits for no request. */
  isSpent: boolean
  /** Puts back what the fault holds as long as it is set. */
  lift: (() => void) | null
}

/** A request as the faults look at it. */
export type Subject = {
  readonly method: string
  readonly path: string
  readonly parameters: Parameters
}

export function subjectOf(request: WireRequest): Subject {
  const { parameters } = readParameters(request)
  return { method: request.method, path: request.path, parameters }
}

export class FaultRegistry {
  readonly #faults = new Map<number, Fault>()
  readonly #hits = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]))
  #lastId = 0

  get faults(): readonly Fault[] {
    return [...this.#faults.values()]
  }

  /** How often each kind has struck since the start, whether its faults are still set or not. */
  get hits(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#hits)
  }

  add(spec: FaultSpec): Fault {
    this.#lastId += 1
    const random = createRandom(spec.seed)
    const fault = { id: this.#lastId, spec, random, seen: 0, hits: 0, isSpent: false, lift: null }
    this.#faults.set(fault.id, fault)
    return fault
  }

  remove(id: number): boolean {
    this.#faults.get(id)?.lift?.()
    return this.#faults.delete(id)
  }

  clear(): void {
    for (const id of this.#faults.keys()) this.remove(id)
  }

  /** The faults that strike this request; each of them remembers that it did. */
  strike(subject: Subject, now: number): Fault[] {
    return this.faults.filter((fault) => {
      if (!isDue(fault, subject, now)) return false
      this.count(fault)
      return true
    })
  }

  count(fault: Fault): void {
    fault.hits += 1
    this.#hits.set(fault.spec.kind, (this.#hits.get(fault.spec.kind) ?? 0) + 1)
  }
}

function isDue(fault: Fault, subject: Subject, now: number): boolean {
  const { spec } = fault
  const { match } = spec
  if (isSpent(fault) || !isTime(match, now)) return false
  if (!fits(match, subject) || !(rules[spec.kind] ?? isRequest)(subject)) return false
  fault.seen += 1
  if (match.nth !== undefined && fault.seen !== match.nth) return false
  return match.probability === undefined || fault.random.next() < match.probability
}

function isSpent(fault: Fault): boolean {
  return fault.isSpent || fault.hits >= (fault.spec.count ?? Infinity)
}

function isTime({ from = -Infinity, to = Infinity }: Match, now: number): boolean {
  return now >= from && now < to
}

function fits(match: Match, { method, path, parameters }: Subject): boolean {
  if (match.method !== undefined && match.method !== method) return false
  if (match.path !== undefined && !isPath(match.path, path)) return false
  if (match.symbol !== undefined && match.symbol !== parameters.get('symbol')) return false
  return match.cidPrefix === undefined || hasClientId(parameters, match.cidPrefix)
}

function isPath(pattern: string, path: string): boolean {
  const full = pattern.startsWith('/') || pattern === '*' ? pattern : `/api/v3/${pattern}`
  return full.endsWith('*') ? path.startsWith(full.slice(0, -1)) : path === full
}

function hasClientId(parameters: Parameters, prefix: string): boolean {
  return [...parameters].some(
    ([name, value]) => /clientorderid$/i.test(name) && value.startsWith(prefix),
  )
}

type Rule = (subject: Subject) => boolean

const isPlacing: Rule = ({ method, path }) =>
  method === 'POST' && /\/order(List\/|\/oco$|\/cancelReplace$|$)/.test(path)

const isProtecting: Rule = (subject) =>
  isPlacing(subject) &&
  (!subject.path.endsWith('/order') || /STOP|TAKE/.test(subject.parameters.get('type') ?? ''))

/** Some kinds can only happen to certain requests, whatever else the fault says. */
const isRequest: Rule = ({ method }) => method !== 'STREAM'
const isEvent: Rule = ({ method }) => method === 'STREAM'

const rules: { readonly [Kind in FaultKind]?: Rule } = {
  F15: ({ method, path }) => method === 'GET' && path.endsWith('/order'),
  F16: ({ method, path }) =>
    method === 'GET' && /(account|openOrders|myTrades|allOrders|rderList)$/.test(path),
  F17: isPlacing,
  F18: ({ method }) => method === 'DELETE',
  F19: isProtecting,
  F20: isProtecting,
  F21: isProtecting,
  F24: isEvent,
  F25: isEvent,
  F26: isEvent,
  F27: isEvent,
}
