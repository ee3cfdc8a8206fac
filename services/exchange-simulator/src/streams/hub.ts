import type { Changes } from '../core/index.ts'
import type { Desk } from '../desk.ts'
import type { TimeUnit } from '../http/time-unit.ts'
import type { FaultRegistry, Subject } from '../faults/fault-registry.ts'
import { eventInMicroseconds } from './event-time-unit.ts'
import { openStream, type MarketStream } from './market-streams.ts'
import type { ListenKeys } from './listen-keys.ts'
import { userEvents } from './user-events.ts'

/** One side of a socket, as far as events are concerned. */
export type Listener = {
  /** In what it is told its times. */
  readonly timeUnit: TimeUnit
  send(text: string): void
  /** Ends it: at once, or as the exchange says good-bye. */
  drop(how: DropKind): void
}

export type DropKind = 'disconnect' | 'cut' | 'shutdown'

type OpenStream = {
  readonly stream: MarketStream | null
  readonly listeners: Map<Listener, boolean>
}

/** Who hears what. Every event passes the faults on its way to each socket. */
export class Hub {
  readonly #desk: Desk
  readonly #mail: Mail
  readonly #streams = new Map<string, OpenStream>()
  readonly #users = new Map<number, Listener>()
  readonly #keys: ListenKeys | null
  /** Who listens by a key, and whether he wants the name of the stream with each event. */
  readonly #keyed = new Map<Listener, { readonly key: string; readonly isCombined: boolean }>()
  #lastSubscription = -1

  constructor(desk: Desk, registry: FaultRegistry, keys: ListenKeys | null) {
    this.#desk = desk
    this.#keys = keys
    this.#mail = createMail(desk, registry)
    desk.listen({ changed: (changes) => this.#prepare(changes), passed: () => this.#pulse() })
  }

  subscribe(listener: Listener, name: string, isCombined: boolean): void {
    if (this.#keys?.isActive(name) === true) {
      this.#keyed.set(listener, { key: name, isCombined })
      return
    }
    const known = this.#streams.get(name)
    const open = known ?? { stream: openStream(name, this.#desk), listeners: new Map() }
    open.listeners.set(listener, isCombined)
    this.#streams.set(name, open)
  }

  unsubscribe(listener: Listener, name: string): void {
    if (this.#keyed.get(listener)?.key === name) this.#keyed.delete(listener)
    const open = this.#streams.get(name)
    open?.listeners.delete(listener)
    if (open?.listeners.size === 0) this.#streams.delete(name)
  }

  subscribeUser(listener: Listener): number {
    this.#lastSubscription += 1
    this.#users.set(this.#lastSubscription, listener)
    return this.#lastSubscription
  }

  /** False when there was nothing to end. */
  unsubscribeUser(listener: Listener, id: number | null): boolean {
    const ended = this.userSubscriptions(listener).filter((own) => id === null || own === id)
    for (const own of ended) {
      this.#users.delete(own)
      const event = { e: 'eventStreamTerminated', E: this.#desk.now() }
      listener.send(textFor(listener, { subscriptionId: own, event }))
    }
    return ended.length > 0
  }

  userSubscriptions(listener: Listener): readonly number[] {
    return [...this.#users].filter(([, user]) => user === listener).map(([id]) => id)
  }

  leave(listener: Listener): void {
    for (const name of this.#streams.keys()) this.unsubscribe(listener, name)
    this.unsubscribeUser(listener, null)
    this.#keyed.delete(listener)
    this.#mail.forget(listener)
  }

  dropAll(how: DropKind): void {
    const all = [...this.#streams.values()].flatMap(({ listeners }) => [...listeners.keys()])
    for (const listener of new Set([...all, ...this.#users.values(), ...this.#keyed.keys()]))
      listener.drop(how)
  }

  #pulse(): void {
    const now = this.#desk.now()
    const expired = this.#keys?.takeExpired() ?? null
    if (expired !== null) this.#tellExpired(expired)
    for (const [name, { stream, listeners }] of this.#streams) {
      const subject = subjectOf(`/ws/${name}`, symbolOf(name), null)
      for (const data of stream?.poll(now) ?? []) {
        for (const [listener, isCombined] of listeners) {
          this.#mail.deliver(listener, isCombined ? { stream: name, data } : data, subject)
        }
      }
    }
  }

  /** Events show the account as it was right after what they tell, whenever they are sent. */
  #prepare(changes: Changes): () => void {
    // Nobody is told what was before he listened, so that reports for nobody need not be written.
    if (this.#users.size + this.#keyed.size === 0) return () => this.#pulse()
    const { engine } = this.#desk
    const events = userEvents(changes, { engine, now: this.#desk.now() })
    return () => {
      for (const { symbol, clientOrderId, body } of events) {
        const subject = subjectOf('/ws/user', symbol, clientOrderId)
        for (const [subscriptionId, listener] of this.#users) {
          this.#mail.deliver(listener, { subscriptionId, event: body }, subject)
        }
        for (const [listener, { key, isCombined }] of this.#keyed) {
          if (this.#keys?.isActive(key) !== true) continue
          this.#mail.deliver(listener, isCombined ? { stream: key, data: body } : body, subject)
        }
      }
      this.#pulse()
    }
  }

  #tellExpired(listenKey: string): void {
    const event = { e: 'listenKeyExpired', E: this.#desk.now(), listenKey }
    for (const [listener, { key, isCombined }] of this.#keyed) {
      if (key !== listenKey) continue
      listener.send(textFor(listener, isCombined ? { stream: key, data: event } : event))
      this.#keyed.delete(listener)
    }
  }
}

function symbolOf(name: string): string | null {
  return name.startsWith('!') ? null : (name.split('@')[0] ?? '').toUpperCase()
}

function subjectOf(path: string, symbol: string | null, clientOrderId: string | null): Subject {
  const parameters = new Map<string, string>()
  if (symbol !== null) parameters.set('symbol', symbol)
  if (clientOrderId !== null) parameters.set('newClientOrderId', clientOrderId)
  return { method: 'STREAM', path, parameters }
}

function textFor({ timeUnit }: Listener, event: unknown): string {
  return JSON.stringify(timeUnit === 'MICROSECOND' ? eventInMicroseconds(event) : event)
}

type Mail = {
  deliver(listener: Listener, event: unknown, subject: Subject): void
  forget(listener: Listener): void
}

/** Twice, in another order, or not at all, when a fault says so. */
function createMail(desk: Desk, registry: FaultRegistry): Mail {
  const held = new Map<Listener, string[]>()
  return {
    deliver: (listener, event, subject) => {
      const text = textFor(listener, event)
      const struck = registry.strike(subject, desk.now())
      const kinds = new Set(struck.map(({ spec }) => spec.kind))
      const drop = struck.find(({ spec }) => spec.kind === 'F27')?.spec
      if (drop?.kind === 'F27') return listener.drop(drop.args.how)
      if (kinds.has('F26')) return
      if (kinds.has('F25')) {
        held.set(listener, [...(held.get(listener) ?? []), text])
        return
      }
      listener.send(text)
      if (kinds.has('F24')) listener.send(text)
      for (const late of held.get(listener) ?? []) listener.send(late)
      held.delete(listener)
    },
    forget: (listener) => void held.delete(listener),
  }
}
