import { instant, type EquityValued } from '@flotilla/contracts'
import { furtherMemory, memoryPrefixOf } from '@flotilla/fleet'
import type { Account, LedgerReads, MemoryEntry } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { createBook, valueAccount } from '@flotilla/risk-manager'
import { table } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { withLedger } from '../ledger/with-ledger.ts'

export type HoldingsOptions = {
  readonly config?: string
  readonly ledger?: string
  readonly account?: string
  readonly json?: boolean
}

type Holdings = Omit<EquityValued, 'faults' | 'baseline'> & { readonly pricedAt: string | null }

/** `flotilla holdings`: every asset of an account with amount, price, value and share; the sum, and what has no price. */
export function showHoldings(options: HoldingsOptions, terminal: Terminal): Promise<number> {
  return withLedger(options, terminal, async (reads, shared) => {
    const all = await reads.loadAccounts()
    const wanted = all.filter(({ account }) => [undefined, account].includes(options.account))
    const holdings = await Promise.all(
      wanted.map((each) => holdingsOf(reads, each, each.account !== shared.account.id)),
    )
    const text = holdings.map((each) => linesOf(each).join('\n')).join('\n\n')
    const nobody = 'no such account was opened'
    terminal.print(options.json === true ? JSON.stringify(holdings, null, 2) : text || nobody)
  })
}

/** At the prices of the last valuation: the ledger has no newer ones. */
async function holdingsOf(
  reads: LedgerReads,
  account: Account,
  isFurther: boolean,
): Promise<Holdings> {
  const own = isFurther ? memoryPrefixOf(account.account) : ''
  const [balances, memory] = await Promise.all([
    reads.loadBalances(account.account),
    isFurther
      ? reads.recallAll('risk-manager', own)
      : reads.recallAll('risk-manager', own, furtherMemory),
  ])
  const remembered = memory.map((entry): MemoryEntry => {
    return { ...entry, key: entry.key.slice(own.length) }
  })
  const book = createBook({ account, balances, reservations: [], memory: remembered })
  const at = book.standing.valued?.at ?? null
  const now = { now: at ?? 0, priceAgeMaxMs: Number.MAX_SAFE_INTEGER }
  const { faults: _faults, baseline: _baseline, ...valued } = valueAccount(book, now)
  return { ...valued, pricedAt: at === null ? null : instant(at) }
}

function linesOf(holdings: Holdings): string[] {
  const { account, currency, equity, assets, unpriced, coverage, pricedAt } = holdings
  const known = coverage === undefined ? '' : `, ${coverage.priced} of ${coverage.assets} assets`
  return [
    `${account}: ${equity} ${currency} at prices of ${pricedAt ?? 'nobody yet'}${known} priced`,
    ...table([
      ['asset', 'amount', 'reserved', 'price', 'value', 'share'],
      ...assets.map(({ asset, total, reserved, price, value }) => {
        return [asset, total, reserved, price ?? '-', value ?? '-', shareOf(value, equity)]
      }),
    ]).map((line) => `  ${line}`),
    ...(unpriced.length === 0 ? [] : [`  without a price: ${unpriced.join(', ')}`]),
  ]
}

function shareOf(value: string | null, equity: string): string {
  const whole = Decimal.from(equity)
  if (value === null || !whole.isPositive()) return '-'
  return `${Decimal.from(value).times(100).dividedBy(whole, 2, 'half-up').toString()} %`
}
