import type { Channel, ConsumeMessage } from 'amqplib'

/**
 * Settles deliveries of one channel. Acknowledgements that become due in the same turn of the event
 * loop are sent as one where the deliveries before them are settled too. Everything is ignored once
 * the channel has died: the broker hands its unsettled deliveries out again, and a tag of an old
 * channel would close the new one.
 */
export class Acks {
  #channel: Channel
  #alive = true
  /** Everything below is settled. */
  #lowest = 1
  #settledAbove = new Set<number>()
  #due: number[] = []

  constructor(channel: Channel) {
    this.#channel = channel
  }

  get alive(): boolean {
    return this.#alive
  }

  die(): void {
    this.#alive = false
    this.#due = []
  }

  ack(message: ConsumeMessage, atOnce: boolean): void {
    if (!this.#alive) return
    if (this.#due.length === 0 && !atOnce) setImmediate(() => this.flush())
    this.#due.push(message.fields.deliveryTag)
    if (atOnce) this.flush()
  }

  requeue(message: ConsumeMessage): void {
    if (!this.#alive) return
    this.#send(() => this.#channel.reject(message, true))
    this.#settled(message.fields.deliveryTag)
    this.#advance()
  }

  flush(): void {
    if (!this.#alive || this.#due.length === 0) return
    const due = this.#due
    this.#due = []
    for (const tag of due) this.#settled(tag)
    const before = this.#lowest
    this.#advance()
    // Only a tag that is still open at the broker may stand for all before it.
    const together = due.filter((tag) => tag < this.#lowest && tag >= before)
    const last = together.reduce((highest, tag) => Math.max(highest, tag), 0)
    if (last > 0) this.#sendAck(last, true)
    for (const tag of due) if (tag >= this.#lowest) this.#sendAck(tag, false)
  }

  #settled(tag: number): void {
    this.#settledAbove.add(tag)
  }

  #advance(): void {
    while (this.#settledAbove.delete(this.#lowest)) this.#lowest += 1
  }

  #sendAck(tag: number, allBefore: boolean): void {
    const message = { fields: { deliveryTag: tag } } as ConsumeMessage
    this.#send(() => this.#channel.ack(message, allBefore))
  }

  /** Between a broken socket and the channel's close event sending throws. */
  #send(settle: () => void): void {
    try {
      settle()
    } catch {
      this.die()
    }
  }
}
