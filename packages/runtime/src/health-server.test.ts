import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startHealthServer } from './health-server.ts'
import type { ExtraRequest, HealthServer } from './health-server.ts'
import { counter, createMetrics } from './metrics.ts'

const states: Record<string, boolean> = {}
let server: HealthServer

function source(name: string) {
  const metrics = createMetrics({ agent: name, instance: '1' })
  counter(metrics, { name: 'flotilla_seen_total', help: 'Seen.' }).inc(name.length)
  const readiness = () => ({ ready: states[name] === true, detail: { waits: `<${name}>` } })
  return { name, instance: '1', metrics, readiness }
}

beforeEach(async () => {
  states['risk-manager'] = true
  states['strategy'] = true
  const sources = [source('risk-manager'), source('strategy')]
  server = await startHealthServer({ host: '127.0.0.1', port: 0, sources })
})
afterEach(() => server.close())

const get = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { redirect: 'manual', ...init })

describe('with and without the trailing slash, none redirects', () => {
  test.each(['health', 'health/readiness', 'health/liveness'])('%s answers 200', async (path) => {
    for (const slash of ['', '/', '/?verbose=1']) {
      expect((await get(`/api/v1/${path}${slash}`)).status).toBe(200)
    }
  })

  test('readiness answers 503 when one agent is not ready, and says which', async () => {
    states['strategy'] = false
    for (const path of ['health', 'health/', 'health/readiness', 'health/readiness/']) {
      const response = await get(`/api/v1/${path}`)
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({
        status: 'not-ready',
        agents: [
          { agent: 'risk-manager', ready: true },
          { agent: 'strategy', ready: false, detail: { waits: '<strategy>' } },
        ],
      })
    }
    expect((await get('/api/v1/health/liveness')).status).toBe(200)
  })
})

test('metrics of all agents are one exposition, each metric described once', async () => {
  const text = await (await get('/metrics')).text()
  expect(text.match(/# HELP flotilla_seen_total/g)).toHaveLength(1)
  expect(text).toContain('flotilla_seen_total{agent="risk-manager",instance="1"} 12')
  expect(text).toContain('flotilla_seen_total{agent="strategy",instance="1"} 8')
})

test('the front page lists the agents and takes their words as text', async () => {
  const page = await (await get('/')).text()
  expect(page).toContain('risk-manager')
  expect(page).not.toContain('<strategy>')
})

test('other paths are 404, other methods 405, HEAD has no body', async () => {
  expect((await get('/api/v2/health')).status).toBe(404)
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  expect((await get('/api/v1/commands', { method: 'POST', body: '{}' })).status).toBe(404)
  const head = await get('/api/v1/health', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('a path of somebody else is answered by its route', async () => {
  const asked: unknown[] = []
  const extra = (request: ExtraRequest) => {
    asked.push(request)
    return Promise.resolve(request.path === '/mine' ? { status: 202, body: { done: true } } : null)
  }
  const own = await startHealthServer({ host: '127.0.0.1', port: 0, sources: [], extra })
  try {
    const headers = { authorization: 'Bearer t' }
    const init = { method: 'POST', headers, body: '{"a":1}' }
    const response = await fetch(`${own.url}/mine/?x=1`, init)
    expect([response.status, await response.json()]).toEqual([202, { done: true }])
    expect(asked).toEqual([
      { method: 'POST', path: '/mine', authorization: 'Bearer t', body: { a: 1 } },
    ])
    expect((await fetch(`${own.url}/other`)).status).toBe(404)
  } finally {
    await own.close()
  }
})

test('a taken port is named with the setting to change', async () => {
  const port = Number(new URL(server.url).port)
  await expect(startHealthServer({ host: '127.0.0.1', port, sources: [] })).rejects.toThrow(
    /is taken; set http\.port/,
  )
  const other = { host: '127.0.0.1', port, sources: [], orAnyPort: true }
  const elsewhere = await startHealthServer(other)
  expect(elsewhere.url).not.toBe(server.url)
  expect((await fetch(`${elsewhere.url}/api/v1/health`)).status).toBe(200)
  await elsewhere.close()
})
