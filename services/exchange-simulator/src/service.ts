import {
  createSilentLogger,
  realClock,
  type Clock,
  type ClockAnchor,
  type Logger,
  type Timer,
} from '@flotilla/runtime'
import { applyTerms } from './account-terms.ts'
import { SimulatorConfigSchema, type SimulatorConfig } from './config.ts'
import { openMarkets, restoreEngine } from './core/index.ts'
import { createDesk, type Desk } from './desk.ts'
import { createControl } from './http/control.ts'
import { rateLimits } from './http/exchange-info.ts'
import { Limits } from './http/limits.ts'
import { startServer, type RunningServer, type TextResponse } from './http/server.ts'
import { createWire } from './http/wire.ts'
import { Hub } from './streams/hub.ts'
import { createListenKeys } from './streams/listen-keys.ts'
import { socketRules } from './streams/socket-rules.ts'
import { createSockets, type Sockets } from './streams/sockets.ts'
import { createFaultControl, type FaultControl } from './faults/fault-control.ts'
import { FaultRegistry } from './faults/fault-registry.ts'
import { createFaultyWire, type FaultyWire } from './faults/faulty-wire.ts'
import { chooseTime } from './market-time.ts'
import { createMarkets, type Markets } from './markets.ts'
import type { Simulator, SimulatorOptions } from './simulator.ts'
import { openStore, type SimulatorMemory, type SimulatorStore } from './store.ts'

/** How often, in real time, the market moves when nobody asks for anything. */
const BEAT_MS = 100
/** How many beats pass until idle time is written down. */
const BEATS_PER_NOTE = 10

/** Everything that exists between start and stop. */
type Session = {
  readonly desk: Desk
  readonly store: SimulatorStore
  readonly markets: Markets
  readonly clock: Clock | null
  readonly anchor: ClockAnchor
  server: RunningServer | null
  control: RunningServer | null
  sockets: Sockets | null
  beat: Timer | null
  /** Ends what still waits when the exchange closes. */
  readonly closing: AbortController
  /** What is in memory may be ahead of what is on disk: no more answers from here. */
  readonly fail: (error: unknown) => void
  isBroken: boolean
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const config = SimulatorConfigSchema.parse(options.config)
  const logger = options.logger ?? createSilentLogger()
  let session: Session | null = null
  const running = (): Session => {
    if (session === null) throw new Error('the simulator is not running')
    return session
  }
  const simulator: Simulator = {
    get url() {
      return running().server?.url ?? ''
    },
    get controlUrl() {
      return running().control?.url ?? null
    },
    start: async () => {
      if (session !== null) throw new Error('the simulator is running already')
      const opened = await openSession(options, config, logger)
      session = opened
      try {
        await listen({ session: opened, config, simulator, logger })
      } catch (error) {
        session = null
        await closeSession(opened)
        throw error
      }
    },
    stop: async () => {
      const ended = session
      session = null
      if (ended !== null) await closeSession(ended)
    },
    advanceTo: (ms) => {
      const { desk } = running()
      desk.advanceTo(ms)
      desk.flush()
    },
    now: () => running().desk.now(),
    anchor: () => running().anchor,
    endOfData: () => running().markets.to,
  }
  return simulator
}

async function openSession(
  options: SimulatorOptions,
  config: SimulatorConfig,
  logger: Logger,
): Promise<Session> {
  const markets = await createMarkets(config, logger)
  const store = openStore(options.folder)
  try {
    const memory = store.load()
    checkOrigin(memory, markets, options.folder)
    store.nameOrigin(markets.origin)
    const time = chooseTime({ options, config, markets, memory })
    if (memory.marketTime === null) checkMoment(markets, time.start)
    const { simulation } = markets
    applyTerms(simulation.engine, config)
    restoreEngine(simulation.engine, memory)
    openMarkets(simulation, Math.max(memory.marketTime ?? time.start, markets.from))
    const fail = (error: unknown): void => {
      if (session.isBroken) return
      session.isBroken = true
      logger.fatal({ err: error }, 'simulator failed')
      options.onBroken?.(error)
    }
    const desk = createDesk({
      config,
      simulation,
      store,
      arrivals: memory.arrivals,
      realNow: () => realClock.now(),
      onEscape: (escape) => logger.warn(escape, 'request for another exchange'),
      onFailure: fail,
    })
    desk.advanceTo(time.start)
    desk.noteTime()
    const parts = { desk, store, markets, clock: time.clock, anchor: time.anchor }
    const closing = new AbortController()
    const open = { sockets: null, server: null, control: null, beat: null }
    const session: Session = { ...parts, ...open, closing, fail, isBroken: false }
    return session
  } catch (error) {
    store.close()
    await markets.close()
    throw error
  }
}

/** Orders of one world make no sense at the prices of another. */
function checkOrigin(memory: SimulatorMemory, markets: Markets, folder: string | null): void {
  if (memory.origin === null || memory.origin === markets.origin) return
  throw new Error(
    `${folder ?? 'memory'} holds the orders of another market (${memory.origin}), this one is ` +
      `${markets.origin}: use another folder, or remove this one`,
  )
}

