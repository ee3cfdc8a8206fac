import { emaCrossover } from './strategies/ema-crossover.ts'
import { rsiReversion } from './strategies/rsi-reversion.ts'
import type { Strategy } from './strategy.ts'

export const shippedStrategies: readonly Strategy[] = [emaCrossover, rsiReversion]
