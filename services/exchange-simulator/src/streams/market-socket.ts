import type { Hub, Listener } from './hub.ts'

/** A socket for market streams: named in its address, or asked for by message. */
export type MarketSocket = { receive(text: string): void }

type Request = {
  readonly method?: unknown
  readonly params?: unknown
  readonly id?: unknown
}

type Address = {
  readonly names: readonly string[]
  readonly isCombined: boolean
  readonly streamsMax: number
}

export function openMarketSocket(hub: Hub, listener: Listener, address: Address): MarketSocket {
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
  for (const name of address.names.slice(0, address.streamsMax)) add(name)
  const subscribe = (params: readonly unknown[]): unknown => {
    const all = new Set([...names, ...params])
    if (all.size > address.streamsMax) return new Complaint(2, 'Invalid request: too many streams')
    return forEachName(params, add)
  }
  const setProperty = (params: readonly unknown[]): unknown => {
    const wrong = checkProperty(params, 2)
    if (wrong !== null) return wrong
    if (typeof params[1] !== 'boolean')
      return new Complaint(1, 'Invalid value type: expected Boolean')
    isCombined = params[1]
    for (const name of names) hub.subscribe(listener, name, isCombined)
    return null
  }
  const methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
    SUBSCRIBE: subscribe,
    UNSUBSCRIBE: (params) => forEachName(params, remove),
    LIST_SUBSCRIPTIONS: () => [...names],
    SET_PROPERTY: setProperty,
    GET_PROPERTY: (params) => checkProperty(params, 1) ?? isCombined,
  }
  return {
    receive: (text) => {
      const request = parse(text)
      const id = isId(request?.id) ? (request?.id ?? null) : null
      const answer = request === null ? notJson : act(methods, request)
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

const notJson = new Complaint(3, 'Invalid JSON: expected value at line 1 column 1')
const ID_LENGTH_MAX = 36

/** A whole number of 64 bits, a short text, or nothing. */
function isId(id: unknown): boolean {
  if (id === undefined || id === null || Number.isInteger(id)) return true
  return typeof id === 'string' && /^[A-Za-z0-9-]*$/.test(id) && id.length <= ID_LENGTH_MAX
}

function checkProperty(params: readonly unknown[], most: number): Complaint | null {
  const [name] = params
  if (typeof name !== 'string') {
    return new Complaint(2, 'Invalid request: property name must be a string')
  }
  if (params.length > most) return new Complaint(2, 'Invalid request: too many parameters')
  return name === 'combined' ? null : new Complaint(0, 'Unknown property')
}

function act(
  methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>>,
  { method, params = [], id }: Request,
): unknown {
  if (!isId(id)) {
    return new Complaint(2, 'Invalid request: request ID must be an unsigned integer')
  }
  if (typeof method !== 'string') {
    return new Complaint(2, 'Invalid request: missing field `method` at line 1 column 1')
  }
  const known = methods[method]
  if (known === undefined) {
    const names = Object.keys(methods)
      .map((name) => `\`${name}\``)
      .join(', ')
    return new Complaint(
      2,
      `Invalid request: unknown variant \`${method}\`, expected one of ${names}`,
    )
  }
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
