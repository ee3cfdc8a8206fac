import { variableOf } from '@flotilla/runtime'
import type { z } from 'zod'
import type { PortName } from './agent.ts'
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

/**
 * Addresses and keys are asked for only where they are used: an agent that has no venue must not be
 * given the venue's keys.
 */
function senseProblems(config: SharedConfig, needs: readonly PortName[]): SenseProblem[] {
  return [
    ...(config.mode === 'live' ? liveProblems(config) : paperProblems(config)),
    ...needs.flatMap((need) => needProblems(config, need)),
    ...symbolProblems(config),
  ]
}

/** The same, as a check of a schema. */
export function senseCheck(
  needs: readonly PortName[],
): (config: SharedConfig, context: z.RefinementCtx) => void {
  return (config, context) => {
    for (const { path, message, fix } of senseProblems(config, needs)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { fix } })
    }
  }
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
  return problems
}

function needProblems(config: SharedConfig, need: PortName): SenseProblem[] {
  const { bus, ledger, marketStore, mode, venue } = config
  const missing = (key: string, value: unknown, why: string): SenseProblem[] => {
    const variable = variableOf([need, key])
    const fix = `set ${need}.${key}, or the variable ${variable} or ${variable}_FILE`
    return value === undefined ? [{ path: [need, key], message: `${why} needs it`, fix }] : []
  }
  if (need === 'bus' && bus.kind === 'rabbitmq') return missing('url', bus.url, 'bus.kind rabbitmq')
  if (need === 'ledger' && ledger.kind === 'postgres') {
    return missing('url', ledger.url, 'ledger.kind postgres')
  }
  if (need === 'marketStore' && marketStore.kind === 'influxdb') {
    const { url, token } = marketStore
    const why = 'marketStore.kind influxdb'
    return [...missing('url', url, why), ...missing('token', token, why)]
  }
  if (need === 'venue' && mode === 'live') {
    const { apiKey, apiSecret } = venue
    return [
      ...missing('apiKey', apiKey, 'mode live'),
      ...missing('apiSecret', apiSecret, 'mode live'),
    ]
  }
  return []
}

function symbolProblems({ symbols }: SharedConfig): SenseProblem[] {
  return symbols.flatMap((symbol, index) => {
    if (symbols.indexOf(symbol) === index) return []
    const fix = 'remove one of them'
    return [{ path: ['symbols', index], message: `${symbol} is listed twice`, fix }]
  })
}

/** What an agent in a process of its own cannot use, because it ends at the process. */
export function ownProcessProblems(
  config: SharedConfig,
  needs: readonly PortName[],
): SenseProblem[] {
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
  // Every agent asks the simulator for its time, also those that do not trade there.
  if (venue.kind === 'simulator' && venue.url === undefined) {
    add(['venue', 'url'], 'the simulator runs elsewhere', 'set venue.url to its address')
  }
  return problems
}
