import { freeze, isLive, mix, withoutOrders, type Engine, type Order } from '../core/index.ts'
import type { Desk } from '../desk.ts'
import type { Limits } from '../http/limits.ts'
import type { TextResponse } from '../http/server.ts'
import type { Twist, Wire, WireRequest } from '../http/wire.ts'
import { answerInstead, distort } from './answers.ts'
import { afterLanding, befall, fillBeforeCancel, openBar, stall } from './deeds.ts'
import { subjectOf, type Fault, type FaultRegistry, type Subject } from './fault-registry.ts'

export type FaultyParts = {
  readonly wire: Wire
  readonly desk: Desk
  readonly limits: Limits
  readonly registry: FaultRegistry
  /** Lets the milliseconds pass: real ones, or of market time that is moved by hand. */
  readonly wait: (ms: number) => Promise<void>
}

export type FaultyWire = (request: WireRequest) => TextResponse | Promise<TextResponse>

/**
 * The wire with the faults in front of and behind it. A request that no fault strikes takes the
 * straight way; the others are delayed, refused, let through, and lied to, in this order.
 */
export function createFaultyWire(parts: FaultyParts): FaultyWire {
  const { wire, desk, registry } = parts
  return (request) => {
    if (registry.faults.length === 0) return wire(request)
    const subject = subjectOf(request)
    const struck = registry.strike(subject, desk.now())
    if (struck.length === 0) return wire(request)
    const late = sum(struck, 'F7')
    const later = sum(struck, 'F8')
    if (late + later === 0) return pass(parts, request, { subject, struck })
    return passLate(parts, request, { subject, struck, late, later })
  }
}

type Passage = { readonly subject: Subject; readonly struck: readonly Fault[] }

async function passLate(
  parts: FaultyParts,
  request: WireRequest,
  passage: Passage & { readonly late: number; readonly later: number },
): Promise<TextResponse> {
  if (passage.late > 0) await parts.wait(passage.late)
  const response = pass(parts, request, passage)
  if (passage.later > 0) await parts.wait(passage.later)
  return response
}

function sum(faults: readonly Fault[], kind: 'F7' | 'F8'): number {
  return faults.reduce((ms, { spec }) => ms + (spec.kind === kind ? spec.args.ms : 0), 0)
}

function pass(parts: FaultyParts, request: WireRequest, passage: Passage): TextResponse {
  const { subject, struck } = passage
  const { desk, wire } = parts
  for (const fault of struck) {
    const instead = answerInstead(fault)
    if (instead !== null) return instead
  }
  for (const fault of struck) prepare(parts, fault, subject)
  let response: TextResponse = wire(request, twistOf(struck))
  for (const fault of struck) afterLanding(desk, fault, { subject, response })
  for (const fault of struck) response = distort(fault, response)
  return response
}

function prepare({ desk, limits }: FaultyParts, fault: Fault, subject: Subject): void {
  if (fault.spec.kind === 'F10') limits.ban(fault.spec.args.seconds * 1_000)
  stall(desk, fault, subject)
  openBar(desk, fault, subject)
  fillBeforeCancel(desk, fault, subject)
  befall(desk, fault, subject.parameters.get('symbol'))
}

function twistOf(struck: readonly Fault[]): Twist {
  const skewMs = struck.reduce(
    (skew, { spec }) => skew + (spec.kind === 'F14' ? spec.args.offsetMs : 0),
    0,
  )
  return { skewMs, view: (desk) => struck.reduce(viewThrough, skewed(desk, skewMs)) }
}

function skewed(desk: Desk, skewMs: number): Desk {
  return skewMs === 0 ? desk : { ...desk, now: () => desk.now() + skewMs }
}

function viewThrough(desk: Desk, fault: Fault): Desk {
  const { spec } = fault
  if (spec.kind === 'F15') {
    const { ms, isRandom } = spec.args
    const isHidden = (order: Order): boolean => {
      if (ms === undefined) return isLive(order)
      // The same order lags by the same time whenever it is asked for.
      const lag = isRandom ? mix(spec.seed, order.id) % (ms + 1) : ms
      return desk.now() - order.createdAt < lag
    }
    return withEngine(desk, withoutOrders(desk.engine, isHidden))
  }
  return spec.kind === 'F16' ? withEngine(desk, pastOf(desk, fault, spec.args.lagMs)) : desk
}

/** What each lagging fault believes, and since when. */
const beliefs = new WeakMap<Fault, { readonly engine: Engine; readonly at: number }>()

/** Notes the present as what is shown from now on. */
export function remember(desk: Desk, fault: Fault): Engine {
  const engine = freeze(desk.engine)
  beliefs.set(fault, { engine, at: desk.now() })
  return engine
}

function pastOf(desk: Desk, fault: Fault, lagMs: number | undefined): Engine {
  const belief = beliefs.get(fault)
  const isOld = belief === undefined || desk.now() - belief.at >= (lagMs ?? Infinity)
  return isOld ? remember(desk, fault) : belief.engine
}

function withEngine(desk: Desk, engine: Engine): Desk {
  const feeds = [...desk.feeds].map(([symbol, feed]) => {
    const market = engine.markets.get(symbol) ?? feed.market
    return [symbol, { ...feed, market }] as const
  })
  return { ...desk, engine, feeds: new Map(feeds) }
}
