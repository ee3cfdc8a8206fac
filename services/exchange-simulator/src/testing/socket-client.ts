import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { WebSocket } from 'ws'

/** A bare client of a socket that hears every word. */
export type Message = Record<string, never> & { [name: string]: unknown }

export type Talk = {
  readonly heard: Message[]
  readonly socket: WebSocket
  /** Sends a message under an id of its own and waits for the answer to it. */
  ask(message: object): Promise<Message>
  readonly isClosed: () => boolean
}

export const PATIENCE = { timeout: 60_000, interval: 10 }

export async function openTalk(url: string, path: string): Promise<Talk> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`)
  const heard: Message[] = []
  let closed = false
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Message))
  socket.on('close', () => (closed = true))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  let id = 0
  return {
    heard,
    socket,
    isClosed: () => closed,
    ask: async (message) => {
      id += 1
      const mine = id
      socket.send(JSON.stringify({ id: mine, ...message }))
      await expect.poll(() => heard.some((one) => one['id'] === mine), PATIENCE).toBe(true)
      return heard.find((one) => one['id'] === mine)!
    },
  }
}

/** Parameters of a signed request over the WebSocket API: signed in the order of the alphabet. */
export function signParameters(
  fields: Readonly<Record<string, string | number>>,
  secret = 'flotillaSimulatorSecret',
): Record<string, string | number> {
  const all: Record<string, string | number> = { apiKey: 'flotillaSimulatorKey', ...fields }
  const payload = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&')
  return { ...all, signature: createHmac('sha256', secret).update(payload).digest('hex') }
}
