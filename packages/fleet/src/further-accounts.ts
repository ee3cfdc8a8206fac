import {
  AccountName,
  Asset,
  deriveId,
  perAccountAgents,
  type AgentName,
  type PerAccountAgent,
} from '@flotilla/contracts'
import type { Bus } from '@flotilla/bus'
import type { Ledger, LedgerChange, Unit } from '@flotilla/ledger'
import { z } from 'zod'
import { amount, liveConfirmationPhrase, mode, venueShape } from './account-fields.ts'
import type { SharedConfig } from './shared-config.ts'

/**
 * Further accounts take the same intents as the account of `account:`, side by side, each with a risk
 * manager and an execution of its own, with its own venue, money and policy. They share the market's
 * data, the analysis and the strategies, which look at the first account alone.
 */
const FurtherAccount = z.strictObject({
  currency: Asset.optional().describe('What it is valued in; as the first account unless given.'),
  mode: mode.optional().describe('paper or live; as the fleet unless given.'),
  liveConfirmation: z
    .string()
    .optional()
    .describe(`For mode live, exactly: ${liveConfirmationPhrase}`),
  venue: z
    .strictObject({
      ...venueShape,
      kind: venueShape.kind.unwrap().optional(),
      id: venueShape.id.unwrap().optional(),
      testnet: venueShape.testnet.unwrap().optional(),
    })
    .prefault({})
    .describe('Where it trades: what differs from the venue of the fleet. Keys are never shared.'),
  balances: z
    .record(Asset, amount)
    .optional()
    .describe('What it owns at its very first start on the simulator.'),
  risk: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Its policy: what differs from the section risk.'),
  execution: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What differs from the section execution.'),
})

export const FurtherAccounts = z
  .record(AccountName, FurtherAccount)
  .default({})
  .describe('Further accounts that take the same intents, by their names.')

/** What all agents share, as those of one further account see it. */
export function sharedOf(shared: SharedConfig, name: string): SharedConfig {
  const further = shared.accounts[name]
  if (further === undefined) throw new Error(`no account ${name} is configured`)
  // A venue has one wallet for each key: that of another account is not ours.
  const { kind: ofFleet, id, testnet, weightPerMinute, weightShare } = shared.venue
  const given = Object.entries(further.venue).filter(([, value]) => value !== undefined)
  const kind = further.venue.kind ?? ofFleet
  const venueId = kind === ofFleet ? id : kind
  const venue = { kind, id: venueId, testnet, weightPerMinute, weightShare }
  return {
    ...shared,
    mode: further.mode ?? shared.mode,
    liveConfirmation: further.liveConfirmation ?? shared.liveConfirmation,
    account: { id: name, currency: further.currency ?? shared.account.currency },
    venue: { ...venue, ...Object.fromEntries(given) },
    simulator: { ...shared.simulator, balances: further.balances ?? shared.simulator.balances },
    accounts: {},
  }
}

/** A section with what differs for one account laid over it, level by level. */
export function laidOver(base: unknown, over: unknown): unknown {
  if (over === undefined) return base
  if (!isRecord(base) || !isRecord(over)) return over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries([...keys].map((key) => [key, laidOver(base[key], over[key])]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPerAccount(agent: AgentName): agent is PerAccountAgent {
  return (perAccountAgents as readonly AgentName[]).includes(agent)
}

/** The bus as an agent of a further account sees it: every message, over queues of its own. */
export function busOfAccount(bus: Bus, account: string): Bus {
  return {
    publish: (message) => bus.publish(message),
    publishAll: (messages) => bus.publishAll(messages),
    subscribe: (options) => bus.subscribe({ ...options, account }),
    health: () => bus.health(),
    close: () => bus.close(),
  }
}

/** What agents remember of further accounts begins with this; no key of the first account does. */
export const furtherMemory = '@'

export function memoryPrefixOf(account: string): string {
  return `${furtherMemory}${account}/`
}

/**
 * The ledger as an agent of a further account sees it. Rows name their account; what agents remember
 * and which messages they have processed does not, and is kept apart here.
 */
export function ledgerOfAccount(ledger: Ledger, account: string): Ledger {
  const prefix = memoryPrefixOf(account)
  const own: Partial<Ledger> = {
    commit: (units, fence) =>
      ledger.commit(
        units.map((unit) => unitOfAccount(unit, account, prefix)),
        fence,
      ),
    wasProcessed: (consumer, messageId) =>
      ledger.wasProcessed(consumer, inboxIdOf(account, messageId)),
    recall: (agent, key) => ledger.recall(agent, `${prefix}${key}`),
    recallAll: async (agent, start = '', except) => {
      const not = except === undefined ? [] : [`${prefix}${except}`]
      const entries = await ledger.recallAll(agent, `${prefix}${start}`, ...not)
      return entries.map((entry) => ({ ...entry, key: entry.key.slice(prefix.length) }))
    },
  }
  return new Proxy(ledger, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target)
      // The ledger's own methods look for its private fields behind `this`.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Each account processes each message once: the inbox knows only agents and messages. */
function inboxIdOf(account: string, messageId: string): string {
  return deriveId('inbox', account, messageId)
}

function unitOfAccount(unit: Unit, account: string, prefix: string): Unit {
  return {
    ...unit,
    causeId: unit.causeId === null ? null : inboxIdOf(account, unit.causeId),
    changes: unit.changes.map((change): LedgerChange => {
      return change.kind === 'memory-stored' ? { ...change, key: `${prefix}${change.key}` } : change
    }),
  }
}
