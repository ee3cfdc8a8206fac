// Makes every secret of the composition that is not given, once, and keeps it: `docker compose up`
// needs no preparation, and no password stands in a file of the repository.
//
// Each principal has a folder (a volume) of its own, because an agent that could read the password
// of another could speak in its name. A variable FLOTILLA_SECRET_<NAME> wins over a kept secret.
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2] ?? '/secrets'
/** The user of the agents' containers. */
const AGENT_UID = Number(process.env.FLOTILLA_SECRET_UID ?? 10_001)
const AGENTS = [
  'data-collection',
  'technical-analysis',
  'strategy',
  'risk-manager',
  'execution',
  'gateway',
]
const VENUE = ['venue-api-key', 'venue-api-secret']
const INFLUX = ['influxdb-token']

const RABBIT = (agent) => `rabbitmq-password-${agent}`
/** Who may read what. */
const folders = {
  rabbitmq: ['rabbitmq-password-admin'],
  postgres: ['postgres-password'],
  influxdb: ['influxdb-token', 'influxdb-password'],
  provision: ['rabbitmq-password-admin', ...AGENTS.map(RABBIT), RABBIT('operator'), 'ledger-url'],
  simulator: VENUE,
  operator: ['bus-url-operator', 'ledger-url'],
  'data-collection': ['bus-url-data-collection', ...INFLUX, ...VENUE],
  'technical-analysis': ['bus-url-technical-analysis', ...INFLUX],
  strategy: ['bus-url-strategy', 'ledger-url'],
  'risk-manager': ['bus-url-risk-manager', 'ledger-url', ...INFLUX, ...VENUE],
  execution: ['bus-url-execution', 'ledger-url', ...VENUE],
  gateway: [
    'bus-url-gateway',
    'ledger-url',
    'gateway-token',
    'gateway-webhook-token',
    'gateway-control-token',
  ],
}

const secrets = new Map()
for (const [folder, names] of Object.entries(folders)) {
  for (const name of names) write(join(root, folder), name, secretOf(name))
}
console.log(`secrets are in place for ${Object.keys(folders).join(', ')}`)

function secretOf(name) {
  if (name === 'ledger-url') {
    return `postgres://flotilla:${secretOf('postgres-password')}@postgres:5432/flotilla`
  }
  if (name.startsWith('bus-url-')) {
    const agent = name.slice('bus-url-'.length)
    return `amqp://${agent}:${secretOf(RABBIT(agent))}@rabbitmq:5672/flotilla`
  }
  if (!secrets.has(name)) secrets.set(name, given(name) ?? kept(name) ?? made())
  return secrets.get(name)
}

function given(name) {
  const value = process.env[`FLOTILLA_SECRET_${name.toUpperCase().replaceAll('-', '_')}`]
  return value === undefined || value === '' ? null : value
}

function kept(name) {
  for (const folder of Object.keys(folders)) {
    const file = join(root, folder, name)
    if (existsSync(file)) return readFileSync(file, 'utf8')
  }
  return null
}

function made() {
  return randomBytes(24).toString('hex')
}

function write(folder, name, value) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, value, { mode: 0o400 })
  chownSync(file, AGENT_UID, AGENT_UID)
}
