// When balances differ every order that was given up is looked at, however long ago: those that the desks do not know
// any more come from the ledger.
import type { Ledger } from '@flotilla/ledger'
import type { DeskRunner } from './desk-runner.ts'
import { loadGivenUp } from './store.ts'

export async function suspectGivenUp(
  asset: string,
  {
    runners,
    ledger,
  }: {
    readonly runners: ReadonlyMap<string, Pick<DeskRunner, 'desk' | 'submit'>>
    readonly ledger: Ledger
  },
): Promise<void> {
  for (const [symbol, runner] of runners) {
    if (!symbol.split('/').includes(asset)) continue
    const { market } = runner.desk
    await runner.submit(async () => ({ kind: 'suspect', ...(await loadGivenUp(ledger, market)) }))
  }
}
