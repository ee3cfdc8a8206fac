import type { ChannelModel } from 'amqplib'
import type { Writable } from 'node:stream'

/**
 * Lets everything that is sent in one turn of the event loop leave in one system call. The client
 * library writes each message by itself, which is more than a third of its cost when many are on
 * their way; nothing is delayed, for the turn ends before anything else could be sent.
 */
export function gatherWrites(model: ChannelModel): void {
  const { stream } = model.connection as { stream?: Writable }
  // The library's own field: without it all works the same, only dearer.
  if (stream === undefined) return
  const write = stream.write.bind(stream)
  let gathering = false
  stream.write = ((chunk: Uint8Array) => {
    if (!gathering) {
      gathering = true
      stream.cork()
      process.nextTick(() => {
        gathering = false
        stream.uncork()
      })
    }
    return write(chunk)
  }) as Writable['write']
}
