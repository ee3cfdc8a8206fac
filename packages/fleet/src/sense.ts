import type { z } from 'zod'
import { liveConfirmationPhrase } from './shared-config.ts'
import type { SharedConfig } from './shared-config.ts'

/**
 * What a schema cannot say: settings that are each allowed, but make no sense together. Above all,
 * nothing here lets real money be traded by a slip.
 */
export type SenseProblem = {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly fix: string
}

export function senseProblems(config: SharedConfig): SenseProblem[] {
  return [...modeProblems(config), ...addressProblems(config), ...symbolProblems(config)]
}

/** The same, as a check of a schema. */
export function checkSense(config: SharedConfig, context: z.RefinementCtx): void {
  for (const { path, message, fix } of senseProblems(config)) {
    context.addIssue({ code: 'custom', path: [...path], message, params: { fix } })
  }
}

function modeProblems(config: SharedConfig): SenseProblem[] {
  return config.mode === 'live' ? liveProblems(config) : paperProblems(config)
}

function paperProblems({ venue }: SharedConfig): SenseProblem[] {
  if (venue.kind === 'simulator' || venue.testnet) return []
  const fix = 'set venue.kind to simulator, or venue.testnet to true, or mode to live'
  const message = `mode paper would trade real money at ${venue.kind}`
  return [{ path: ['venue', 'kind'], message, fix }]
}

function liveProblems(config: SharedConfig): SenseProblem[] {
  const { venue } = config
  const problems: SenseProblem[] = []
  if (config.liveConfirmation !== liveConfirmationPhrase) {
    problems.push({
      path: ['liveConfirmation'],
      message: 'mode live needs the confirmation, letter by letter',
      fix: `set liveConfirmation to "${liveConfirmationPhrase}", or mode to paper`,
    })
  }
  if (venue.kind === 'simulator') {
    const fix = 'set mode to paper, or venue.kind to binance'
    problems.push({ path: ['venue', 'kind'], message: 'the simulator has no live money', fix })
  }
  for (const key of ['apiKey', 'apiSecret'] as const) {
    if (venue.kind === 'simulator' || venue[key] !== undefined) continue
    const variable = key === 'apiKey' ? 'FLOTILLA_VENUE__API_KEY' : 'FLOTILLA_VENUE__API_SECRET'
    const fix = `set ${variable} or ${variable}_FILE`
    problems.push({ path: ['venue', key], message: `mode live needs it at ${venue.kind}`, fix })
  }
  return problems
}

function addressProblems({ bus, ledger, marketStore }: SharedConfig): SenseProblem[] {
  const needed = [
    { section: 'bus', kind: bus.kind, remote: 'rabbitmq', key: 'url', value: bus.url },
    { section: 'ledger', kind: ledger.kind, remote: 'postgres', key: 'url', value: ledger.url },
    ...(['url', 'token'] as const).map((key) => {
      const value = marketStore[key]
      return { section: 'marketStore', kind: marketStore.kind, remote: 'influxdb', key, value }
    }),
  ]
  return needed
    .filter(({ kind, remote, value }) => kind === remote && value === undefined)
    .map(({ section, kind, key }) => ({
      path: [section, key],
      message: `${section}.kind ${kind} needs it`,
      fix: `set ${section}.${key}, or the variable ${variableOf(section, key)}`,
    }))
}

function symbolProblems({ symbols }: SharedConfig): SenseProblem[] {
  return symbols.flatMap((symbol, index) => {
    if (symbols.indexOf(symbol) === index) return []
    const fix = 'remove one of them'
    return [{ path: ['symbols', index], message: `${symbol} is listed twice`, fix }]
  })
}

function variableOf(section: string, key: string): string {
  const words = section.replaceAll(/([a-z])([A-Z])/g, '$1_$2')
  return `FLOTILLA_${words}__${key}`.toUpperCase()
}

/** What an agent in a process of its own cannot use, because it ends at the process. */
export function ownProcessProblems(config: SharedConfig, needs: readonly string[]): SenseProblem[] {
  const { bus, ledger, venue } = config
  const problems: SenseProblem[] = []
  const add = (path: readonly string[], message: string, fix: string): void => {
    problems.push({ path, message, fix })
  }
  if (bus.kind === 'in-process') {
    const fix = 'set bus.kind to rabbitmq and bus.url, or run all agents by `flotilla start`'
    add(['bus', 'kind'], 'in-process reaches no agent in another process', fix)
  }
  if (needs.includes('ledger') && ledger.kind === 'private') {
    const fix = 'set ledger.kind to postgres and ledger.url'
    add(['ledger', 'kind'], 'a private ledger belongs to the single process', fix)
  }
  if (venue.kind === 'simulator' && venue.url === undefined) {
    add(['venue', 'url'], 'the simulator runs elsewhere', 'set venue.url to its address')
  }
  return problems
}
