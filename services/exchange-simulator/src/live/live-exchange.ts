import { redirected } from './redirect.ts'

/** What a follower uses of a ccxt exchange; what comes of a venue is checked where it is read. */
export type LiveExchange = {
  readonly has: Readonly<Record<string, unknown>>
  readonly markets: Readonly<Record<string, LiveMarket>>
  readonly precisionMode: number
  urls: { api: unknown }
  loadMarkets(): Promise<unknown>
  loadHttpProxyAgent(): Promise<unknown>
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<unknown>
  fetchTrades(symbol: string, since?: number, limit?: number): Promise<unknown>
  watchTrades(symbol: string): Promise<unknown>
  fetchOrderBook(symbol: string, limit?: number): Promise<unknown>
  watchOrderBook(symbol: string): Promise<unknown>
  fetchTicker(symbol: string): Promise<unknown>
  /** The socket of an address; made when it is first asked for. */
  client(url: string): Socket
  close(): Promise<unknown>
}

type Socket = { send(message: unknown): Promise<unknown> }

type LiveMarket = {
  readonly precision?: { readonly price?: number; readonly amount?: number }
}

type ExchangeClass = new (options: object) => LiveExchange

/** Loads the one exchange: all of ccxt would cost twice the time and memory. */
export async function openLiveExchange(
  venue: string,
  url: string | undefined,
): Promise<LiveExchange> {
  const Exchange = await loadClass(venue)
  const exchange = new Exchange({ enableRateLimit: true, options: { defaultType: 'spot' } })
  if (url !== undefined) {
    exchange.urls.api = redirected(exchange.urls.api, url)
    if (url.startsWith('http:')) await exchange.loadHttpProxyAgent()
  }
  outliveClosedSockets(exchange)
  await exchange.loadMarkets()
  return exchange
}

/**
 * The library sends what waited for its turn without looking at the outcome. A socket that has closed
 * meanwhile tells everybody who listens to it; that last word must not end the process.
 */
function outliveClosedSockets(exchange: LiveExchange): void {
  const known = new WeakSet<Socket>()
  const clientOf = exchange.client.bind(exchange)
  exchange.client = (url) => {
    const socket = clientOf(url)
    if (known.has(socket)) return socket
    known.add(socket)
    const send = socket.send.bind(socket)
    socket.send = (message) => send(message).catch(() => undefined)
    return socket
  }
}

async function loadClass(venue: string): Promise<ExchangeClass> {
  for (const folder of ['pro/', '']) {
    const address = new URL(`./src/${folder}${venue}.js`, import.meta.resolve('ccxt')).href
    const found = await importFile(address)
    if (found !== null) return found
  }
  throw new Error(
    `simulator.follow.venue: ccxt knows no venue "${venue}"; give its ccxt id, as kraken`,
  )
}

async function importFile(address: string): Promise<ExchangeClass | null> {
  try {
    const module = (await import(/* @vite-ignore */ address)) as { default: ExchangeClass }
    return module.default
  } catch (error) {
    const isAbsent = (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    if (isAbsent) return null
    throw error
  }
}
