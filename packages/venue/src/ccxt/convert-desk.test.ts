// The convert desk on the wire: what is sent, and what each answer means.
import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { ConvertQuote, VenueConvert } from '../convert.ts'
import type { ScriptedAnswer } from '../wire-test/scripted-server.ts'
import { marketNow, openWireVenue, patienceFor, type WireVenue } from '../wire-test/wire-venue.ts'

const routes = {
  quote: 'POST /sapi/v1/convert/getQuote',
  accept: 'POST /sapi/v1/convert/acceptQuote',
  status: 'GET /sapi/v1/convert/orderStatus',
}
const quoted: ConvertQuote = {
  quoteId: '12415572564',
  from: 'BTC',
  to: 'USDT',
  fromAmount: Decimal.from('0.1'),
  toAmount: Decimal.from('3816.37'),
  validUntil: marketNow + 10_000,
}
const wireQuote = {
  quoteId: '12415572564',
  ratio: '38163.7',
  inverseRatio: '0.0000262',
  validTimestamp: marketNow + 10_000,
  toAmount: '3816.37',
  fromAmount: '0.1',
}
const request = { from: 'BTC', to: 'USDT', amount: Decimal.from('0.1') }
const unanswered: readonly (readonly [string, ScriptedAnswer])[] = [
  ['a connection that is cut', { fault: 'reset' }],
  ['no answer', { fault: 'hang' }],
  ['a bad gateway', { status: 502, text: '<html>' }],
  ['-1007', { status: 408, json: { code: -1007, msg: 'Timeout waiting for response.' } }],
  ['an answer that cannot be read', { json: { orderId: '1' } }],
]

let scene: WireVenue
let convert: VenueConvert
async function open(answer: ScriptedAnswer = {}): Promise<void> {
  scene = await openWireVenue(patienceFor(answer))
  convert = scene.venue.convert!
}
async function close(): Promise<void> {
  await scene.venue.close()
  await scene.server.close()
}
beforeEach(() => open())
afterEach(close)

/** Another scene, with no more patience than an answer deserves. */
async function openFor(answer: ScriptedAnswer): Promise<void> {
  await close()
  await open(answer)
}

function essentials(route: string): Record<string, string>[] {
  const signing = ['timestamp', 'recvWindow', 'signature']
  return scene.server
    .sent(route)
    .map(({ parameters }) =>
      Object.fromEntries(Object.entries(parameters).filter(([name]) => !signing.includes(name))),
    )
}

it('asks, accepts and asks again with nothing but what the venue knows', async () => {
  const at = marketNow + 1
  const amounts = { fromAsset: 'BTC', fromAmount: '0.1', toAsset: 'USDT', toAmount: '3816.37' }
  scene.server.on(routes.quote, { json: wireQuote })
  const taken = { orderId: '933256278426274426', createTime: at }
  scene.server.on(routes.accept, { json: { ...taken, orderStatus: 'PROCESS' } })
  scene.server.on(routes.status, { json: { ...taken, ...amounts, orderStatus: 'SUCCESS' } })

  expect(await convert.quote(request)).toEqual({ kind: 'quoted', quote: quoted })
  const { quoteId, from, to, fromAmount, toAmount } = quoted
  const conversion = { quoteId, from, to, fromAmount, toAmount, at }
  expect(await convert.accept(quoted)).toEqual({
    kind: 'accepted',
    conversion: { ...conversion, status: 'pending' },
  })
  expect(await convert.query(quoted)).toEqual({ ...conversion, status: 'done' })
  expect(essentials(routes.quote)).toEqual([
    { fromAsset: 'BTC', toAsset: 'USDT', fromAmount: '0.1' },
  ])
  expect(essentials(routes.accept)).toEqual([{ quoteId }])
  expect(essentials(routes.status)).toEqual([{ quoteId }])
})

describe('an acceptance', () => {
  it.each(unanswered)(
    'that meets %s is sent once and its outcome is unknown',
    async (_, answer) => {
      await openFor(answer)
      scene.server.on(routes.accept, answer)
      expect(await convert.accept(quoted)).toMatchObject({ kind: 'unknown' })
      expect(scene.server.sent(routes.accept)).toHaveLength(1)
    },
  )

  it('that the desk refuses in a code of its own has certainly done nothing', async () => {
    scene.server.on(routes.accept, { status: 400, json: { code: 345_005, msg: 'It has expired.' } })
    expect(await convert.accept(quoted)).toMatchObject({
      kind: 'rejected',
      code: 'rejected_by_venue',
      reason: 'It has expired.',
    })
  })
})

describe('a question', () => {
  it('for a price is refused without an id, and by a code of the desk', async () => {
    const { quoteId: _, ...without } = wireQuote
    scene.server.on(routes.quote, { json: without })
    const poor = await convert.quote(request)
    expect(poor).toEqual({ kind: 'refused', reason: 'not enough BTC for a quote' })
    scene.server.on(routes.quote, { status: 400, json: { code: 345_000, msg: 'No such pair.' } })
    expect(await convert.quote(request)).toEqual({ kind: 'refused', reason: 'No such pair.' })
  })

  it.each(unanswered.slice(0, 4))(
    'that meets %s says nothing about the trade',
    async (_, answer) => {
      await openFor(answer)
      scene.server.on(routes.status, answer)
      await expect(convert.query(quoted)).rejects.toMatchObject({ retryable: true })
    },
  )

  it('for a trade that is not there is answered with none', async () => {
    scene.server.on(routes.status, { status: 400, json: { code: 345_003, msg: 'None.' } })
    expect(await convert.query(quoted)).toBeNull()
  })
})

it('is not there on the test network', async () => {
  const { venue, server } = await openWireVenue({ testnet: true })
  expect(venue.convert).toBeUndefined()
  await venue.close()
  await server.close()
})
