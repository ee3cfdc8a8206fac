// The strategy agent on a stage of its own: a broker and a ledger that outlive it, and the agent in one of its lives.
import { ack, createMemoryBroker } from '@flotilla/bus'
import type { MemoryBroker } from '@flotilla/bus'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import type { Agent } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import type { Ledger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import type { TestContext } from '@flotilla/runtime/testing'
import { agent as spec } from '../index.ts'
import { epoch, minute, signals } from '../testing.ts'

type Intent = MessageOfType<'strategy.intent.proposed.v1'>

export class Stage {
  readonly broker: MemoryBroker = createMemoryBroker({
    redelivery: { retryDelayMs: 1, retryDelayMsMax: 1 },
  })
  readonly context: TestContext = createTestContext('strategy', { now: epoch })
  readonly intents: Intent[]
  readonly ledger: Ledger
  readonly #lives: Agent[] = []
  readonly #outside = this.broker.connect()

  constructor(kept: { readonly ledger?: Ledger; readonly intents?: Intent[] } = {}) {
    this.ledger = kept.ledger ?? createMemoryLedger()
    this.intents = kept.intents ?? []
  }

  async listen(): Promise<void> {
    await this.#outside.subscribe({
      agent: 'risk-manager',
      types: ['strategy.intent.proposed.v1'],
      handler: async ({ message }) => {
        this.intents.push(message as Intent)
        return ack
      },
    })
  }

  async start(config: unknown = { strategies: [{ name: 'rsi-reversion' }] }): Promise<Agent> {
    const agent = spec.create({
      config: spec.config.parse(config),
      shared: SharedConfigSchema.parse({ symbols: ['BTC/USDT'] }),
      context: this.context,
      bus: this.broker.connect(),
      ledger: this.ledger,
      folder: '',
    })
    this.#lives.push(agent)
    await agent.start()
    return agent
  }

  async tell(...messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) {
      await this.#outside.publish(message)
      await this.broker.idle()
    }
  }

  /** The RSI of candles one after another, each told a moment after its close. */
  async rsi(from: number, ...values: readonly number[]): Promise<void> {
    for (const [at, value] of values.entries()) {
      await this.context.clock.advance(
        epoch + (from + at + 1) * minute + 500 - this.context.clock.now(),
      )
      await this.tell(signals(from + at, { 'rsi(14)': value }))
    }
  }

  async end(): Promise<void> {
    for (const agent of this.#lives) await agent.stop()
    await this.#outside.close()
  }

  /** The old life is cut off as it stands; the new one has only the ledger to go by. */
  async restarted(config?: unknown): Promise<Stage> {
    await this.end()
    const next = new Stage({ ledger: this.ledger, intents: this.intents })
    await next.context.clock.advance(this.context.clock.now() - epoch)
    await next.listen()
    await next.start(config)
    return next
  }
}
