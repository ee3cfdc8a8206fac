import type { AgentName, AnyMessage, MessageType } from '@flotilla/contracts'

// The bus as an agent sees it. What it promises: a trading message that `publish` has resolved for
// is delivered at least once to every agent that the topology names for it, in order within its
// partition, until a handler has acknowledged it or it lies in the dead-letter queue with a reason.
// Market messages are delivered while they are fresh: their queues are bounded and drop the oldest.

/** What becomes of a delivery. A retry is delivered again after a growing pause, up to the limit. */
export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly reason: string }

export const ack: Settlement = Object.freeze({ kind: 'ack' })

export const retry = (reason: string): Settlement => ({ kind: 'retry', reason })

export const deadLetter = (reason: string): Settlement => ({ kind: 'dead-letter', reason })

export type Delivery = {
  readonly message: AnyMessage
  /** The broker has handed this message out before; whether anything came of it is not known. */
  readonly redelivered: boolean
  /** 1 at the first delivery. */
  readonly deliveryCount: number
  /** Null for a stream without partitions. */
  readonly partition: number | null
}

/** A thrown error counts as a retry with the error's text as the reason. */
export type Handler = (delivery: Delivery) => Promise<Settlement>

export type SubscribeOptions = {
  readonly agent: AgentName
  /**
   * Whole streams: the types of one stream share a queue, so all that the topology lets the agent
   * consume of it come in one subscription. Own queues (`instance`) may pick types freely.
   */
  readonly types: readonly MessageType[]
  readonly handler: Handler
  /**
   * How many deliveries of one queue may be in the handler at once; 1 unless given. Above 1 they
   * are started in order and may overlap.
   */
  readonly prefetch?: number
  /** The partitions this process takes; all unless given. */
  readonly partitions?: readonly number[]
  /**
   * Gives this process queues of its own instead of sharing the agent's, so that every instance
   * sees every message. Such queues vanish with the process; nothing is kept for it.
   */
  readonly instance?: string
  /**
   * A further account's own queues, as durable as the agent's: several accounts each take every
   * message. They stay when the process ends; an account that is given up leaves them to be deleted.
   */
  readonly account?: string
}

export type Subscription = {
  /** Takes no more deliveries and resolves when the running handlers have settled theirs. */
  cancel(): Promise<void>
}

export type BusState = 'connected' | 'reconnecting' | 'blocked' | 'closed'

export type BusHealth = {
  readonly state: BusState
  /** What is wrong, in words, when the state is not `connected`. */
  readonly detail: string | null
  readonly publishing: { readonly waiting: number; readonly unconfirmed: number }
  readonly queues: readonly QueueFigures[]
}

/** What this process did with one queue since it subscribed. */
export type QueueFigures = {
  readonly queue: string
  readonly running: number
  readonly delivered: number
  readonly retried: number
  readonly deadLettered: number
}

export type Bus = {
  /**
   * Rejects with `InvalidMessageError` of contracts when the message does not fit its own schema.
   * Resolves when the broker has the message. A trading message is confirmed and has reached the
   * queue of every agent that must have it, else this rejects with `UnroutableError`.
   */
  publish(message: AnyMessage): Promise<void>
  /** Publishes in order without waiting for one before sending the next. */
  publishAll(messages: readonly AnyMessage[]): Promise<void>
  subscribe(options: SubscribeOptions): Promise<Subscription>
  health(): BusHealth
  /** Cancels the subscriptions, waits for running handlers and pending publishes, disconnects. */
  close(): Promise<void>
}

/** A message that could not be handled, kept until an operator has decided about it. */
export type DeadLetter = {
  /** Names the letter for requeue and discard. */
  readonly id: string
  readonly agent: AgentName
  /** The queue it was taken from and goes back to. */
  readonly queue: string
  readonly messageId: string | null
  readonly type: string | null
  readonly reason: string
  readonly deliveryCount: number
  /** ISO 8601 with milliseconds. */
  readonly deadLetteredAt: string
  readonly body: string
}

export type DeadLetterFilter = {
  readonly agent?: AgentName
  readonly ids?: readonly string[]
  /** At most this many, oldest first; 100 unless given. */
  readonly limit?: number
}

/** The operator's view of what was given up on. */
export type DeadLetters = {
  list(filter?: DeadLetterFilter): Promise<readonly DeadLetter[]>
  /** Puts letters back at the end of the queue they came from; answers how many. */
  requeue(filter?: DeadLetterFilter): Promise<number>
  /** Forgets letters; answers how many. */
  discard(filter?: DeadLetterFilter): Promise<number>
}

/** No queue of a required consumer would take the message; nothing was delivered to it. */
export class UnroutableError extends Error {
  override readonly name = 'UnroutableError'
  readonly messageType: string
  readonly missingQueues: readonly string[]

  constructor(messageType: string, missingQueues: readonly string[]) {
    super(`no queue takes ${messageType}: missing ${missingQueues.join(', ')}`)
    this.messageType = messageType
    this.missingQueues = missingQueues
  }
}

/** The broker did not confirm in time. Whether it has the message is not known: publish it again. */
export class PublishTimeoutError extends Error {
  override readonly name = 'PublishTimeoutError'
}

/** The bus was closed before the broker confirmed. */
export class BusClosedError extends Error {
  override readonly name = 'BusClosedError'
}

/** The broker refuses what the topology needs (wrong arguments, no permission). Retrying is useless. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError'
}
