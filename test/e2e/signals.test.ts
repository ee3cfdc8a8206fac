// Signals from outside, all the way: a request over HTTP becomes an intent, a decision, orders at the
// exchange and a protected position, and an alert sells it again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeFolder } from './flotilla-command.ts'
import type { Folder, Run } from './flotilla-command.ts'
import { eventually } from './support/eventually.ts'

const patience = { timeout: 240_000 }
const token = 'a-token-that-nobody-guesses'
const webhookToken = 'another-token-for-the-charts'

type Fate = { readonly state: string; readonly orders: { leg: string; state: string }[] }

describe('a fleet whose strategies are outside', () => {
  let folder: Folder
  let fleet: Run
  let gateway: string

  beforeAll(async () => {
    folder = makeFolder()
    const config = [
      'strategy: { strategies: [] }',
      // Minutes of this market pass while a busy machine stands still.
      'risk: { balanceShare: 0.05, priceAgeMaxMs: 86400000 }',
      'gateway: { port: 0, intentLifetimeMs: 3600000, priceAgeMaxMs: 86400000 }',
    ]
    writeFileSync(join(folder.path, 'flotilla.yaml'), config.join('\n'))
    fleet = folder.run(['start', '--speed', '60', '--http-port', '0'], {
      FLOTILLA_GATEWAY__TOKEN: token,
      FLOTILLA_GATEWAY__WEBHOOK__TOKEN: webhookToken,
    })
    const overview = await fleet.line(/overview +http/)
    const health = `${overview.trim().split(/\s+/).at(-1) ?? ''}/api/v1/health`
    const isPriced = async (): Promise<string | null> => {
      const { agents } = (await (await fetch(health)).json()) as {
        agents: { agent: string; detail: { url?: string; priced?: string[] } }[]
      }
      const detail = agents.find(({ agent }) => agent === 'gateway')?.detail
      return detail?.priced?.includes('BTC/USDT') === true ? (detail.url ?? null) : null
    }
    gateway = (await eventually(isPriced, (url) => url !== null, { withinMs: 120_000 })) ?? ''
  }, 240_000)
  afterAll(() => folder.remove())

  const authorization = `Bearer ${token}`
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization, 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await (await fetch(`${gateway}${path}`, request)).json()) as Record<string, unknown>
  }
  const fateOf = async (path: unknown): Promise<Fate> => {
    const response = await fetch(`${gateway}${String(path)}`, { headers: { authorization } })
    return (await response.json()) as Fate
  }
  const untilFilled = (path: unknown, leg: string) =>
    expect
      .poll(async () => (await fateOf(path)).orders.find((each) => each.leg === leg)?.state, {
        timeout: 60_000,
      })
      .toBe('filled')

  test('buys by hand and sells by an alert', patience, async () => {
    const buy = { symbol: 'BTC/USDT', action: 'buy', confidence: 90, reason: 'news' }
    const bought = await post('/api/v1/trading/execute', buy)
    await untilFilled(bought['status'], 'entry')
    await fleet.line(/execution +.* position .* stop [\d.]+, take-profit [\d.]+/)

    const alert = { token: webhookToken, ticker: 'BINANCE:BTCUSDT', action: 'close' }
    const sold = await post('/api/v1/webhooks/tradingview', alert)
    await untilFilled(sold['status'], 'exit')

    const why = folder.run(['why', String(bought['intentId'])])
    expect(await why.ended).toBe(0)
    expect(why.lines.join('\n')).toMatch(/manual[^]*news/)
  })
})