function checkMoment(markets: Markets, start: number): void {
  const { from, to } = markets
  if (start >= from && (to === null || start < to)) return
  const range = `${isoTime(from)} to ${to === null ? 'no end' : isoTime(to)}`
  throw new Error(`there are no prices at ${isoTime(start)}: the data are from ${range}`)
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

type Listening = {
  readonly session: Session
  readonly config: SimulatorConfig
  readonly simulator: Simulator
  readonly logger: Logger
}

async function listen(listening: Listening): Promise<void> {
  const { session, config, logger } = listening
  const { desk, clock, fail: onFailure } = session
  const passTime = (): void => {
    if (session.isBroken) throw new Error('the simulator has failed before')
    if (clock !== null) desk.advanceTo(clock.now())
  }
  const venue = openVenue(session, config, passTime)
  const { answer, hub } = venue
  session.sockets = createSockets({
    hub,
    answer: (request) => {
      try {
        return answer(request)
      } catch (error) {
        onFailure(error)
        throw error
      }
    },
    rateLimits: rateLimits(config),
    rules: socketRules(config),
    onEscape: (path) => desk.noteEscape({ method: 'UPGRADE', path, at: desk.now() }),
    now: () => desk.now(),
  })
  const { host, port } = config
  const { upgrade } = session.sockets
  session.server = await startServer({ host, port, onFailure, answer, upgrade })
  if (config.control.enabled) {
    session.control = await openControl(listening, venue, { passTime, onFailure })
  }
  if (clock !== null) session.beat = startBeat(session, passTime, onFailure)
  const { url } = session.server
  const controlUrl = session.control?.url ?? null
  logger.info({ url, controlUrl, marketTime: isoTime(desk.now()) }, 'exchange simulator open')
}

type Venue = {
  readonly answer: FaultyWire
  readonly faults: FaultControl
  readonly hub: Hub
}

/** The wire with everything that can go wrong on it; nothing does unless the control port says so. */
function openVenue(session: Session, config: SimulatorConfig, passTime: () => void): Venue {
  const { desk } = session
  const realNow = (): number => realClock.now()
  const limits = new Limits(config, realNow)
  countFirstFills(desk, limits)
  const listenKeys = config.legacyListenKey ? createListenKeys(realNow) : null
  const registry = new FaultRegistry()
  const wire = createFaultyWire({
    wire: createWire({ desk, limits, realNow, listenKeys }),
    desk,
    limits,
    registry,
    wait: async (ms) => {
      await pause(session, ms)
      passTime()
    },
  })
  const hub = new Hub(desk, registry, listenKeys)
  return {
    hub,
    faults: createFaultControl({ desk, limits, registry, hub }),
    answer: (request) => {
      passTime()
      const response = wire(request)
      const isDone = desk.written() === null && !(response instanceof Promise)
      return isDone ? response : whenWritten(desk, response)
    },
  }
}

/** An order stops to count against the order limits with its first fill, whenever that comes. */
function countFirstFills(desk: Desk, limits: Limits): void {
  desk.listen({
    changed: ({ events }) => {
      let count = 0
      for (const event of events) {
        if (event.kind !== 'TRADE' || event.trade === null) continue
        if (event.order.executed === event.trade.quantity) count += 1
      }
      if (count > 0) limits.noteFirstFills(count)
      return () => undefined
    },
    passed: () => undefined,
  })
}

/** A reader waits too: he might see what a killed process would forget. */
async function whenWritten(
  desk: Desk,
  response: TextResponse | Promise<TextResponse>,
): Promise<TextResponse> {
  const answer = await response
  await desk.written()
  return answer
}

type Hooks = { readonly passTime: () => void; readonly onFailure: (error: unknown) => void }

function openControl(
  { session, config, simulator }: Listening,
  { faults }: Venue,
  { passTime, onFailure }: Hooks,
): Promise<RunningServer> {
  const { desk, clock } = session
  const control = createControl({ desk, simulator, isManual: clock === null, faults })
  return startServer({
    host: config.host,
    port: config.control.port,
    onFailure,
    answer: (request) => {
      // The truth is told even when nothing else works any more.
      if (!session.isBroken) {
        passTime()
        desk.flush()
      }
      return control(request)
    },
  })
}

function startBeat(
  session: Session,
  passTime: () => void,
  onFailure: (error: unknown) => void,
): Timer {
  let beats = 0
  return realClock.every(BEAT_MS, () => {
    if (session.isBroken) return
    try {
      passTime()
      beats += 1
      if (beats % BEATS_PER_NOTE === 0) session.desk.noteTime()
    } catch (error) {
      onFailure(error)
    }
  })
}

/** Real time passes by itself; time that is moved by hand has to be waited for. */
function pause({ desk, clock, closing }: Session, ms: number): Promise<void> {
  if (clock !== null) return realClock.sleep(ms, closing.signal)
  return new Promise((resolve) => desk.at(desk.now() + ms, resolve))
}

async function closeSession(session: Session): Promise<void> {
  session.closing.abort()
  await session.beat?.stop()
  await session.sockets?.close()
  await session.server?.close()
  await session.control?.close()
  await session.markets.close()
  const { desk, store } = session
  if (!session.isBroken) desk.close()
  store.close()
}
