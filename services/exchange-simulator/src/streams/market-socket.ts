import type { Hub, Listener } from './hub.ts'

/** A socket for market streams: named in its address, or asked for by message. */
export type MarketSocket = { receive(text: string): void }

type Request = {
  readonly method?: unknown
  readonly params?: unknown
  readonly id?: unknown
}

export function openMarketSocket(
  hub: Hub,
  listener: Listener,
  address: { readonly names: readonly string[]; readonly isCombined: boolean },
): MarketSocket {
  const names = new Set<string>()
  let { isCombined } = address
  const add = (name: string): void => {
    names.add(name)
    hub.subscribe(listener, name, isCombined)
  }
  const remove = (name: string): void => {
    names.delete(name)
    hub.unsubscribe(listener, name)
  }
  for (const name of address.names) add(name)
  const setProperty = (params: readonly unknown[]): unknown => {
    if (params[0] !== 'combined') return new Complaint(0, 'Unknown property')
    if (typeof params[1] !== 'boolean')
      return new Complaint(1, 'Invalid value type: expected Boolean')
    isCombined = params[1]
    for (const name of names) hub.subscribe(listener, name, isCombined)
    return null
  }
  const methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
    SUBSCRIBE: (params) => forEachName(params, add),
    UNSUBSCRIBE: (params) => forEachName(params, remove),
    LIST_SUBSCRIPTIONS: () => [...names],
    SET_PROPERTY: setProperty,
    GET_PROPERTY: (params) =>
      params[0] === 'combined' ? isCombined : new Complaint(0, 'Unknown property'),
  }
  return {
    receive: (text) => {
      const request = parse(text)
      const id = request?.id ?? null
      const answer = request === null ? new Complaint(3, 'Invalid JSON') : act(methods, request)
      const isWrong = answer instanceof Complaint
      listener.send(
        JSON.stringify(
          isWrong
            ? { error: { code: answer.code, msg: answer.message }, id }
            : { result: answer, id },
        ),
      )
    },
  }
}

class Complaint {
  readonly code: number
  readonly message: string

  constructor(code: number, message: string) {
    this.code = code
    this.message = message
  }
}

function act(
  methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>>,
  { method, params = [] }: Request,
): unknown {
  const known = typeof method === 'string' ? methods[method] : undefined
  if (known === undefined) return new Complaint(2, 'Invalid request: unknown variant')
  if (!Array.isArray(params)) return new Complaint(2, 'Invalid request: params must be an array')
  return known(params)
}

function forEachName(params: readonly unknown[], use: (name: string) => void): unknown {
  for (const name of params) {
    if (typeof name !== 'string')
      return new Complaint(2, 'Invalid request: stream must be a string')
    use(name)
  }
  return null
}

function parse(text: string): Request | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Request | null) : null
  } catch {
    return null
  }
}
