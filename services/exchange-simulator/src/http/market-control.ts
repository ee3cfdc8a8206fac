import { z } from 'zod'
import {
  addStep,
  formatUnits,
  HALTS,
  ONE,
  SECOND_MS,
  statusOf,
  units,
  type Feed,
  type PriceScript,
  type ScriptStep,
} from '../core/index.ts'
import type { Desk } from '../desk.ts'
import { feedsFor, openGap } from '../faults/deeds.ts'

/**
 * Prices by the hand of whoever tests: a script of steps from the next second on, or from a given moment,
 * the same each time. Nothing of it is kept when the simulator stops.
 */
export type MarketControl = {
  /** Says what every market does now, and what its script holds. */
  show(): unknown
  /** Begins a script, or opens a gap at the next minute. */
  script(body: unknown): unknown
  /** Back to the prices of seed, recording or venue, with the next second. */
  release(symbol: string | null): unknown
}

const price = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,8})?$/, { error: 'is not a price as plain decimal text' })
  .refine((text) => /[1-9]/.test(text), { error: 'is 0: a price is more than that' })
const percent = z.number().gt(-100).max(1_000)
const seconds = z.int().min(1).max(604_800)

const Step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('set'), price }),
  z.strictObject({ do: z.literal('jump'), percent }),
  z
    .strictObject({
      do: z.literal('move'),
      price: price.optional(),
      percent: percent.optional(),
      seconds,
    })
    .refine((move) => (move.price === undefined) !== (move.percent === undefined), {
      error: 'moves to a price or by a percent: send one of the two',
    }),
  z.strictObject({
    do: z.literal('replay'),
    prices: z.array(price).min(1).max(10_000),
    seconds: seconds.default(1),
  }),
  z.strictObject({ do: z.literal('wait'), seconds }),
  z.strictObject({ do: z.literal('halt'), status: z.enum(HALTS).default('HALT') }),
  z.strictObject({ do: z.literal('open') }),
  z.strictObject({ do: z.literal('free') }),
])
type Step = z.infer<typeof Step>

const Script = z.strictObject({
  symbol: z.string().min(1).optional(),
  at: z.int().optional(),
  steps: z.array(Step).min(1).max(1_000),
})

const GapWish = z.strictObject({
  symbol: z.string().min(1).optional(),
  percent,
  minutes: z.int().min(1).optional(),
})

type Refused = { readonly error: string }
type Wish = z.infer<typeof Script>

export function createMarketControl(desk: Desk): MarketControl {
  const show = (): unknown => ({ now: desk.now(), markets: [...desk.feeds.values()].map(stateOf) })
  /** The script that runs on a market: halts of an earlier one do not happen any more. */
  const running = new WeakMap<Feed, object>()
  return {
    show,
    script: (body) => {
      if (!('steps' in (body as object))) return gap(desk, body)
      const wish = Script.parse(body)
      const feeds = feedsFor(desk, wish.symbol)
      const refused = refusalOf(desk, wish, feeds)
      if (refused !== null) return refused
      for (const feed of feeds) begin({ desk, feed, running }, wish)
      return show()
    },
    release: (symbol) => {
      const feeds = feedsFor(desk, symbol ?? undefined)
      if (feeds.length === 0) return unknownSymbol(desk, symbol ?? '')
      for (const feed of feeds) {
        running.delete(feed)
        feed.market.halted = null
        const from = nextSecond(desk)
        const kept = feed.script.stretches.filter((stretch) => stretch.from < from)
        if (kept.length === 0) feed.script.stretches = []
        else feed.script.stretches = [...kept, { kind: 'tape', factor: ONE, from }]
      }
      return show()
    },
  }
}

function nextSecond(desk: Desk): number {
  return Math.floor(desk.now() / SECOND_MS) + 1
}

function unknownSymbol(desk: Desk, symbol: string): Refused {
  return { error: `symbol is ${symbol}, but there are only ${[...desk.feeds.keys()].join(', ')}` }
}

