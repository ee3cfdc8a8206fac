// The convert desk over the wire: what is refused, and what a restart remembers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSimulatorByHand } from '../testing/started-simulator.ts'

const SALE = { fromAsset: 'BTC', toAsset: 'USDT', fromAmount: '0.5' }

async function open(folder: string | null) {
  const balances = { BTC: '1', USDT: '0' }
  const { simulator, client } = await startSimulatorByHand(
    { balances, control: { enabled: true } },
    folder,
  )
  const call = async (method: string, name: string, parameters: Record<string, string>) => {
    const sent = { ...parameters, timestamp: String(simulator.now()) }
    const payload = new URLSearchParams(sent).toString()
    const query = `${payload}&signature=${client.sign(payload)}`
    const { body } = await client.raw(method, `/sapi/v1/convert/${name}?${query}`)
    return body
  }
  const truth = async () => {
    const response = await fetch(`${simulator.controlUrl}/__sim/ledger`)
    return (await response.json()) as Record<'conversions' | 'escapes' | 'requests', unknown[]>
  }
  return { simulator, client, call, truth }
}

test('what it does not know it refuses, and nothing of it is another exchange', async () => {
  const { simulator, call, truth, client } = await open(null)
  expect(await call('POST', 'getQuote', { ...SALE, note: 'x' })).toMatchObject({ code: -1104 })
  expect(await call('POST', 'getQuote', { ...SALE, validTime: '9s' })).toMatchObject({
    code: -1130,
  })
  expect(await call('POST', 'getQuote', { ...SALE, toAmount: '5' })).toMatchObject({ code: -1128 })
  expect(await call('GET', 'orderStatus', { quoteId: '12000000001' })).toMatchObject({
    code: -2013,
  })
  const { body } = await client.raw('POST', '/sapi/v1/convert/acceptQuote?quoteId=12000000001')
  expect(body.code).toBe(-1102)
  expect(await call('POST', 'getQuote', { ...SALE, fromAmount: '2' })).not.toHaveProperty('quoteId')
  expect(await truth()).toMatchObject({ escapes: [], conversions: [] })
  await simulator.stop()
})

test('a quote and a trade are known after a restart, and the trade is in the ledger', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-convert-'))
  const first = await open(folder)
  const quoteOf = async () => String((await first.call('POST', 'getQuote', SALE))['quoteId'])
  const taken = await quoteOf()
  const waiting = await quoteOf()
  await first.call('POST', 'acceptQuote', { quoteId: taken })
  const told = await first.call('GET', 'orderStatus', { quoteId: taken })
  expect(told).toMatchObject({ orderStatus: 'SUCCESS', fromAmount: '0.50000000' })
  await first.simulator.stop()

  const second = await open(folder)
  expect(await second.call('GET', 'orderStatus', { quoteId: taken })).toEqual(told)
  expect(await second.call('POST', 'acceptQuote', { quoteId: taken })).toHaveProperty('code')
  expect(await second.call('POST', 'acceptQuote', { quoteId: waiting })).toHaveProperty('orderId')
  const { conversions, requests } = await second.truth()
  expect(conversions).toHaveLength(2)
  expect(requests).toHaveLength(4)
  await second.simulator.stop()
  rmSync(folder, { recursive: true })
})
