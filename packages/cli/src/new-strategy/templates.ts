/** A strategy that works, to begin with: its author changes what it says piece by piece. */
export type StrategyName = {
  /** `my-idea`, in files, configuration and messages. */
  readonly name: string
  /** `myIdea`, in code. */
  readonly identifier: string
}

export function strategyFile({ name, identifier }: StrategyName): string {
  return `import { ema } from '@flotilla/indicators'
import { z } from 'zod'
import { defineStrategy } from '../define-strategy.ts'
import { clampConfidence, exitParameters } from '../parameters.ts'

/** What it remembers from candle to candle; it survives restarts, so keep it small and plain. */
type State = { readonly above: boolean | null }
/** Without a candle before there is no crossing: the first one only tells on which side we stand. */
const initialState: State = { above: null }

/** Buys when the close rises above its average, sells when it is below. Begin here with your own idea. */
export const ${identifier} = defineStrategy({
  name: '${name}',
  summary: 'Buys when the close rises above its average, sells when it is below.',
  parameters: z.strictObject({
    averagePeriod: z.int().min(2).max(500).default(30).describe('Candles of the average.'),
    marginPercent: z
      .number()
      .min(0)
      .max(20)
      .default(0.2)
      .describe('How far above the average a close must be, in per cent.'),
    ...exitParameters,
  }),
  needs: (parameters) => ({ indicators: { average: ema(parameters.averagePeriod) } }),
  initialState,
  onAnalysis: ({ indicators, parameters, position, price, state }) => {
    const distance = 100 * (price / indicators.average - 1)
    const above = distance > parameters.marginPercent
    const next = { above }
    if (position !== null) {
      if (distance >= 0) return { state: next, wish: null }
      const reason = \`close is \${(-distance).toFixed(2)} % below its average\`
      return { state: next, wish: { action: 'exit', confidence: 60, reason } }
    }
    const crossed = state.above === false && above
    if (!crossed) return { state: next, wish: null }
    return {
      state: next,
      wish: {
        action: 'enter',
        confidence: clampConfidence(60 + distance),
        reason: \`close rose to \${distance.toFixed(2)} % above its average\`,
        stopLossPercent: parameters.stopLossPercent,
        takeProfitPercent: parameters.takeProfitPercent,
      },
    }
  },
})
`
}

export function testFile({ name, identifier }: StrategyName): string {
  return `import { describe, expect, it } from 'vitest'
import { analysesOf, analysis, wishesOf } from '../testing.ts'
import { ${identifier} } from './${name}.ts'

const strategy = ${identifier}.configure({})

/** One candle with its average at 100. */
function evaluate(close: number, options: { above?: boolean | null; held?: boolean } = {}) {
  const { above = false, held = false } = options
  return strategy.evaluate({
    analysis: analysis({ close: String(close), indicators: { 'ema(30)': 100 } }),
    position: held ? { quantity: 1, averageEntryPrice: 100 } : null,
    state: { above },
  })
}

describe('${name}', () => {
  it('enters when the close rises above the average', () => {
    expect(evaluate(101)).toMatchObject({ state: { above: true }, wish: { action: 'enter' } })
  })

  it.each([
    ['the close is within the margin', 100.1, {}],
    ['it was above before', 101, { above: true }],
    ['there was no candle before', 101, { above: null }],
    ['it holds already', 101, { held: true }],
  ])('does nothing when %s', (_reason, close, options) => {
    expect(evaluate(close, options)).toMatchObject({ wish: null })
  })

  it('exits below the average, only when it holds', () => {
    expect(evaluate(99, { held: true })).toMatchObject({ wish: { action: 'exit' } })
    expect(evaluate(99)).toMatchObject({ wish: null })
  })

  it('trades a market that swings', () => {
    const closes = Array.from({ length: 400 }, (_, index) => 100 + 5 * Math.sin(index / 20))
    const wishes = wishesOf(strategy, analysesOf(strategy, closes))
    expect(wishes.filter((wish) => wish?.action === 'enter').length).toBeGreaterThan(1)
  })
})
`
}

export function page({ name }: StrategyName): string {
  return `# ${name}

It buys on the candle whose close rises more than \`marginPercent\` above its exponential average, and sells when a close
is below the average. It is the strategy that \`flotilla new-strategy\` writes: change this page with the file.

## When it works

In markets that go one way for several times the length of the average, so that what the crossings cost is paid for by
what lies between them.

## When it fails

In sideways markets, where a close crosses its average again and again: every crossing is a small loss and two fees. A
gap is met by the stop and not by the average.

## Parameters

| parameter | default | range | meaning |
|---|---|---|---|
| \`averagePeriod\` | 30 | 2 to 500 | Candles of the average. |
| \`marginPercent\` | 0.2 | 0 to 20 | How far above the average a close must be, in per cent. |
| \`stopLossPercent\` | 5 | 0.1 to 50 | The loss, in per cent of the price, at which the position is closed. |
| \`takeProfitPercent\` | 10 | 0.1 to 500 | The profit, in per cent of the price, at which the position is closed. |

\`\`\`yaml
strategy:
  strategies:
    - name: ${name}
      parameters: { averagePeriod: 50 }
\`\`\`
`
}

export function overviewRow({ name }: StrategyName): string {
  return `| [${name}](${name}.md) | Buys when the close rises above its average, sells when it is below. |`
}
