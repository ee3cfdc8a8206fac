import { createHmac } from 'node:crypto'

/** A client with no opinion of its own: it signs what it is given and hands back what comes. */
type WireAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>> & {
    readonly code?: number
    readonly msg?: string
  }
}

export type WireClientOptions = {
  readonly url: string
  readonly now: () => number
  readonly apiKey?: string
  readonly secret?: string
}

export type WireClient = {
  public(path: string, query?: string): Promise<WireAnswer>
  signed(
    method: string,
    path: string,
    parameters?: Readonly<Record<string, string | number>>,
  ): Promise<WireAnswer>
  raw(method: string, pathAndQuery: string, body?: string): Promise<WireAnswer>
  sign(payload: string): string
}

export function wireClient(options: WireClientOptions): WireClient {
  const { url, now, apiKey = 'flotillaSimulatorKey', secret = 'flotillaSimulatorSecret' } = options
  const raw = async (method: string, pathAndQuery: string, body?: string): Promise<WireAnswer> => {
    const response = await fetch(`${url}${pathAndQuery}`, {
      method,
      headers: {
        'X-MBX-APIKEY': apiKey,
        ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const parsed: unknown = isJson ? JSON.parse(text) : { text }
    return {
      status: response.status,
      headers: response.headers,
      body: parsed as WireAnswer['body'],
    }
  }
  const sign = (payload: string): string =>
    createHmac('sha256', secret).update(payload).digest('hex')
  return {
    raw,
    sign,
    public: (path, query = '') => raw('GET', `/api/v3/${path}${query === '' ? '' : `?${query}`}`),
    signed: (method, path, parameters = {}) => {
      const fields = { timestamp: now(), ...parameters }
      const payload = Object.entries(fields)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&')
      const full = `${payload}&signature=${sign(payload)}`
      return method === 'POST'
        ? raw(method, `/api/v3/${path}`, full)
        : raw(method, `/api/v3/${path}?${full}`)
    },
  }
}
