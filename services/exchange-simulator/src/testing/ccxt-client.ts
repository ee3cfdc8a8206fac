import type { Simulator } from '../index.ts'
import { redirected } from '../live/redirect.ts'

/** ccxt as it comes, sent to the simulator instead of the exchange. */
export type Exchange = {
  urls: { api: Record<string, unknown> }
  options: Record<string, unknown>
  timeout: number
  nonce: () => number
  safeDict(value: unknown, key: string, fallback: object): object
  exceptions: object
  getExceptionsByUrl: (url: string, key: string) => object
  [method: string]: unknown
}

export type Call = (...values: unknown[]) => Promise<Record<string, unknown>>

/** What makes ccxt ask for spot markets only; without it, it asks every house of the exchange. */
const spotOnly = {
  defaultType: 'spot',
  fetchMarkets: { types: ['spot'] },
  fetchCurrencies: false,
  fetchMargins: false,
  recvWindow: 5_000,
  fetchOpenOrders: { warnWithoutSymbol: false },
}

export async function loadCcxt(
  simulator: Pick<Simulator, 'url' | 'now'>,
  change: object = {},
): Promise<Exchange> {
  const address = new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href
  const loaded = (await import(address)) as { default: new (config: object) => Exchange }
  const made = new loaded.default({
    apiKey: 'flotillaSimulatorKey',
    secret: 'flotillaSimulatorSecret',
    enableRateLimit: false,
    options: spotOnly,
    ...change,
  })
  made.urls.api = redirected(made.urls.api, simulator.url) as Record<string, unknown>
  made.nonce = () => simulator.now()
  made.getExceptionsByUrl = (_url, key) =>
    made.safeDict(made.safeDict(made.exceptions, 'spot', {}), key, {})
  await call(made, 'loadMarkets')
  return made
}

export function call(on: Exchange, name: string, ...values: unknown[]) {
  return (on[name] as Call).call(on, ...values)
}
