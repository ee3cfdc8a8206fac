import { variableOf } from '@flotilla/runtime'
import { streamsNeedKeys } from '@flotilla/venue'
import type { SharedConfig } from '@flotilla/fleet'
import type { DataCollectionConfig } from './config.ts'
import type { SourceFix } from './core/index.ts'

/** What one source is to be, by the settings: which venue, with which keys, for which symbols. */
export type SourcePlan = {
  readonly id: string
  /** The venue that orders go to; it is opened for all agents, the others for this one. */
  readonly isTraded: boolean
  readonly symbols: readonly string[]
  /** The common settings with this venue in the place of the traded one. */
  readonly shared: SharedConfig
}

type Settings = { readonly config: DataCollectionConfig; readonly shared: SharedConfig }

export function plansOf({ config, shared }: Settings): SourcePlan[] {
  const { id } = shared.venue
  const others = Object.entries(config.sources).filter(([name]) => name !== id)
  return [
    { id, isTraded: true, symbols: shared.symbols, shared },
    ...others.map(([name, { symbols, ...settings }]) => ({
      id: name,
      isTraded: false,
      symbols: symbols ?? shared.symbols,
      shared: { ...shared, venue: { ...settings, id: name } },
    })),
  ]
}

/** Streams that are wished for and cannot be had with the keys that are set. */
export function warningsOf(config: DataCollectionConfig, shared: SharedConfig): string[] {
  if (!config.stream.enabled) return []
  return plansOf({ config, shared }).flatMap((plan) => {
    const { kind, apiKey, apiSecret } = plan.shared.venue
    if (!streamsNeedKeys(kind) || (apiKey !== undefined && apiSecret !== undefined)) return []
    const [key, secret] = fixSettingsOf(plan).settings
    const words = `data.stream.enabled does nothing at ${plan.id}: ${kind} streams to known keys only`
    return [`${words}, and it is polled. Set ${key ?? ''} and ${secret ?? ''}`]
  })
}

/** Two plans with the same one ask the same venue in the same way. */
export function fingerprintOf({ shared, symbols, isTraded }: SourcePlan): string {
  return JSON.stringify([shared.venue, isTraded ? [] : symbols])
}

export function fixSettingsOf({ id, isTraded }: SourcePlan): SourceFix {
  const place = isTraded ? ['venue'] : ['data', 'sources', id]
  const paths = ['apiKey', 'apiSecret'].map((key) => [...place, key])
  return {
    settings: paths.map((path) => path.join('.')),
    variables: paths.map((path) => variableOf(path)),
  }
}
