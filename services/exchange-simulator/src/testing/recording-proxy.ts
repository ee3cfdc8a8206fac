import { createServer, request as send, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What a client really sent through the proxy, and what became of it. */
type Seen = {
  /** Without `/api/v3/`, as `POST order`. */
  readonly call: string
  readonly fields: Readonly<Record<string, string>>
  readonly status: number
}

export type RecordingProxy = {
  readonly url: string
  /** Everything since the last time that somebody asked. */
  take(): readonly Seen[]
  close(): Promise<void>
}

/** Stands between a client and a server and writes down each request; sockets pass unread. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(target)
  let seen: Seen[] = []
  const sockets = new Set<Duplex>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { method = 'GET', url = '/', headers } = request
      const forward = send({ hostname, port, path: url, method, headers }, (answer) => {
        seen.push({ ...readCall(request, body.toString()), status: answer.statusCode ?? 0 })
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      forward.on('error', () => response.destroy())
      forward.end(body)
    })
  })
  server.on('upgrade', (request, client: Socket) => {
    const upstream = connect(Number(port), hostname, () => {
      upstream.write(headOf(request))
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = seen
      seen = []
      return taken
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function readCall(request: IncomingMessage, body: string): Omit<Seen, 'status'> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://exchange')
  const fields = Object.fromEntries([...searchParams, ...new URLSearchParams(body)])
  return { call: `${request.method} ${pathname.replace('/api/v3/', '')}`, fields }
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = Array.from(
    { length: rawHeaders.length / 2 },
    (_, index) => `${rawHeaders[index * 2]}: ${rawHeaders[index * 2 + 1]}`,
  )
  return [`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
