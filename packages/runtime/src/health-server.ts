import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mergedMetrics } from './merged-metrics.ts'
import type { Metrics } from './metrics.ts'
import { overviewPage } from './overview-page.ts'

/**
 * Health and metrics over HTTP, the same for one agent in its own process and for all of them in one:
 * then the answer is the sum, and it is unwell when any of them is.
 */
export type HealthSource = {
  readonly name: string
  readonly instance: string
  readonly metrics: Metrics
  readiness(): { readonly ready: boolean; readonly detail: Record<string, unknown> }
}

export type AgentHealth = {
  readonly agent: string
  readonly instance: string
  readonly ready: boolean
  readonly detail: Record<string, unknown>
}

export type HealthServer = {
  readonly url: string
  close(): Promise<void>
}

/** A request to a path of somebody else's: the operator's commands of the single process. */
export type ExtraRequest = {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  /** The parsed JSON body, or null. */
  readonly body: unknown
}

export type ExtraRoute = (
  request: ExtraRequest,
) => Promise<{ readonly status: number; readonly body: unknown } | null>

export type HealthServerOptions = {
  readonly host: string
  readonly port: number
  /** Take any free port when this one is taken, rather than not start at all. */
  readonly orAnyPort?: boolean
  readonly sources: readonly HealthSource[]
  /** Asked for paths that are not ours; null is 404. */
  readonly extra?: ExtraRoute
}

export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (reply) => send(response, request, reply),
      () => send(response, request, { status: 500, type: jsonType, body: '{"error":"internal"}' }),
    )
  })
  // A scraper that keeps its connection open must not keep us alive when we are told to stop.
  server.keepAliveTimeout = 5_000
  try {
    await listen(server, options)
  } catch (error) {
    if (!(error instanceof PortTakenError) || options.orAnyPort !== true) throw error
    await listen(server, { ...options, port: 0 })
  }
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `http://${host}:${port}`, close: () => close(server) }
}

type Reply = { readonly status: number; readonly type: string; readonly body: string }

const jsonType = 'application/json; charset=utf-8'

async function answer(request: IncomingMessage, options: HealthServerOptions): Promise<Reply> {
  const path = (request.url ?? '/').replace(/\?.*$/, '').replace(/\/$/, '')
  const route = routes[path]
  if (route === undefined) return answerExtra(request, path, options.extra)
  if (request.method === 'GET' || request.method === 'HEAD') return route(options.sources)
  return json(405, { error: 'method not allowed' })
}

async function answerExtra(
  request: IncomingMessage,
  path: string,
  extra: ExtraRoute | undefined,
): Promise<Reply> {
  const { method = 'GET' } = request
  const authorization = request.headers.authorization ?? null
  const body = extra === undefined ? null : await readJson(request)
  const reply = await extra?.({ method, path, authorization, body })
  return reply === undefined || reply === null
    ? json(404, { error: 'not found' })
    : json(reply.status, reply.body)
}

/** Commands are small; whoever sends more is not one of ours. */
const bodyBytesMax = 65_536

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyBytesMax) return null
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    return null
  }
}

type Route = (sources: readonly HealthSource[]) => Reply | Promise<Reply>

/** Paths without their trailing slash; both forms are answered, none redirects. */
const routes: Readonly<Record<string, Route>> = {
  '': (sources) => ({
    status: 200,
    type: 'text/html; charset=utf-8',
    body: overviewPage(healthOf(sources)),
  }),
  '/metrics': async (sources) => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await mergedMetrics(sources.map((source) => source.metrics)),
  }),
  '/api/v1/health': readiness,
  '/api/v1/health/readiness': readiness,
  // Whoever can answer is alive: an event loop that hangs cannot.
  '/api/v1/health/liveness': () =>
    json(200, { status: 'alive', uptimeSeconds: Math.floor(process.uptime()) }),
}

function readiness(sources: readonly HealthSource[]): Reply {
  const agents = healthOf(sources)
  const ready = agents.every((agent) => agent.ready)
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', agents })
}

/** An agent whose own report fails is unwell; the others' reports still count. */
function healthOf(sources: readonly HealthSource[]): AgentHealth[] {
  return sources.map((source) => {
    const { name: agent, instance } = source
    try {
      return { agent, instance, ...source.readiness() }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { agent, instance, ready: false, detail: { reason } }
    }
  })
}

function json(status: number, body: unknown): Reply {
  return { status, type: jsonType, body: JSON.stringify(body) }
}

function send(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(request.method === 'HEAD' ? undefined : reply.body)
}

function listen(server: Server, options: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, options))
    server.once('error', onError)
    server.listen(options.port, options.host, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

function listenError(error: NodeJS.ErrnoException, options: HealthServerOptions): Error {
  if (error.code !== 'EADDRINUSE') return error
  const place = `${options.host}:${options.port}`
  const text = `port ${place} is taken; set http.port to a free one, or to 0 for any`
  return new PortTakenError(text, { cause: error })
}

class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
