import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TimeUnit } from './time-unit.ts'

export type TextResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What happens to the connection instead of an answer. */
  readonly fate?: 'reset' | 'hang'
}

export type TextRequest = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly apiKey: string | null
  readonly timeUnit?: TimeUnit
}

export type RunningServer = { readonly url: string; close(): Promise<void> }

export type ServerOptions = {
  readonly host: string
  readonly port: number
  readonly answer: (request: TextRequest) => TextResponse | Promise<TextResponse>
  readonly onFailure: (error: unknown) => void
  /** Takes connections that want to become sockets; without it they are refused. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** An order is a few hundred bytes; more than this is not one. */
const BODY_BYTES_MAX = 1_000_000

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = createServer((request, response) => receive(options, request, response))
  if (options.upgrade !== undefined) server.on('upgrade', options.upgrade)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `http://${host}:${port}`, close: () => close(server) }
}

function receive(options: ServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > BODY_BYTES_MAX) request.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => {
    const body = size === 0 ? '' : Buffer.concat(chunks).toString('utf8')
    const answer = answerSafely(options, request, body)
    if (!(answer instanceof Promise)) send(response, answer)
    else {
      answer
        .catch((error: unknown) => failed(options, error))
        .then((late) => send(response, late))
        .catch(() => response.destroy())
    }
  })
  request.on('error', () => response.destroy())
}

/** A failure of ours must not look like an answer of the exchange. */
function answerSafely(
  options: ServerOptions,
  request: IncomingMessage,
  body: string,
): TextResponse | Promise<TextResponse> {
  const [path, query] = splitOnce(request.url ?? '/')
  const key = request.headers['x-mbx-apikey']
  const unit = request.headers['x-mbx-time-unit']
  try {
    return options.answer({
      method: request.method ?? 'GET',
      path,
      query,
      body,
      apiKey: typeof key === 'string' ? key : null,
      timeUnit: unit === 'MICROSECOND' ? unit : 'MILLISECOND',
    })
  } catch (error) {
    return failed(options, error)
  }
}

function failed(options: ServerOptions, error: unknown): TextResponse {
  options.onFailure(error)
  return {
    status: 503,
    headers: { 'Content-Type': 'text/plain' },
    body: 'the simulator has failed',
  }
}

function splitOnce(url: string): [path: string, query: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}

function send(response: ServerResponse, { status, headers, body, fate }: TextResponse): void {
  if (fate === 'reset') response.socket?.destroy()
  if (fate !== undefined) return
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
