// The client of the venue benchmark: Node's HTTP client with connections that are kept open, signing
// every order with HMAC-SHA256 as the exchange asks for it.
import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import { realClock } from '@flotilla/runtime'

export type ClientOrder = {
  readonly url: string
  /** Signed requests; of four orders one rests and is cancelled by a fifth request. */
  readonly orders: number
  /** Connections with one request each under way. */
  readonly underWay: number
}

export type ClientAnswer = {
  readonly orders: number
  readonly seconds: number
  readonly latenciesMs: readonly number[]
}

const apiKey = 'flotillaSimulatorKey'
const secret = 'flotillaSimulatorSecret'
/** Client ids are used once over all runs. */
let sent = 0

const shapes = [
  'side=BUY&type=LIMIT&timeInForce=GTC&price=20000.00&quantity=0.001',
  'side=BUY&type=MARKET&quantity=0.001',
  'side=SELL&type=LIMIT&timeInForce=IOC&price=20000.00&quantity=0.001',
  'side=SELL&type=MARKET&quantity=0.001',
]

process.on('message', (order: ClientOrder) => {
  run(order).then(
    (answer) => process.send!(answer),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send!('ready')

async function run({ url, orders, underWay }: ClientOrder): Promise<ClientAnswer> {
  const agent = new Agent({ keepAlive: true, maxSockets: underWay })
  const { hostname, port } = new URL(url)
  const target = { agent, hostname, port }
  const latenciesMs: number[] = []
  let left = orders
  const loop = async (): Promise<void> => {
    while (left > 0) {
      const index = left--
      const began = performance.now()
      const name = `b-${(sent += 1)}`
      const shape = shapes[index % shapes.length]!
      const fields = `symbol=BTCUSDT&newClientOrderId=${name}&newOrderRespType=FULL&${shape}`
      await send(target, 'POST', fields)
      latenciesMs.push(performance.now() - began)
      if (shape !== shapes[0]) continue
      await send(target, 'DELETE', `symbol=BTCUSDT&origClientOrderId=${name}`)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: underWay }, loop))
  const seconds = (performance.now() - began) / 1_000
  agent.destroy()
  return { orders, seconds, latenciesMs }
}

type Target = { readonly agent: Agent; readonly hostname: string; readonly port: string }

function send(target: Target, method: 'POST' | 'DELETE', fields: string): Promise<void> {
  const payload = `${fields}&recvWindow=5000&timestamp=${realClock.now()}`
  const signature = createHmac('sha256', secret).update(payload).digest('hex')
  const signed = `${payload}&signature=${signature}`
  const isPost = method === 'POST'
  const headers = isPost
    ? {
        'X-MBX-APIKEY': apiKey,
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': signed.length,
      }
    : { 'X-MBX-APIKEY': apiKey }
  const path = isPost ? '/api/v3/order' : `/api/v3/order?${signed}`
  return new Promise((resolve, reject) => {
    const sending = request({ ...target, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${response.statusCode} ${Buffer.concat(chunks).toString('utf8')}`))
      })
    })
    sending.on('error', reject)
    sending.end(isPost ? signed : undefined)
  })
}
