/**
 * Several sources weighed into one confidence. A source is a member strategy, or the score of the
 * analysis. Each votes with a confidence from 0 (sure of a fall) to 100 (sure of a rise); 50 is no
 * opinion. A source that is disabled, not warm, has said nothing yet or spoke too long ago is silent:
 * it drops out, and the weights of the others are renormalised to one.
 */
import { epochMs, timeframeMs } from '@flotilla/contracts'
import type { SignalsComputed } from '@flotilla/contracts'
import { formatIndicator } from '@flotilla/indicators'
import { z } from 'zod'
import { clampConfidence, exitParameters } from './parameters.ts'
import { pricedWish } from './priced-wish.ts'
import type {
  ConfiguredStrategy,
  Evaluation,
  EvaluationInput,
  HeldPosition,
  Strategy,
  StrategyState,
} from './strategy.ts'

/** The source that is no strategy: the score of the analysis, which is always up to date. */
const analysisSource = 'analysis'

export function consensusOf(options: {
  readonly name: string
  readonly summary: string
  readonly members: readonly Strategy[]
}): Strategy {
  const { name, summary, members } = options
  const parameters = parametersFor(members)
  return {
    name,
    summary,
    parameters,
    configure: (given) => configure(name, members, parameters.parse(given)),
  }
}

function parametersFor(members: readonly Strategy[]) {
  const names = [...members.map((member) => member.name), analysisSource]
  return z.strictObject({
    sources: z
      .array(sourceSchema(members, names))
      .min(1)
      .max(20)
      .default(names.map((source) => ({ source, weight: 1, enabled: true, parameters: {} })))
      .superRefine((sources, context) => {
        sources.forEach(({ source }, index) => {
          if (sources.findIndex((other) => other.source === source) === index) return
          const message = `${source} is there twice: raise its weight instead`
          context.addIssue({ code: 'custom', path: [index], message })
        })
      })
      .describe('Who is heard, with which weight.'),
    enterFrom: z
      .number()
      .min(50)
      .max(100)
      .default(55)
      .describe('Entry when the consensus reaches this.'),
    exitBelow: z
      .number()
      .min(0)
      .max(50)
      .default(45)
      .describe('Exit when the consensus falls below this.'),
    quorumShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('No entry unless sources of this share of all enabled weight speak.'),
    voteAgeCandlesMax: z
      .int()
      .min(1)
      .max(10_000)
      .default(120)
      .describe('A source that last spoke longer ago, in candles, is silent.'),
    ...exitParameters,
  })
}

function sourceSchema(members: readonly Strategy[], names: readonly string[]) {
  return z
    .strictObject({
      source: z.enum(names).describe('A strategy, or the score of the analysis.'),
      weight: z.number().min(0).max(100).default(1).describe('Against the other sources.'),
      enabled: z.boolean().default(true).describe('Whether it is heard at all.'),
      parameters: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("The strategy's own parameters."),
    })
    .superRefine((entry, context) => {
      const member = members.find(({ name }) => name === entry.source)
      const result = (member?.parameters ?? z.strictObject({})).safeParse(entry.parameters)
      for (const { path, message } of result.error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: ['parameters', ...path], message })
      }
    })
}

type Parameters = z.infer<ReturnType<typeof parametersFor>>
type Source = {
  readonly name: string
  readonly weight: number
  /** Null for the score of the analysis. */
  readonly strategy: ConfiguredStrategy | null
}

/** What a member last wished; it is asked as if each of its wishes had come true. */
type Stance = {
  readonly long: boolean
  readonly vote: number
  readonly price: number
  readonly at: number
}
type MemberMemory = { readonly state: StrategyState; readonly stance: Stance | null }
type Memory = {
  /** Agreement counts when it is reached, not while it lasts: a stop must not lead back in at once. */
  readonly agreed: boolean
  readonly members: Readonly<Record<string, MemberMemory>>
}

function configure(
  name: string,
  members: readonly Strategy[],
  parameters: Parameters,
): ConfiguredStrategy {
  const sources = parameters.sources
    .filter(({ enabled, weight }) => enabled && weight > 0)
    .map((entry): Source => {
      const member = members.find((each) => each.name === entry.source)
      const strategy = member?.configure(entry.parameters) ?? null
      return { name: entry.source, weight: entry.weight, strategy }
    })
  const specs = sources.flatMap(({ strategy }) => strategy?.indicators ?? [])
  return {
    name,
    indicators: [...new Map(specs.map((spec) => [formatIndicator(spec), spec])).values()],
    initialState: { agreed: false, members: {} },
    evaluate: (input) => evaluate({ name, parameters, sources }, input),
  }
}

type Configured = {
  readonly name: string
  readonly parameters: Parameters
  readonly sources: readonly Source[]
}

type Heard = {
  readonly source: Source
  readonly memory: MemberMemory | null
  /** Null when the source is silent. */
  readonly vote: number | null
  readonly missing: readonly string[]
}

