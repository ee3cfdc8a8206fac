import { bollingerBreakout } from './strategies/bollinger-breakout.ts'
import { consensus } from './strategies/consensus.ts'
import { emaCrossover } from './strategies/ema-crossover.ts'
import { momentumBreakout } from './strategies/momentum-breakout.ts'
import { rsiReversion } from './strategies/rsi-reversion.ts'
import type { Strategy } from './strategy.ts'

export const shippedStrategies: readonly Strategy[] = [
  emaCrossover,
  rsiReversion,
  bollingerBreakout,
  momentumBreakout,
  consensus,
]

/** Where the files of the strategies are, each named after its strategy. */
export const strategyFolder = new URL('strategies/', import.meta.url)
