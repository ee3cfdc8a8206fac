// What can be known of the composition without an engine: that it has every agent, orders and checks
// them, keeps no secret, and configures them validly.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFleetConfig } from '@flotilla/fleet'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadAgents } from '../../packages/cli/src/load-agents.ts'
import { AGENTS } from './support/process-fleet.ts'

type Service = {
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: unknown
  readonly restart?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly volumes?: readonly string[]
  readonly user?: string
}

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> }
const folder = mkdtempSync(join(tmpdir(), 'flotilla-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(AGENTS)('the container of %s', (agent) => {
  const service = services[agent]!

  test('runs the agent, unprivileged, and is checked and restarted', () => {
    expect(service.command).toEqual(['node', `services/${agent}/src/main.ts`])
    expect(service.read_only).toBe(true)
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.user).toBeUndefined()
    expect(service.restart).toBe('unless-stopped')
    expect(service.healthcheck).toBeDefined()
  })

  test('starts after what it needs is ready', () => {
    expect(service.depends_on).toMatchObject({
      provision: { condition: 'service_completed_successfully' },
      rabbitmq: { condition: 'service_healthy' },
      simulator: { condition: 'service_healthy' },
    })
  })

  test('sees its own secrets and nobody else sees them', () => {
    const volume = `secrets-${agent}`
    expect(service.volumes).toContain(`${volume}:/run/secrets:ro`)
    const others = Object.entries(services).filter(
      ([name, { volumes = [] }]) =>
        name !== agent &&
        name !== 'secrets' &&
        volumes.some((each) => each.startsWith(`${volume}:`)),
    )
    expect(others).toEqual([])
  })
})

test('no password stands in the composition: each is a file, or a variable without default', () => {
  const suspicious = Object.entries(services).flatMap(([name, { environment = {} }]) =>
    Object.entries(environment)
      .filter(([key]) => /PASS|SECRET|TOKEN|KEY/.test(key))
      .filter(([, value]) => !/^(\/run\/secrets(\/[a-z-]+)?|\$\{[A-Z_]+:-\})$/.test(value))
      .map(([key]) => `${name}: ${key}`),
  )
  expect(suspicious).toEqual([])
  expect(text).not.toMatch(/:\/\/[^\s/]+:[^\s/]+@/)
})

test('the configuration of the composition is valid for every agent', async () => {
  const file = join(root, 'infra/docker/flotilla.yaml')
  const environment = {
    FLOTILLA_BUS__URL: 'amqp://strategy:x@rabbitmq:5672/flotilla',
    FLOTILLA_LEDGER__URL: 'postgres://flotilla:x@postgres:5432/flotilla',
    FLOTILLA_MARKET_STORE__TOKEN: 'x',
  }
  const specs = await loadAgents()
  const { shared } = readFleetConfig({ file, specs, environment })
  expect(shared.mode).toBe('paper')
  expect(shared.venue.url).toBe('http://simulator:9001')
})

describe('secrets', () => {
  const make = (environment: Record<string, string> = {}) =>
    execFileSync(process.execPath, [join(root, 'infra/docker/make-secrets.mjs'), folder], {
      env: { ...process.env, FLOTILLA_SECRET_UID: String(process.getuid!()), ...environment },
    })
  const read = (principal: string, name: string) =>
    readFileSync(join(folder, principal, name), 'utf8')

  test('are made once and kept, and the address of an agent carries its own password', () => {
    make()
    const first = read('provision', 'rabbitmq-password-strategy')
    make()
    expect(read('provision', 'rabbitmq-password-strategy')).toBe(first)
    expect(first).toMatch(/^[0-9a-f]{48}$/)
    expect(read('strategy', 'bus-url-strategy')).toBe(
      `amqp://strategy:${first}@rabbitmq:5672/flotilla`,
    )
    expect(readdirSync(join(folder, 'strategy'))).not.toContain('bus-url-risk-manager')
  })

  test('of the operator win', () => {
    for (const principal of readdirSync(folder)) {
      for (const name of readdirSync(join(folder, principal))) {
        chmodSync(join(folder, principal, name), 0o600)
      }
    }
    make({ FLOTILLA_SECRET_POSTGRES_PASSWORD: 'chosen' })
    expect(read('postgres', 'postgres-password')).toBe('chosen')
    expect(read('execution', 'ledger-url')).toContain(':chosen@')
  })
})
