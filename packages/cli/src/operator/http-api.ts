import { timingSafeEqual } from 'node:crypto'
import type { Bus, DeadLetters } from '@flotilla/bus'
import { AgentName, controlActions, controlMessage } from '@flotilla/contracts'
import type { Clock, ExtraRequest, ExtraRoute } from '@flotilla/runtime'
import { z } from 'zod'

/**
 * The operator's way into the single process. Its in-process bus cannot be reached from outside, so
 * commands come over HTTP, to who shows the token that only the owner of the fleet can read.
 */
export const operatorPaths = {
  control: '/api/v1/operator/control',
  list: '/api/v1/operator/dead-letters/list',
  requeue: '/api/v1/operator/dead-letters/requeue',
} as const

const Order = z.strictObject({
  action: z.enum(controlActions),
  account: z.string().nullable(),
  symbol: z.string().nullable(),
  agent: AgentName.nullable(),
  reason: z.string().max(500),
  requestedBy: z.string().min(1).max(64),
})

const Filter = z.strictObject({
  agent: AgentName.optional(),
  ids: z.array(z.string()).optional(),
  limit: z.int().min(1).optional(),
})

export type OperatorApi = {
  readonly token: string
  readonly bus: Pick<Bus, 'publish'>
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  /** Told of every request that did not show the token. */
  readonly refused?: (path: string) => Promise<void>
}

export function operatorRoute(api: OperatorApi): ExtraRoute {
  let orders = 0
  const handlers: Readonly<Record<string, (body: unknown) => Promise<unknown>>> = {
    [operatorPaths.control]: async (body) => {
      orders += 1
      const occurredAt = api.clock.now()
      const discriminator = `${occurredAt} ${orders} ${api.token.slice(0, 8)}`
      const options = { source: 'operator', occurredAt, discriminator } as const
      await api.bus.publish(controlMessage(Order.parse(body), options))
      return { accepted: true }
    },
    [operatorPaths.list]: async (body) => ({
      letters: await api.deadLetters.list(filterOf(body)),
    }),
    [operatorPaths.requeue]: async (body) => ({
      requeued: await api.deadLetters.requeue(filterOf(body)),
    }),
  }
  return async (request) => {
    const handler = handlers[request.path]
    if (handler === undefined) return null
    if (request.method !== 'POST') return { status: 405, body: { error: 'method not allowed' } }
    if (!isAuthorized(request, api.token)) {
      await api.refused?.(request.path)
      return { status: 401, body: { error: 'the token is missing or wrong' } }
    }
    try {
      return { status: 200, body: await handler(request.body) }
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error
      return { status: 400, body: { error: z.prettifyError(error) } }
    }
  }
}

/** Without the keys that are absent: an absent filter is not a filter for nothing. */
function filterOf(body: unknown) {
  const { agent, ids, limit } = Filter.parse(body)
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(ids === undefined ? {} : { ids }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function isAuthorized(request: ExtraRequest, token: string): boolean {
  const given = Buffer.from(request.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
