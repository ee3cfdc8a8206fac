import { variableOf } from '@flotilla/runtime'
import type { z } from 'zod'
import type { PortName } from './agent.ts'
import { liveConfirmationPhrase } from './account-fields.ts'
import { sharedOf } from './further-accounts.ts'
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
    ...Object.keys(config.accounts).flatMap((name) => furtherProblems(config, name, needs)),
  ]
}

/** Of one further account: what would be wrong with it alone, and whose wallet it would share. */
function furtherProblems(
  config: SharedConfig,
  name: string,
  needs: readonly PortName[],
): SenseProblem[] {
  const own = sharedOf(config, name)
  const path = ['accounts', name]
  const alone = [
    ...(own.mode === 'live' ? liveProblems(own) : paperProblems(own)),
    ...needs.filter((need) => need === 'venue').flatMap((need) => needProblems(own, need, path)),
  ]
  const problems = alone.map((each) => ({
    ...each,
    path: each.path[0] === 'accounts' ? each.path : [...path, ...each.path],
  }))
  if (name === config.account.id) {
    const fix = 'give one of them another name'
    problems.push({ path, message: `${name} is the name of account.id already`, fix })
  }
  if ((own.venue.kind === 'simulator') !== (config.venue.kind === 'simulator')) {
    const fix = 'trade all accounts at simulators, or all at exchanges (a testnet is one)'
    const message = `${own.venue.kind} has another market and time than ${config.venue.kind}`
    problems.push({ path: [...path, 'venue', 'kind'], message, fix })
  }
  const others = Object.keys(config.accounts).filter((other) => other < name)
  const wallets = [config, ...others.map((other) => sharedOf(config, other))].map(walletOf)
  const wallet = walletOf(own)
  if (wallet !== null && wallets.includes(wallet)) {
    const fix = 'give it keys of its own, or a simulator of its own by venue.url'
    const message = 'it would trade the wallet of another account'
    problems.push({ path: [...path, 'venue'], message, fix })
  }
  return problems
}

/** Null where it will have one of its own. */
function walletOf({ venue }: SharedConfig): string | null {
  if (venue.kind === 'simulator') return venue.url ?? null
  return venue.apiKey === undefined ? null : `${venue.kind} ${venue.apiKey}`
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
    const fix = 'set mode to paper, or venue.kind to binance, coinbase, mexc or alpaca'
    problems.push({ path: ['venue', 'kind'], message: 'the simulator has no live money', fix })
  }
  return problems
}

function needProblems(
  config: SharedConfig,
  need: PortName,
  within: readonly string[] = [],
): SenseProblem[] {
  const { bus, ledger, marketStore, mode, venue } = config
  const missing = (key: string, value: unknown, why: string): SenseProblem[] => {
    const place = [...within, need, key]
    const variable = variableOf(place)
    const fix = `set ${place.join('.')}, or the variable ${variable} or ${variable}_FILE`
    return value === undefined ? [{ path: place, message: `${why} needs it`, fix }] : []
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
