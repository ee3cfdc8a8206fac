import type { Logger } from '@flotilla/runtime'
import { strategyFolder } from '@flotilla/strategy-kit'
import type { Strategy } from '@flotilla/strategy-kit'
import { HotReload } from './hot-reload.ts'
import { withStrategy } from './market.ts'
import type { Market, RunningDesk } from './market.ts'
import type { Deps } from './service.ts'

/** Null where files are not watched: what trades real money changes only with a restart. */
export function hotReloadOf(
  { config, shared, context }: Deps,
  markets: Iterable<Market>,
  folder: URL = strategyFolder,
): HotReload | null {
  const { logger } = context
  if (!config.hotReload) return null
  if (shared.mode !== 'paper') {
    logger.info('strategy files are not watched in live mode')
    return null
  }
  const names = [...new Set(config.strategies.map(({ name }) => name))]
  const desks = [...markets].flatMap(({ lock, desks: all }) =>
    all.map((running) => ({ lock, running })),
  )
  return new HotReload({
    folder,
    names,
    logger,
    take: (strategy, version) => takeVersion(desks, strategy, { version, logger }),
  })
}

type LockedDesk = { readonly lock: Market['lock']; readonly running: RunningDesk }

async function takeVersion(
  desks: readonly LockedDesk[],
  strategy: Strategy,
  { version, logger }: { readonly version: string; readonly logger: Logger },
): Promise<void> {
  const concerned = desks.filter(({ running }) => running.entry.name === strategy.name)
  // What one of its desks could not run, for its parameters, is taken by none.
  for (const { running } of concerned) withStrategy(running, strategy)
  for (const { lock, running } of concerned) {
    await lock.runExclusive(() => {
      const { desk, memory, keepsState } = withStrategy(running, strategy)
      Object.assign(running, { desk, memory })
      const { id, symbol } = desk
      logger.info({ strategy: id, symbol, version, keepsState }, 'strategy file taken')
    })
  }
}
