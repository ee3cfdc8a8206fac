import type { BusLog } from '../log.ts'
import { defaultRedelivery, type RedeliveryPolicy } from '../settle.ts'
import type { LengthLimits } from '../topology.ts'

export type RabbitOptions = {
  /** amqp://user:password@host:port/vhost, or amqps. */
  readonly url: string
  /** Shown in the broker's admin pages, `risk-manager@host-7`. */
  readonly name?: string
  readonly log?: BusLog
  /** A publish that the broker has not confirmed after this rejects. */
  readonly publishTimeoutMs?: number
  /** How many messages may be on their way to the broker unconfirmed, per exchange. */
  readonly publishWindow?: number
  /** A peer that is silent for twice this is taken for dead. */
  readonly heartbeatSeconds?: number
  readonly redelivery?: Partial<RedeliveryPolicy>
  readonly lengthMax?: LengthLimits
  /**
   * Called when the broker refuses what we need for good: wrong password, missing permission, a
   * queue declared with other arguments. Unless given, the error is thrown past all handlers and
   * ends the process: an agent without its queues must not look alive.
   */
  readonly onFatal?: (error: Error) => void
}

export type RabbitSettings = Omit<Required<RabbitOptions>, 'redelivery'> & {
  readonly redelivery: RedeliveryPolicy
}

const silent: BusLog = { info: () => {}, warn: () => {}, error: () => {} }

export function settingsOf(options: RabbitOptions): RabbitSettings {
  const { onFatal = endProcess } = options
  let told = false
  return {
    name: 'flotilla',
    log: silent,
    publishTimeoutMs: 30_000,
    publishWindow: 256,
    heartbeatSeconds: 10,
    lengthMax: {},
    ...options,
    // Every channel may meet the same refusal; it is said once.
    onFatal: (error) => {
      if (told) return
      told = true
      onFatal(error)
    },
    redelivery: { ...defaultRedelivery, ...options.redelivery },
  }
}

function endProcess(error: Error): void {
  queueMicrotask(() => {
    throw error
  })
}
