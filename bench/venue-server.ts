// A server of the venue benchmark in a process of its own: the simulator as it is started for a fleet,
// with its folder on disk, or Node's bare server with the answer of an order, as the limit.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSimulator } from '@flotilla/exchange-simulator'

export type ServerName = 'simulator' | 'bare'

export type ServerReady = { readonly url: string }

/** Processor time of this process since the last question, in microseconds. */
export type ServerCost = { readonly cpuUs: number }

/** Nobody is refused for being fast. */
const limits = { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 }

const [name, folder] = process.argv.slice(2) as [ServerName, string]
const url = name === 'simulator' ? await startSimulator() : await startBare()
let began = process.cpuUsage()
process.on('message', () => {
  const { user, system } = process.cpuUsage(began)
  began = process.cpuUsage()
  process.send!({ cpuUs: user + system } satisfies ServerCost)
})
process.on('SIGTERM', () => process.exit())
process.send!({ url } satisfies ServerReady)

async function startSimulator(): Promise<string> {
  const simulator = createSimulator({
    config: { symbols: ['BTC/USDT'], balances: { USDT: '1000000000', BTC: '100000' }, limits },
    folder,
  })
  await simulator.start()
  return simulator.url
}

async function startBare(): Promise<string> {
  const body = JSON.stringify({
    symbol: 'BTCUSDT',
    orderId: 1,
    orderListId: -1,
    clientOrderId: 'order-1',
    transactTime: 1,
    fills: [{ price: '64000.00000000', qty: '0.00100000', commission: '0.00000100', tradeId: 1 }],
  })
  const headers = {
    'Content-Type': 'application/json;charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
  }
  const server = createServer((request, response) => {
    request.on('data', () => undefined)
    request.on('end', () => response.writeHead(200, headers).end(body))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