function evaluate(configured: Configured, input: EvaluationInput): Evaluation {
  // The state is what this very function returned before, or its initial state.
  const before = input.state as Memory
  const heard = configured.sources.map((source) => hear(source, configured.parameters, input))
  const missing = heard.flatMap((each) => each.missing)
  if (heard.length > 0 && heard.every((each) => each.missing.length > 0)) {
    return { kind: 'not-warm', missing: [...new Set(missing)] }
  }
  const members = heard.flatMap(({ source, memory }) =>
    memory === null ? [] : [[source.name, memory] as const],
  )
  const opinion = weigh(heard)
  const { enterFrom, quorumShare } = configured.parameters
  const agreed =
    opinion !== null && opinion.value >= enterFrom && opinion.spokenShare >= quorumShare
  return {
    kind: 'evaluated',
    state: { agreed, members: Object.fromEntries(members) },
    wish: wishFor(configured, { opinion, reached: agreed && !before.agreed }, input),
  }
}

function hear(source: Source, parameters: Parameters, input: EvaluationInput): Heard {
  const { analysis } = input
  if (source.strategy === null) {
    const vote = analysis.score === null ? null : 50 + analysis.score / 2
    return { source, memory: null, vote, missing: [] }
  }
  const before = memoryOf(source.name, input.state as Memory) ?? {
    state: source.strategy.initialState,
    stance: null,
  }
  const evaluation = source.strategy.evaluate({
    analysis,
    position: imagined(before.stance, input.position),
    state: before.state,
  })
  if (evaluation.kind === 'not-warm') {
    return { source, memory: before, vote: null, missing: evaluation.missing }
  }
  const stance = stanceAfter(before.stance, evaluation.wish, analysis)
  const age = stance === null ? 0 : epochMs(analysis.candleCloseTime) - stance.at
  const silent = age > parameters.voteAgeCandlesMax * timeframeMs[analysis.timeframe]
  return {
    source,
    memory: { state: evaluation.state, stance },
    vote: stance === null || silent ? null : stance.vote,
    missing: [],
  }
}

function memoryOf(name: string, memory: Memory): MemberMemory | undefined {
  return Object.hasOwn(memory.members, name) ? memory.members[name] : undefined
}

/** What the member would hold had its wishes come true; the quantity is that of the real position. */
function imagined(stance: Stance | null, real: HeldPosition | null): HeldPosition | null {
  if (stance === null || !stance.long) return null
  return { quantity: real?.quantity ?? 1, averageEntryPrice: stance.price }
}

function stanceAfter(
  before: Stance | null,
  wish: Extract<Evaluation, { kind: 'evaluated' }>['wish'],
  analysis: SignalsComputed,
): Stance | null {
  if (wish === null) return before
  const long = wish.action === 'enter'
  return {
    long,
    vote: long ? wish.confidence : 100 - wish.confidence,
    price: Number(analysis.close),
    at: epochMs(analysis.candleCloseTime),
  }
}

type Opinion = {
  readonly value: number
  /** Of all enabled weight, how much has spoken. */
  readonly spokenShare: number
  readonly words: string
}

/** Null when all are silent. */
function weigh(heard: readonly Heard[]): Opinion | null {
  const spoken = heard.flatMap(({ source, vote }) =>
    vote === null ? [] : [{ name: source.name, weight: source.weight, vote }],
  )
  if (spoken.length === 0) return null
  const all = heard.reduce((total, { source }) => total + source.weight, 0)
  const weight = spoken.reduce((total, each) => total + each.weight, 0)
  const sum = spoken.reduce((total, each) => total + each.weight * each.vote, 0)
  const votes = spoken.map(({ name, weight: own, vote }) => {
    return `${name} ${vote.toFixed(0)} (${Math.round((100 * own) / weight)} %)`
  })
  return {
    value: clampConfidence(sum / weight),
    spokenShare: weight / all,
    words: `${spoken.length} of ${heard.length} sources speak: ${votes.join(', ')}`,
  }
}

function wishFor(
  { name, parameters }: Configured,
  { opinion, reached }: { readonly opinion: Opinion | null; readonly reached: boolean },
  { analysis, position }: EvaluationInput,
): Extract<Evaluation, { kind: 'evaluated' }>['wish'] {
  if (opinion === null) return null
  const { value } = opinion
  const reason = `consensus ${value.toFixed(1)}, ${opinion.words}`.slice(0, 500)
  if (position !== null) {
    if (value >= parameters.exitBelow) return null
    return pricedWish(name, { action: 'exit', confidence: 100 - value, reason }, analysis)
  }
  if (!reached) return null
  const { stopLossPercent, takeProfitPercent } = parameters
  const exits = { stopLossPercent, takeProfitPercent }
  return pricedWish(name, { action: 'enter', confidence: value, reason, ...exits }, analysis)
}
