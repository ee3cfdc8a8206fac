// An HTTP server that answers what a test scripted, and remembers what it was sent.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

type SentRequest = {
  readonly method: string
  readonly path: string
  /** Query and form body together. */
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As it came, byte for byte. */
  readonly body: string
}

export type ScriptedAnswer =
  | {
      readonly status?: number
      readonly json?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Never answers; cuts the connection; sends half an answer and then nothing more. */
  | { readonly fault: 'hang' | 'reset' | 'stall' }

type Answerer = (request: SentRequest) => ScriptedAnswer

export type ScriptedServer = {
  readonly url: string
  readonly requests: SentRequest[]
  /** For a method and path such as `POST /api/v3/order`; the last given answer stays in force. */
  on(route: string, answer: ScriptedAnswer | Answerer): void
  sent(route: string): SentRequest[]
  /** What becomes of each WebSocket that is opened from now on; without one none is taken. */
  onSocket(take: (socket: ScriptedSocket) => void): void
  close(): Promise<void>
}

export type ScriptedSocket = {
  /** With its query. */
  readonly path: string
  /** JSON where it was JSON, in the order in which it came. */
  readonly received: readonly unknown[]
  onMessage(read: (message: unknown) => void): void
  /** Bytes as they are, a text as it is, everything else as JSON. */
  send(message: unknown): void
  /** Ends the connection, properly with a code or as a broken line. */
  end(code?: number): void
  /** The connection itself: for pings, and to see it close. */
  readonly raw: WebSocket
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const answers = new Map<string, ScriptedAnswer | Answerer>()
  const requests: SentRequest[] = []
  const server = createServer((request, response) => {
    void read(request).then((sent) => {
      requests.push(sent)
      const found = answers.get(`${sent.method} ${sent.path}`) ?? { status: 404, text: '<html>' }
      reply(response, typeof found === 'function' ? found(sent) : found)
    })
  })
  const hall = new WebSocketServer({ noServer: true })
  let take: ((socket: ScriptedSocket) => void) | null = null
  server.on('upgrade', (request, socket, head) => {
    const taken = take
    if (taken === null) {
      socket.destroy()
      return
    }
    hall.handleUpgrade(request, socket, head, (opened) =>
      taken(scripted(opened, request.url ?? '/')),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    on: (route, answer) => void answers.set(route, answer),
    sent: (route) => requests.filter((one) => `${one.method} ${one.path}` === route),
    onSocket: (taker) => void (take = taker),
    close: () =>
      new Promise((resolve) => {
        for (const socket of hall.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function scripted(socket: WebSocket, path: string): ScriptedSocket {
  const received: unknown[] = []
  const readers: ((message: unknown) => void)[] = []
  socket.on('message', (data) => {
    const text = Buffer.from(data as Buffer).toString('utf8')
    const message: unknown = /^[[{]/.test(text) ? JSON.parse(text) : text
    received.push(message)
    for (const each of readers) each(message)
  })
  return {
    raw: socket,
    path,
    received,
    onMessage: (each) => void readers.push(each),
    send: (message) => {
      const isRaw = typeof message === 'string' || Buffer.isBuffer(message)
      socket.send(isRaw ? message : JSON.stringify(message))
    },
    end: (code) => {
      if (code === undefined) socket.terminate()
      else socket.close(code)
    },
  }
}

async function read(request: IncomingMessage): Promise<SentRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const url = new URL(request.url ?? '/', 'http://localhost')
  const body = Buffer.concat(chunks).toString('utf8')
  const form = body.startsWith('{') ? new URLSearchParams() : new URLSearchParams(body)
  return {
    method: request.method ?? '',
    path: url.pathname,
    parameters: Object.fromEntries([...url.searchParams, ...form]),
    headers: request.headers,
    body,
  }
}

function reply(response: ServerResponse, answer: ScriptedAnswer): void {
  if ('fault' in answer) {
    if (answer.fault === 'reset') response.destroy()
    if (answer.fault === 'stall')
      response.writeHead(200, { 'content-length': '500' }).write('{"a":')
    return
  }
  const body = answer.text ?? JSON.stringify(answer.json ?? {})
  const type = answer.text === undefined ? 'application/json' : 'text/html'
  response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers }).end(body)
}
