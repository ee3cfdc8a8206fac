import { ack } from '@flotilla/bus'
import type { Subscription } from '@flotilla/bus'
import { epochMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { openVenue } from '@flotilla/fleet'
import type { Agent, AgentDeps, Readiness, SharedConfig } from '@flotilla/fleet'
import { gauge } from '@flotilla/runtime'
import type { AgentContext } from '@flotilla/runtime'
import type { Venue } from '@flotilla/venue'
import type { DataCollectionConfig } from './config.ts'
import { historyMessages } from './core/index.ts'
import { MarketSource } from './market-source.ts'
import { createFeedMetrics } from './metrics.ts'
import type { FeedMetrics } from './metrics.ts'
import { fingerprintOf, fixSettingsOf, plansOf } from './source-plans.ts'
import type { SourcePlan } from './source-plans.ts'
import { CandleStore } from './store.ts'

export type Deps = AgentDeps<DataCollectionConfig, 'bus' | 'marketStore' | 'venue'>

/** How a venue is opened by its settings; tests open others. */
export type OpenVenue = (
  shared: SharedConfig,
  context: Pick<AgentContext, 'logger' | 'clock'>,
) => Promise<Venue>

type Running = {
  readonly source: MarketSource
  plan: SourcePlan
  /** A venue that was opened here is closed here. */
  owned: Venue | null
}

/**
 * Looks at one or several venues. Each is a source of its own, with its own health, beat and stream: what
 * one of them does is no matter to the others. Whatever the venues do, the agent lives on.
 */
export class DataCollection implements Agent {
  readonly #deps: Deps
  readonly #open: OpenVenue
  readonly #store: CandleStore
  readonly #metrics: FeedMetrics
  readonly #running = new Map<string, Running>()
  #subscription: Subscription | null = null
  #history: Subscription | null = null
  /** Changes of the sources, one after the other. */
  #changing: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(deps: Deps, open: OpenVenue = openVenue) {
    this.#deps = deps
    this.#open = open
    this.#store = new CandleStore(deps.marketStore, (hole) => {
      this.#running.get(hole.venue)?.source.rememberHole(hole)
    })
    this.#metrics = createFeedMetrics(deps.context.metrics)
    gauge(deps.context.metrics, {
      name: 'flotilla_candle_age_seconds',
      help: 'Age of the newest closed candle, of the symbol where it is oldest.',
      collect: () =>
        Math.max(0, ...this.#sources().map((each) => each.oldestCandleAgeMs ?? 0)) / 1e3,
    })
  }

  async start(): Promise<void> {
    const { bus } = this.#deps
    this.#subscription = await bus.subscribe({
      agent: 'data-collection',
      types: ['control.reload.v1'],
      handler: async ({ message }) => {
        this.#reload(message)
        return ack
      },
    })
    this.#history = await bus.subscribe({
      agent: 'data-collection',
      types: ['market.history.requested.v1'],
      handler: async ({ message }) => {
        await this.#provide(message as MessageOfType<'market.history.requested.v1'>)
        return ack
      },
    })
    await Promise.all(plansOf(this.#deps).map((plan) => this.#begin(plan)))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#subscription?.cancel()
    await this.#history?.cancel()
    await this.#changing
    const ended = [...this.#running.values()]
    await Promise.all(ended.map(({ source }) => source.stop()))
    await this.#store.flush()
    await Promise.allSettled(ended.map(async ({ owned }) => owned?.close()))
  }

  readiness(): Readiness {
    const traded = this.#running.get(this.#deps.shared.venue.id)?.source
    const others = this.#sources().filter((each) => each !== traded)
    const sources = others.map((each) => [each.id, each.detail] as const)
    return {
      ready: traded?.isReady === true,
      detail: {
        ...traded?.detail,
        ...(sources.length === 0 ? {} : { sources: Object.fromEntries(sources) }),
      },
    }
  }

  #sources(): MarketSource[] {
    return [...this.#running.values()].map(({ source }) => source)
  }

  /** One that cannot even be opened is told, and is no reason for the others to wait. */
  async #begin(plan: SourcePlan): Promise<void> {
    const { config, shared, context, bus, folder } = this.#deps
    let owned: Venue | null = null
    try {
      if (!plan.isTraded) owned = await this.#open(plan.shared, context)
    } catch (err) {
      context.logger.error({ err, venue: plan.id }, 'source not opened')
      return
    }
    const source = new MarketSource({
      market: { venue: plan.id, symbols: plan.symbols },
      venue: owned ?? this.#deps.venue,
      // Books cap what is traded; of a venue that is only looked at they would be of no use.
      config: plan.isTraded ? config : { ...config, orderBookDepth: 0 },
      shared,
      context,
      bus,
      store: this.#store,
      metrics: this.#metrics,
      folder,
      fix: fixSettingsOf(plan),
      whileDisabled: () => this.#noticeChange(plan.id),
    })
    this.#running.set(plan.id, { source, plan, owned })
    await source.start()
  }

  /** What flotilla.yaml and the environment say now; null when they cannot be read or make no sense. */
  #plansNow(): SourcePlan[] | null {
    const { settings, context } = this.#deps
    if (settings === undefined) return null
    try {
      return plansOf(settings())
    } catch (err) {
      context.logger.error({ err }, 'changed settings not usable, going on with the old ones')
      return null
    }
  }

  /** While a source is off nobody must be told twice: a new key in the file is reason enough to ask. */
  async #noticeChange(id: string): Promise<void> {
    const running = this.#running.get(id)
    const plan = this.#plansNow()?.find((each) => each.id === id)
    if (running === undefined || plan === undefined) return
    if (fingerprintOf(plan) === fingerprintOf(running.plan)) return
    await this.#change(running, plan)
  }

  /** Who is not answered asks again by itself; a request is never worth another try from here. */
  async #provide(request: MessageOfType<'market.history.requested.v1'>): Promise<void> {
    const { shared, context, bus } = this.#deps
    const { venue, symbol, timeframe, from, to } = request.payload
    const source = this.#running.get(venue)?.source
    if (source === undefined || timeframe !== shared.timeframe || this.#isStopping) return
    try {
      const range = { from: epochMs(from), to: epochMs(to) }
      const candles = await source.provideHistory(symbol, range)
      if (candles === null) return
      await bus.publishAll(historyMessages(request, candles, context.clock.now()))
      context.logger.info({ venue, symbol, candles: candles.length }, 'history provided')
    } catch (err) {
      context.logger.warn({ err, venue, symbol }, 'history not provided')
    }
  }

  /** An operator has changed something: each source is asked once more, with what is set now. */
  #reload(message: AnyMessage): void {
    const { agent } = (message as MessageOfType<'control.reload.v1'>).payload
    if (this.#isStopping || (agent !== null && agent !== 'data-collection')) return
    const { logger } = this.#deps.context
    logger.info('reload asked for, venues will be asked again')
    this.#changing = this.#changing
      .then(() => this.#followPlans())
      .catch((err: unknown) => logger.error({ err }, 'reload failed'))
  }

  async #followPlans(): Promise<void> {
    const plans = this.#plansNow()
    for (const [id, running] of this.#running) {
      const plan = plans === null ? running.plan : plans.find((each) => each.id === id)
      if (plan !== undefined) await this.#follow(running, plan)
      else if (!running.plan.isTraded) await this.#end(id, running)
    }
    const added = plans?.filter(({ id, isTraded }) => !isTraded && !this.#running.has(id)) ?? []
    await Promise.all(added.map((plan) => this.#begin(plan)))
  }

  async #follow(running: Running, plan: SourcePlan): Promise<void> {
    const isSame = fingerprintOf(plan) === fingerprintOf(running.plan)
    // No call is made with a key that was refused until it changes; without one there may be other reasons.
    if (isSame && running.source.isDisabled && plan.shared.venue.apiKey !== undefined) {
      const { id: venue } = plan
      this.#deps.context.logger.info({ venue }, 'key was refused and is the same, not asked again')
      return
    }
    // A venue that was refused keeps its key back by itself: only a new one asks again.
    if (isSame && !running.source.isDisabled) running.source.askAgain(null)
    else await this.#change(running, plan)
  }

  async #change(running: Running, plan: SourcePlan): Promise<void> {
    const { context } = this.#deps
    try {
      const venue = await this.#open(plan.shared, context)
      const before = running.owned
      running.owned = venue
      running.plan = plan
      running.source.askAgain(venue)
      await before?.close()
      context.logger.info({ venue: plan.id }, 'source opened anew')
    } catch (err) {
      context.logger.error({ err, venue: plan.id }, 'source not opened anew')
    }
  }

  async #end(id: string, { source, owned }: Running): Promise<void> {
    this.#running.delete(id)
    await source.stop()
    await owned?.close()
    this.#deps.context.logger.info({ venue: id }, 'source removed')
  }
}
