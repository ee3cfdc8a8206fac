import type { Bus } from '@flotilla/bus'
import type { AgentName } from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import type { MarketStore } from '@flotilla/market-store'
import type { AgentContext } from '@flotilla/runtime'
import type { Venue } from '@flotilla/venue'
import type { z } from 'zod'
import type { SharedConfig } from './shared-config.ts'

/** The outside world as an agent may ask for it. */
export type Ports = {
  readonly bus: Bus
  readonly ledger: Ledger
  readonly marketStore: MarketStore
  readonly venue: Venue
}

export type PortName = keyof Ports

/** What an agent is given: its own section, what all share, and only the ports that it asked for. */
export type AgentDeps<Config = unknown, Need extends PortName = PortName> = {
  readonly config: Config
  readonly shared: SharedConfig
  readonly context: AgentContext
  /** A folder of its own for files that may be lost: caches, exports. It exists. */
  readonly folder: string
  /**
   * Reads flotilla.yaml and the environment again, for an agent that can go on with other settings.
   * Throws a `ConfigError` when they make no sense. Absent where there is nothing to read.
   */
  readonly settings?: () => { readonly config: Config; readonly shared: SharedConfig }
  /**
   * Of an account that follows the intents of another: the venue that those intents name, whose market
   * the fleet watches. Unless given, it is the account's own venue.
   */
  readonly marketVenue?: string
} & Pick<Ports, Need>

export type Readiness = {
  readonly ready: boolean
  /** Shown by the health endpoint: what it waits for, how old its data is. */
  readonly detail: Record<string, unknown>
}

export type Agent = {
  /** Recovers: loads its state, reconciles it, and then subscribes. */
  start(): Promise<void>
  /** Takes no more, finishes what runs, writes what is buffered; within five seconds. */
  stop(): Promise<void>
  readiness(): Readiness
}

/**
 * An agent's public door. The same spec is run in a process of its own, in the single process with
 * the others, and by tests.
 */
export type AgentSpec<Schema extends z.ZodType = z.ZodType, Need extends PortName = PortName> = {
  readonly name: AgentName
  /** Its section of flotilla.yaml; must accept an empty section by its defaults. */
  readonly config: Schema
  readonly needs: readonly Need[]
  /** Settings that are allowed and do nothing together: sentences that name the setting and the fix. */
  warnings?(config: z.infer<Schema>, shared: SharedConfig): readonly string[]
  // A method, not a property: a spec with fewer needs is then usable where any spec is asked for.
  create(deps: AgentDeps<z.infer<Schema>, Need>): Agent
}

/** Infers the types of config and ports for `create`. */
export function defineAgent<Schema extends z.ZodType, const Need extends PortName>(
  spec: AgentSpec<Schema, Need>,
): AgentSpec<Schema, Need> {
  return spec
}