function gap(desk: Desk, body: unknown): unknown {
  const { symbol, ...wish } = GapWish.parse(body)
  const feeds = feedsFor(desk, symbol)
  for (const feed of feeds) openGap(desk, feed, wish)
  return { moved: feeds.map(({ market }) => market.rules.symbol) }
}

function refusalOf(
  desk: Desk,
  { symbol, at, steps }: Wish,
  feeds: readonly Feed[],
): Refused | null {
  if (feeds.length === 0) return unknownSymbol(desk, symbol ?? '')
  if (desk.config.follow !== undefined) {
    return { error: 'prices of a followed venue come from there: use a seed or a recording' }
  }
  const first = nextSecond(desk) * SECOND_MS
  if (at !== undefined && at < first) {
    return { error: `at is ${at}, but a script can begin at ${first} at the earliest` }
  }
  return refusalOfPrices(steps.flatMap(pricesOf), symbol, feeds)
}

function refusalOfPrices(
  prices: readonly string[],
  symbol: string | undefined,
  feeds: readonly Feed[],
): Refused | null {
  if (prices.length > 0 && symbol === undefined) {
    return { error: 'symbol is missing: one price does not suit all of them' }
  }
  const tick = feeds[0]?.market.rules.tick ?? 1n
  const wrong = prices.find((text) => units(text) % tick !== 0n)
  if (wrong === undefined) return null
  return { error: `price is ${wrong}, but must be a multiple of ${formatUnits(tick)}` }
}

function pricesOf(step: Step): readonly string[] {
  if (step.do === 'replay') return step.prices
  return 'price' in step && step.price !== undefined ? [step.price] : []
}

type Beginning = {
  readonly desk: Desk
  readonly feed: Feed
  readonly running: WeakMap<Feed, object>
}

function begin({ desk, feed, running }: Beginning, { at, steps }: Wish): void {
  const { market, script, own } = feed
  const token = {}
  running.set(feed, token)
  let second = at === undefined ? nextSecond(desk) : Math.ceil(at / SECOND_MS)
  const scripted = {
    script,
    own: (moment: number) => own.price(moment * SECOND_MS),
    tick: market.rules.tick,
  }
  forgetFrom(script, second)
  for (const step of steps) {
    if (step.do === 'halt' || step.do === 'open') {
      const status = step.do === 'halt' ? step.status : null
      desk.at(second * SECOND_MS, () => {
        if (running.get(feed) === token) market.halted = status
      })
    } else second = addStep(scripted, stepOf(step), second)
  }
}

/** What an earlier script wanted from here on is forgotten. */
function forgetFrom(script: PriceScript, second: number): void {
  script.stretches = script.stretches.filter(({ from }) => from < second)
}

type PriceStep = Exclude<Step, { do: 'halt' } | { do: 'open' }>

function stepOf(step: PriceStep): ScriptStep {
  switch (step.do) {
    case 'set':
      return { do: 'set', price: units(step.price) }
    case 'jump':
      return { do: 'jump', factor: factorOf(step.percent) }
    case 'move': {
      const to =
        step.price === undefined
          ? { factor: factorOf(step.percent ?? 0) }
          : { price: units(step.price) }
      return { do: 'move', to, seconds: step.seconds }
    }
    case 'replay':
      return { do: 'replay', prices: step.prices.map(units), seconds: step.seconds }
    case 'wait':
      return { do: 'wait', seconds: step.seconds }
    case 'free':
      return { do: 'free' }
  }
}

function factorOf(share: number): bigint {
  return units((1 + share / 100).toFixed(8))
}

function stateOf({ market, script }: Feed): unknown {
  return {
    symbol: market.rules.symbol,
    status: statusOf(market),
    price: formatUnits(market.lastPrice),
    script: script.stretches.map(({ from, ...stretch }) => ({
      from: from * SECOND_MS,
      ...Object.fromEntries(
        Object.entries(stretch).map(([name, value]) => [
          name,
          typeof value === 'bigint' ? formatUnits(value) : value,
        ]),
      ),
    })),
  }
}
