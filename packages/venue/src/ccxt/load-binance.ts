// Loads only the ccxt class of one exchange: importing all of ccxt costs twice the time and half as much
// memory again.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

/** What this adapter uses of a ccxt exchange. Answers are unknown until a schema has looked at them. */
export type CcxtExchange = {
  apiKey: string | undefined
  secret: string | undefined
  timeout: number
  options: Record<string, unknown>
  exceptions: Record<string, unknown>
  urls: { api: unknown }
  readonly api: unknown
  handleErrors: (...details: HttpAnswer) => unknown
  fetch: (...request: HttpRequest) => Promise<unknown>
  nonce: () => number
  seconds: () => number
  getExceptionsByUrl: (url: string, kind: string) => unknown
  setSandboxMode(enabled: boolean): void
  /** Takes the symbols over that the other has loaded. */
  setMarketsFromExchange(other: CcxtExchange): unknown
  /** The stream of our orders: those that changed since it was called before. */
  watchOrders(): Promise<readonly unknown[]>
  /** One client for each address, made when something is first watched there. */
  client: (url: string) => CcxtStreamClient
  handleMessage: (client: CcxtStreamClient, message: unknown) => unknown
  onConnected: (client: CcxtStreamClient) => void
  onError: (client: CcxtStreamClient, error: unknown) => void
  onClose: (client: CcxtStreamClient, event: unknown) => void
  /** By address; absent before the first one. */
  readonly clients?: Readonly<Record<string, CcxtStreamClient>>
  /** Unencrypted addresses of streams work only after this. */
  loadHttpProxyAgent(): Promise<unknown>
  loadExchangeSpecificFiles(): Promise<void>
  close(): Promise<void>
}

export type CcxtStreamClient = {
  readonly url: string
  /** Absent until it begins to connect. */
  readonly connection?: { terminate(): void }
  onPing: () => unknown
  onPong: () => unknown
}

export type HttpRequest = [url: string, method: string, headers?: unknown, body?: unknown]

/** Status, reason, url, method, headers, body, parsed body (absent when it is not JSON). */
export type HttpAnswer = [
  status: number,
  reason: string,
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  json: unknown,
  ...rest: unknown[],
]
type ExchangeClass = new (config: Record<string, unknown>) => CcxtExchange

const loaded = new Map<string, Promise<ExchangeClass>>()

export function loadBinance(): Promise<ExchangeClass> {
  return loadExchange('binance')
}

/** By ccxt's name of the exchange. */
export function loadExchange(name: string): Promise<ExchangeClass> {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const loading = importExchange(name)
  loaded.set(name, loading)
  return loading
}

async function importExchange(name: string): Promise<ExchangeClass> {
  // The package's exports name only its whole bundle; the single exchange is a file beside it.
  const bundle = createRequire(import.meta.url).resolve('ccxt')
  const file = path.join(path.dirname(bundle), '..', 'js', 'src', 'pro', `${name}.js`)
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href)
  if (!isExchangeModule(module)) throw new Error(`ccxt has no class ${name} where it is expected`)
  return module.default
}

function isExchangeModule(module: unknown): module is { default: ExchangeClass } {
  return (
    typeof module === 'object' &&
    module !== null &&
    'default' in module &&
    typeof module.default === 'function'
  )
}
