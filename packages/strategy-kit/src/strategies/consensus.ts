import { consensusOf } from '../consensus.ts'
import { bollingerBreakout } from './bollinger-breakout.ts'
import { emaCrossover } from './ema-crossover.ts'
import { momentumBreakout } from './momentum-breakout.ts'
import { rsiReversion } from './rsi-reversion.ts'

/**
 * Asks the other shipped strategies and the score of the analysis, and trades when enough of them agree.
 * Works when the sources err at different times; fails when they all look at the same thing, for then
 * five voices are one.
 */
export const consensus = consensusOf({
  name: 'consensus',
  summary: 'Weighs several strategies and the score into one confidence, and trades on that.',
  members: [emaCrossover, rsiReversion, bollingerBreakout, momentumBreakout],
})
