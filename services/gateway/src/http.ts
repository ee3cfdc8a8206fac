import { createHash, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import { tradingActions } from '@flotilla/contracts'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayConfig } from './config.ts'
import type { Problem } from './core/index.ts'

/** An answer of ours, whoever carries it. */
export type Answer = { readonly status: number; readonly body: object }

export type Refused = {
  readonly path: string
  readonly address: string
  /** A command without the token for commands, and no signal. */
  readonly isCommand: boolean
}

/** What the wire asks of the agent. */
export type SignalDesk = {
  execute(body: unknown, idempotencyKey: string | null): Promise<Answer>
  alert(body: unknown): Promise<Answer>
  intent(intentId: string): Promise<Answer>
  why(subject: string): Promise<Answer>
  command(action: string, body: unknown, idempotencyKey: string | null): Promise<Answer>
  /** Counted and logged: somebody tries, or has an old token. */
  onUnauthorized(what: Refused): Promise<void>
}

export type SignalServer = { readonly url: string; close(): Promise<void> }

export const paths = {
  execute: '/api/v1/trading/execute',
  alert: '/api/v1/webhooks/tradingview',
  intent: '/api/v1/trading/intents/:intentId',
  // A symbol may be written with its slash.
  why: '/api/v1/trading/why/*',
  control: '/api/v1/control/:action',
} as const

/** An alert is some hundred characters; nothing that we take is longer than this, in bytes. */
const bodyBytesMax = 16_384

/** Who takes longer, in real milliseconds, to send so little only keeps a connection busy. */
const requestMsMax = 10_000

const minuteMs = 60_000

const exampleAlert =
  '{"token":"...","ticker":"{{ticker}}","action":"{{strategy.order.action}}","time":"{{timenow}}"}'

/**
 * Takes signals and commands over HTTP. Everything asks for a token; an endpoint whose token is not configured
 * takes nothing from anybody.
 * @throws Error that names gateway.port when the port is taken.
 */
export async function startSignalServer(
  config: GatewayConfig,
  desk: SignalDesk,
): Promise<SignalServer> {
  const server = fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    // One proxy, ours: whoever calls writes what he likes in front of the address that it adds.
    trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
    routerOptions: { ignoreTrailingSlash: true },
  })
  await server.register(rateLimit, {
    max: config.requestsPerMinute,
    timeWindow: minuteMs,
    errorResponseBuilder: (_request, { max }) => ({
      statusCode: 429,
      error: `more than ${max} requests a minute (gateway.requestsPerMinute); try again later`,
    }),
  })
  takeTexts(server)
  answerFaults(server)
  route(server, config, desk)
  try {
    await server.listen({ host: config.host, port: config.port })
  } catch (error) {
    await server.close()
    if (!(error instanceof Error && 'code' in error) || error.code !== 'EADDRINUSE') throw error
    throw new Error(`port ${config.port} is taken; set gateway.port to another, or 0 for any`, {
      cause: error,
    })
  }
  const { port } = server.server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  return { url: `http://${host}:${port}`, close: () => server.close() }
}

function route(server: FastifyInstance, config: GatewayConfig, desk: SignalDesk): void {
  const { token, webhook, control } = config
  const isBearer = (request: FastifyRequest): boolean => isSecret(bearerOf(request), token)
  const isCommander = (request: FastifyRequest): boolean =>
    isSecret(bearerOf(request), control.token)
  /** Charting services send no header of the user's, so their alerts carry the token inside. */
  const isAlert = (request: FastifyRequest): boolean =>
    isSecret(tokenIn(request.body), webhook.token) && isAllowed(request.ip, webhook.addresses)

  const behind =
    (isAuthorized: (request: FastifyRequest) => boolean, act: Act) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      if (!isAuthorized(request)) {
        await desk.onUnauthorized(refusedOf(request))
        await reply.code(401).send({ error: 'the token is missing or wrong, or not configured' })
        return
      }
      const { status, body } = await act(request)
      await reply.code(status).send(body)
    }

  server.post(
    paths.execute,
    behind(isBearer, (request) => desk.execute(request.body, headerOf(request, 'idempotency-key'))),
  )
  server.get(
    paths.intent,
    behind(isBearer, ({ params }) => desk.intent((params as { intentId: string }).intentId)),
  )
  server.get(
    paths.why,
    behind(isBearer, ({ params }) => desk.why((params as { '*': string })['*'])),
  )
  server.post(
    paths.alert,
    behind(isAlert, ({ body }) => desk.alert(body)),
  )
  // Counted apart: a storm of signals never keeps a halt out.
  const { requestsPerMinute: max } = config
  server.post(
    paths.control,
    { config: { rateLimit: { max, timeWindow: minuteMs } } },
    behind(isCommander, (request) => {
      const key = headerOf(request, 'idempotency-key')
      return desk.command(actionOf(request), request.body, key)
    }),
  )
}

type Act = (request: FastifyRequest) => Promise<Answer>

/** Charting services send JSON as plain text when they do not recognise it as JSON. */
function takeTexts(server: FastifyInstance): void {
  server.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, JSON.parse(String(text)))
    } catch {
      done(Object.assign(new Error(`the alert is not JSON; write it as ${exampleAlert}`), notJson))
    }
  })
}

const notJson = { statusCode: 400 }

/** A fault of the sender is named; of one of ours only the fact. */
function answerFaults(server: FastifyInstance): void {
  server.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) reply.log.error(error)
    const text = error.message || ('error' in error ? String(error.error) : '')
    await reply.code(status).send({ error: status < 500 ? text : 'internal' })
  })
  server.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send({ error: 'not found' })
  })
}

export function problemAnswer(status: number, problems: readonly Problem[]): Answer {
  return { status, body: { error: 'the request was not understood', problems } }
}

/** Compared by digest: neither length nor content shows in the time it takes. */
function isSecret(given: string | undefined, wanted: string | undefined): boolean {
  if (given === undefined || wanted === undefined) return false
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function tokenIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('token' in body)) return undefined
  return typeof body.token === 'string' ? body.token : undefined
}

function isAllowed(address: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.includes(address.replace(/^::ffff:/, ''))
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
}

function actionOf({ params }: FastifyRequest): string {
  return (params as { action: string }).action
}

/** Only a path that exists is written down, not what a stranger makes up. */
function refusedOf(request: FastifyRequest): Refused {
  const path = request.routeOptions.url ?? ''
  const isCommand = path === paths.control
  const { ip: address } = request
  const action = tradingActions.find((each) => isCommand && each === actionOf(request))
  return { path: action === undefined ? path : path.replace(':action', action), address, isCommand }
}

function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}
