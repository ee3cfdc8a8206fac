import type { Channel, ChannelModel } from 'amqplib'
import { sleep } from '../clock.ts'

// The client library answers a goodbye only when the broker does: with the line gone, whoever waits
// for the answer waits for ever.

const CLOSE_MS_MAX = 1_000

/** Resolves when the channel is closed, by the broker's answer or with its connection. */
export async function closeChannel(channel: Channel): Promise<void> {
  const gone = new Promise<void>((resolve) => channel.once('close', () => resolve()))
  // Refused for a channel that is closed already or about to be.
  const goodbye = channel.close().catch(() => undefined)
  await Promise.race([goodbye, gone])
}

/** A dead broker never answers; it is waited for one second. */
export async function closeConnection(model: ChannelModel): Promise<void> {
  const patience = new AbortController()
  const goodbye = model.close().catch(() => undefined)
  await Promise.race([goodbye, sleep(CLOSE_MS_MAX, patience.signal)])
  patience.abort()
}
