import { randomUUID } from 'node:crypto'
import { ack } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import { deriveId, epochMs } from '@flotilla/contracts'
import { createRefusedRequests } from '@flotilla/fleet'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { realClock } from '@flotilla/runtime'
import type { GatewayConfig } from './config.ts'
import { ControlDesk } from './control-desk.ts'
import { alertRequest, executeRequest, propose } from './core/index.ts'
import type { LastPrice, Problem, Request, Requested } from './core/index.ts'
import { FeedHealth } from './feed-health.ts'
import type { Feed } from './feed-health.ts'
import { paths, problemAnswer, startSignalServer } from './http.ts'
import type { Answer, Refused, SignalServer } from './http.ts'
import { createGatewayMetrics } from './metrics.ts'
import type { GatewayMetrics } from './metrics.ts'
import { GatewayStore } from './store.ts'
import { WhyDesk } from './why-desk.ts'

export type Deps = AgentDeps<GatewayConfig, 'bus' | 'ledger'>

/**
 * Turns what people and charting services ask for into intents like any other, and publishes what
 * operators command by HTTP.
 */
export class Gateway implements Agent {
  readonly #deps: Deps
  readonly #store: GatewayStore
  readonly #metrics: GatewayMetrics
  readonly #control: ControlDesk
  readonly #why: WhyDesk
  /** What would command without the token is in the ledger, where `flotilla commands` finds it. */
  readonly #recordRefused: (path: string) => Promise<void>
  readonly #feeds: FeedHealth
  readonly #prices = new Map<string, LastPrice>()
  #subscription: Subscription | null = null
  #server: SignalServer | null = null
  #started = false

