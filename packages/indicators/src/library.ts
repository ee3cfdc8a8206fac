/**
 * Indicators that few ask for, computed by trading-signals. They allocate, and are a good deal slower
 * than kernels of our own; one that turns out to be asked for often gets a kernel.
 */
import { createRequire } from 'node:module'
import type * as TradingSignals from 'trading-signals'
import type { Bar } from './bar.ts'
import { decades, forgets, forgetsByWilder } from './definition.ts'
import type { Definition } from './definition.ts'
import { library } from './spec.ts'
import type { LibraryKind, LibrarySpec } from './spec.ts'

type Library = typeof TradingSignals

const require = createRequire(import.meta.url)
/** It costs a process twenty megabytes: loaded when the first of its indicators is computed. */
const load = (): Library => require('trading-signals') as Library

type Compute = (bar: Bar) => number | null
type Entry = {
  /** The usual one. */
  readonly period: number
  readonly first: (period: number) => number
  readonly settle: (period: number) => number
  readonly create: (from: Library, period: number) => Compute
}

const itself = (period: number): number => period
const afterOne = (period: number): number => period + 1

/** An average of averages of averages forgets later than each of them. */
const thrice = 1.4
/** At its slowest, in a market without direction, Kaufman's average is one of two squared of 31. */
const kaufmanForgets = Math.ceil(decades / (2 / 31) ** 2)

const entries: Readonly<Record<LibraryKind, Entry>> = {
  wma: { period: 14, first: itself, settle: itself, create: ({ WMA }, n) => ofCloses(new WMA(n)) },
  hma: {
    period: 14,
    first: (n) => n + Math.floor(Math.sqrt(n)) - 1,
    settle: (n) => 2 * n,
    create: ({ HMA }, n) => ofCloses(new HMA(n)),
  },
  smma: {
    period: 14,
    first: itself,
    settle: (n) => n + forgetsByWilder(n),
    create: ({ WSMA }, n) => ofCloses(new WSMA(n)),
  },
  dema: {
    period: 14,
    first: (n) => 2 * n - 1,
    settle: (n) => 2 * n + Math.ceil(thrice * forgets(n)),
    create: ({ DEMA }, n) => ofCloses(new DEMA(n)),
  },
  tema: {
    period: 20,
    first: (n) => 3 * n - 2,
    settle: (n) => 3 * n + Math.ceil(thrice * forgets(n)),
    create: ({ TEMA }, n) => ofCloses(new TEMA(n)),
  },
  kama: {
    period: 10,
    first: itself,
    settle: (n) => n + kaufmanForgets,
    create: ({ KAMA }, n) => ofCloses(new KAMA(n)),
  },
  roc: {
    period: 14,
    first: afterOne,
    settle: afterOne,
    create({ ROC }, n) {
      const shares = ofCloses(new ROC(n))
      return (bar) => {
        const share = shares(bar)
        return share === null ? null : 100 * share
      }
    },
  },
  cmo: {
    period: 14,
    first: afterOne,
    settle: afterOne,
    create: ({ CMO }, n) => ofCloses(new CMO(n)),
  },
  cci: { period: 20, first: itself, settle: itself, create: ({ CCI }, n) => ofBars(new CCI(n)) },
  williams: {
    period: 14,
    first: itself,
    settle: itself,
    create: ({ WilliamsR }, n) => ofBars(new WilliamsR(n)),
  },
  choppiness: {
    period: 14,
    first: afterOne,
    settle: afterOne,
    create: ({ CHOP }, n) => ofBars(new CHOP(n)),
  },
  mfi: {
    period: 14,
    first: afterOne,
    settle: afterOne,
    create: ({ MFI }, n) => ofBars(new MFI(n)),
  },
  cmf: { period: 20, first: itself, settle: itself, create: ({ CMF }, n) => ofBars(new CMF(n)) },
  vwma: { period: 14, first: itself, settle: itself, create: ({ VWMA }, n) => ofBars(new VWMA(n)) },
}

function ofCloses(indicator: { add(price: number): number | null }): Compute {
  return (bar) => indicator.add(bar.close)
}

/** The library keeps what it is given, and a bar may be used again. */
function ofBars(indicator: { add(bar: Bar): number | null }): Compute {
  return (bar) => indicator.add({ ...bar })
}

function define(kind: LibraryKind, entry: Entry): Definition<LibrarySpec> {
  const { first, settle, create } = entry
  return {
    example: `${kind}(${entry.period})`,
    numbers: [0, 1],
    conventions: [],
    parts: ['value'],
    make: ([period = entry.period]) => library(kind, period),
    numbersOf: ({ period }) => [period],
    candlesToFirstValue: ({ period }) => first(period),
    candlesToSettle: ({ period }) => settle(period),
    createKernel({ period }, values, at) {
      const compute = create(load(), period)
      let hidden = first(period) - 1
      return (bar) => {
        const value = compute(bar)
        if (hidden > 0) hidden -= 1
        else values[at] = value ?? Number.NaN
      }
    },
  }
}

const defined = Object.entries(entries).map(
  ([kind, entry]) => [kind, define(kind as LibraryKind, entry)] as const,
)
export const libraryDefinitions = Object.fromEntries(defined) as Readonly<
  Record<LibraryKind, Definition<LibrarySpec>>
>
