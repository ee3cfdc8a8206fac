import type { AgentName, PerAccountAgent } from '@flotilla/contracts'
import { jsonSchemaOf, parseConfig, readConfig } from '@flotilla/runtime'
import type { Environment, JsonSchema } from '@flotilla/runtime'
import { z } from 'zod'
import type { AgentSpec, PortName } from './agent.ts'
import { isPerAccount, laidOver, sharedOf } from './further-accounts.ts'
import { senseCheck } from './sense.ts'
import { sharedShape } from './shared-config.ts'
import type { SharedConfig } from './shared-config.ts'

/**
 * flotilla.yaml as a whole: what all share, and a section for each agent. A process that runs one
 * agent knows only that agent's section; the others' are then left to whoever runs them.
 */
const sectionNames: Readonly<Partial<Record<AgentName, string>>> = {
  'data-collection': 'data',
  'technical-analysis': 'analysis',
  strategy: 'strategy',
  'risk-manager': 'risk',
  execution: 'execution',
  gateway: 'gateway',
}

export type FleetConfig = {
  readonly shared: SharedConfig
  /** An agent's own section, checked by its schema. */
  section(agent: AgentName): unknown
  /** Those of `accounts:`, each with agents of its own beside the account of `account:`. */
  readonly further: readonly AccountConfig[]
  /** What must never be logged. */
  readonly secrets: readonly string[]
}

/** What differs for the agents of one further account. */
export type AccountConfig = {
  readonly shared: SharedConfig
  section(agent: PerAccountAgent): unknown
}

export type FleetConfigSource = {
  readonly file: string
  readonly shownAs?: string
  /** Read from the file unless given. */
  readonly text?: string
  readonly specs: readonly AgentSpec[]
  /** What will be opened, and hence needs its address; what the agents need unless given. */
  readonly needs?: readonly PortName[]
  readonly environment?: Environment
}

export function readFleetConfig(source: FleetConfigSource): FleetConfig {
  const { text, specs, needs = needsOf(source.specs), ...rest } = source
  const schema = fleetSchema(specs, needs)
  const config =
    text === undefined ? readConfig({ ...rest, schema }) : parseConfig({ ...rest, schema, text })
  const sections = config as Record<string, unknown>
  const further = Object.entries(config.accounts).map(([name, account]): AccountConfig => ({
    shared: sharedOf(config, name),
    section: (agent) => {
      const section = perAccountSections[agent]
      const spec = specs.find((each) => each.name === agent)
      const laid = laidOver(sections[section], account[section])
      return spec === undefined ? laid : spec.config.parse(laid)
    },
  }))
  return {
    shared: config,
    section: (agent) => sections[sectionNames[agent] ?? agent],
    further,
    // A further account's are seen twice: in its entry, and in its settings.
    secrets: [...new Set([config, ...further.map(({ shared }) => shared)].flatMap(secretsOf))],
  }
}

const perAccountSections = { 'risk-manager': 'risk', execution: 'execution' } as const

/** A policy is right or wrong as a whole: what differs, laid over the section of the fleet. */
function policyCheck(specs: readonly AgentSpec[]) {
  return (config: SharedConfig, context: z.RefinementCtx): void => {
    for (const spec of specs) {
      const section = isPerAccount(spec.name) ? perAccountSections[spec.name] : null
      if (section === null) continue
      const base = (config as Record<string, unknown>)[section]
      for (const [name, account] of Object.entries(config.accounts)) {
        const { error } = spec.config.safeParse(laidOver(base, account[section]))
        for (const issue of error?.issues ?? []) {
          const path = ['accounts', name, section, ...issue.path]
          const { message } = issue
          const params = 'params' in issue ? issue.params : {}
          context.addIssue({ code: 'custom', path, message, params })
        }
      }
    }
  }
}

/** For editors: completion and checks while flotilla.yaml is written. */
export function fleetJsonSchema(specs: readonly AgentSpec[]): JsonSchema {
  return { title: 'flotilla.yaml', ...jsonSchemaOf(fleetSchema(specs, [])) }
}

/** Every agent is on the bus, for its heartbeats if for nothing else. */
function needsOf(specs: readonly AgentSpec[]): PortName[] {
  return specs.length === 0
    ? []
    : [...new Set(specs.flatMap(({ needs }) => ['bus' as const, ...needs]))]
}

function fleetSchema(specs: readonly AgentSpec[], needs: readonly PortName[]) {
  const sections = Object.fromEntries(
    Object.entries(sectionNames).map(([agent, section]) => {
      const spec = specs.find(({ name }) => name === agent)
      return [section, spec === undefined ? z.unknown().optional() : spec.config.prefault({})]
    }),
  )
  return z
    .strictObject({ ...sections, ...sharedShape })
    .superRefine(senseCheck(needs))
    .superRefine(policyCheck(specs))
}

function secretsOf(config: SharedConfig): string[] {
  const { venue, marketStore, bus, ledger } = config
  const passwords = [bus.url, ledger.url, marketStore.url, venue.url].map((address) =>
    address === undefined ? undefined : new URL(address).password,
  )
  return [...namedSecretsIn(config), ...passwords].filter(
    (value): value is string => value !== undefined && value !== '',
  )
}

const secretNames: ReadonlySet<string> = new Set(['token', 'apiKey', 'apiSecret'])

/** Every section names its secrets alike, so that a new one cannot be forgotten here. */
function namedSecretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' && secretNames.has(name) ? [inner] : namedSecretsIn(inner),
  )
}