  constructor(deps: Deps) {
    this.#deps = deps
    const { ledger, bus, context, shared } = deps
    this.#store = new GatewayStore({ ledger, bus, logger: context.logger })
    this.#metrics = createGatewayMetrics(context.metrics)
    const accounts = [shared.account.id, ...Object.keys(shared.accounts)]
    const scopes = { accounts, symbols: shared.symbols }
    this.#control = new ControlDesk({ store: this.#store, metrics: this.#metrics, context, scopes })
    const { logger } = context
    const { symbols } = shared
    this.#why = new WhyDesk({ ledger, mainAccount: shared.account.id, symbols, logger })
    this.#feeds = new FeedHealth({
      isOpen: (feed) => takes(deps.config)[feed === 'execute' ? feed : 'alerts'],
      now: () => realClock.now(),
      logger,
    })
    this.#recordRefused = createRefusedRequests({
      ledger,
      door: 'gateway',
      clock: realClock,
      logger,
    })
  }

  async start(): Promise<void> {
    const { bus, config, context } = this.#deps
    await this.#store.start()
    this.#subscription = await bus.subscribe({
      agent: 'gateway',
      types: ['market.ticker.updated.v1'],
      handler: (delivery) => Promise.resolve(this.#onTicker(delivery)),
    })
    this.#started = true
    if (!isOpen(config)) {
      context.logger.info('no token configured, nothing is taken from outside')
      return
    }
    this.#server = await startSignalServer(config, {
      execute: (body, idempotencyKey) => this.#execute(body, idempotencyKey),
      alert: (body) => this.#alert(body),
      intent: (intentId) => this.#intent(intentId),
      why: (subject) => this.#why.answer(subject),
      command: (action, body, key) => this.#control.command(action, body, key),
      onUnauthorized: (refused) => this.#unauthorized(refused),
    })
    context.logger.info({ url: this.#server.url }, 'requests from outside are taken')
  }

  async stop(): Promise<void> {
    await this.#server?.close()
    await this.#subscription?.cancel()
    await this.#store.stop()
  }

  readiness(): Readiness {
    const { config } = this.#deps
    return {
      ready: this.#started,
      detail: {
        url: this.#server?.url ?? null,
        takes: takes(config),
        feeds: this.#feeds.report(),
        priced: [...this.#prices.keys()],
      },
    }
  }

  #onTicker({ message }: Delivery): Settlement {
    if (message.type !== 'market.ticker.updated.v1') return ack
    const { venue, symbol, last, observedAt } = message.payload
    if (venue !== this.#deps.shared.venue.id) return ack
    const at = epochMs(observedAt)
    if (at >= (this.#prices.get(symbol)?.at ?? 0)) this.#prices.set(symbol, { price: last, at })
    return ack
  }

  async #unauthorized({ path, address, isCommand }: Refused): Promise<void> {
    this.#metrics.unauthorized.inc()
    const { logger } = this.#deps.context
    logger.warn({ path, address }, 'request without the right token refused')
    if (isCommand) await this.#recordRefused(path)
    if (path === paths.execute) this.#feeds.unauthorized('execute')
    if (path === paths.alert) this.#feeds.unauthorized('alert')
  }

  #execute(body: unknown, idempotencyKey: string | null): Promise<Answer> {
    const requested = executeRequest(body, this.#deps.shared.symbols)
    return this.#answer('execute', requested, idempotencyKey)
  }

  #alert(body: unknown): Promise<Answer> {
    return this.#answer('alert', alertRequest(body, this.#deps.shared.symbols), null)
  }

  async #answer(route: Feed, requested: Requested, key: string | null): Promise<Answer> {
    if (requested.kind === 'refused') {
      this.#refused(route, requested.problems)
      return problemAnswer(422, requested.problems)
    }
    const { request } = requested
    const late = this.#lateness(request)
    if (late !== null) {
      this.#refused(route, [late])
      return problemAnswer(422, [late])
    }
    return this.#propose(route, request, this.#keyOf(route, request, key))
  }

  /** Alerts happen in the real world, whatever time the market of this fleet runs in. */
  #lateness({ sentAt }: Request) {
    const { ageMaxMs } = this.#deps.config.webhook
    if (sentAt === null) return null
    const ageMs = realClock.now() - sentAt
    // One of the future would be a fresh one, again and again, until its time has come.
    if (Math.abs(ageMs) <= ageMaxMs) return null
    const apart = ageMs > 0 ? `${ageMs} ms ago` : `${-ageMs} ms ahead`
    const message = `is ${apart}, more than ${ageMaxMs} (gateway.webhook.ageMaxMs)`
    return { field: 'time', value: new Date(sentAt).toISOString(), message }
  }

  /**
   * A name that the sender gave stands for the request: the same symbol and side under it again is the
   * same intent, also with the price that is seen by then. Without a name the time and all that is
   * asked stand for it; a request that has neither is one of its own each time.
   */
  #keyOf(route: Feed, request: Request, key: string | null): string {
    const { id, sentAt, ...asked } = request
    const { strategy, symbol, side } = asked
    const name = key ?? id
    if (name !== null) return deriveId('signal', route, name, strategy, symbol, side)
    const time = sentAt === null ? randomUUID() : String(sentAt)
    return deriveId('signal', route, time, JSON.stringify(asked))
  }

  async #propose(route: Feed, request: Request, key: string): Promise<Answer> {
    const { config, shared, context } = this.#deps
    const { priceAgeMaxMs, intentLifetimeMs, confidence } = config
    const proposed = propose(request, {
      now: context.clock.now(),
      account: shared.account.id,
      venue: shared.venue.id,
      key,
      lastPrice: this.#prices.get(request.symbol) ?? null,
      priceAgeMaxMs,
      intentLifetimeMs,
      confidence,
    })
    if (proposed.kind === 'no-price') {
      this.#refused(route, [proposed.problem])
      return problemAnswer(409, [proposed.problem])
    }
    const { message } = proposed
    const outcome = await this.#store.keep(message)
    if (outcome.kind === 'refused') throw new Error(`${outcome.constraint}: ${outcome.detail}`)
    const isKnown = outcome.kind === 'duplicate'
    this.#feeds.taken(route)
    this.#metrics.signals.inc({ route, outcome: isKnown ? 'known' : 'proposed' })
    const { intentId, symbol, side, purpose, expectedPrice, strategy } = message.payload
    const told = { intentId, symbol, side, purpose, strategy, route }
    const { correlationId } = message
    if (isKnown) context.logger.info({ ...told, correlationId }, 'signal was known already')
    else context.logger.info({ ...told, expectedPrice, correlationId }, 'intent proposed')
    const status = paths.intent.replace(':intentId', intentId)
    // What the first answer said of price and expiry is not known any more: only what is the same.
    return { status: isKnown ? 200 : 202, body: { ...told, correlationId, known: isKnown, status } }
  }

  #refused(route: Feed, problems: readonly Problem[]): void {
    const reasons = problems.map(({ field, message }) => `${field} ${message}`)
    this.#feeds.refused(route, `the last signal was not taken: ${reasons.join('; ')}`)
    this.#metrics.signals.inc({ route, outcome: 'refused' })
    this.#deps.context.logger.warn({ route, problems }, 'signal refused')
  }

  async #intent(intentId: string): Promise<Answer> {
    const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(intentId)
    const fate = isId ? await this.#store.fateOf(this.#deps.shared.account.id, intentId) : null
    if (fate === null) return { status: 404, body: { error: `there is no intent ${intentId}` } }
    return { status: 200, body: fate }
  }
}

/** A door without a token is shut. */
function takes({ token, webhook, control }: GatewayConfig) {
  return {
    execute: token !== undefined,
    alerts: webhook.token !== undefined,
    commands: control.token !== undefined,
  }
}

function isOpen(config: GatewayConfig): boolean {
  return Object.values(takes(config)).some((each) => each)
}
