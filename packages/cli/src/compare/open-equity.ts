import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openMarketStore } from '@flotilla/fleet'
import type { SharedConfig } from '@flotilla/fleet'
import type { MarketStore } from '@flotilla/market-store'
import { createLogger } from '@flotilla/runtime'
import { OperatorError } from '../operator/link.ts'
import { stateFolder } from '../places.ts'
import { worldFolder } from '../ledger/open-ledger.ts'

/** The market store of the fleet that runs or ran here, to be read while it runs. */
export async function openEquity(shared: SharedConfig): Promise<MarketStore> {
  const logger = createLogger({ agent: 'operator', instance: '1', level: 'error', sinks: [] })
  if (shared.marketStore.kind === 'influxdb') return openMarketStore(shared, '', logger)
  const folder = shared.ledger.kind === 'postgres' ? stateFolder() : await worldFolder(shared)
  if (folder === null || !existsSync(join(folder, 'market.sqlite'))) {
    throw new OperatorError('no fleet has traded here yet; start one by `flotilla start`')
  }
  return openMarketStore(shared, folder, logger)
}
