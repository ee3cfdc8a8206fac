// Stands between execution and the simulator and reads the clock when an order comes along.
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { machineMs } from './chain-drive.ts'

type Passed = {
  readonly path: string
  /** Milliseconds of the machine's clock: when the request was there, and when its answer was. */
  readonly arrivedAt: number
  readonly answeredAt: number
}

export type Relay = {
  readonly url: string
  /** The next request to place something, by the end of its path. */
  next(path: string): Promise<Passed>
  close(): Promise<void>
}

export async function startRelay(target: string): Promise<Relay> {
  const waiting: { path: string; resolve: (passed: Passed) => void }[] = []
  const pass = (passed: Passed): void => {
    const index = waiting.findIndex(({ path }) => passed.path === path)
    if (index >= 0) waiting.splice(index, 1)[0]!.resolve(passed)
  }
  const server = createServer((incoming, outgoing) => {
    const arrivedAt = machineMs()
    const forward = request(new URL(incoming.url ?? '/', target), {
      method: incoming.method,
      headers: incoming.headers,
    })
    forward.on('response', (answer: IncomingMessage) => {
      const answeredAt = machineMs()
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      const [path = ''] = (incoming.url ?? '').split('?')
      if (incoming.method === 'POST') pass({ path, arrivedAt, answeredAt })
    })
    forward.on('error', () => outgoing.destroy())
    incoming.pipe(forward)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  // The account's stream is no part of what is measured: execution asks where it hears nothing.
  server.on('upgrade', (_, socket) => socket.destroy())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: (path) => new Promise((resolve) => waiting.push({ path, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
