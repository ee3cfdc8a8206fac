import { z } from 'zod'
import { HALTS } from '../core/index.ts'

/** Every bad day of an exchange that can be ordered, with what may be said about each. */
const share = z.number().min(0).max(1)
const milliseconds = z.number().min(0).max(3_600_000)
const rate = z.string().regex(/^\d{1,8}(\.\d{1,8})?$/)

const arguments_ = {
  /** The request never arrives. */
  F1: z.strictObject({ fate: z.enum(['reset', 'hang']).default('reset') }),
  /** It lands, and the connection breaks. */
  F2: z.strictObject({}),
  /** It lands, and no answer comes. */
  F3: z.strictObject({}),
  /** It lands, and a gateway answers with a page. */
  F4: z.strictObject({ status: z.int().min(500).max(599).default(503) }),
  /** It lands, and the answer is that nobody knows. */
  F5: z.strictObject({ isPage: z.boolean().default(false) }),
  /** It lands, and the answer cannot be read. */
  F6: z.strictObject({ body: z.enum(['truncated', 'empty', 'page']).default('truncated') }),
  /** It lands late. Real milliseconds, or market time where the clock is moved by hand. */
  F7: z.strictObject({ ms: milliseconds }),
  /** The answer comes late. */
  F8: z.strictObject({ ms: milliseconds }),
  F9: z.strictObject({ retryAfterSeconds: z.int().min(1).default(1) }),
  F10: z.strictObject({ seconds: z.int().min(1).default(120) }),
  F11: z.strictObject({}),
  F12: z.strictObject({
    status: z.union([z.literal(500), z.literal(502), z.literal(503)]).default(503),
    lands: z.boolean().default(false),
  }),
  F13: z.strictObject({
    code: z.union([-1000, -1001, -1006, -1008].map((code) => z.literal(code))).default(-1001),
    lands: z.boolean().default(false),
  }),
  /** The exchange's clock is ahead by so much; behind, when negative. */
  F14: z.strictObject({ offsetMs: z.int() }),
  /** Orders younger than this, or than up to this by chance, are not found yet; without it no live one. */
  F15: z.strictObject({ ms: milliseconds.optional(), isRandom: z.boolean().default(false) }),
  /** Answers from the past: from when the fault was set, or at most `lagMs` ago. */
  F16: z.strictObject({ lagMs: milliseconds.optional() }),
  /** A part is filled, then that side of the book is empty. */
  F17: z.strictObject({ fraction: share.default(0.5), stallMs: milliseconds.optional() }),
  /** The order is filled, to this part, just before its cancel arrives. */
  F18: z.strictObject({ fraction: share.default(1) }),
  F19: z.strictObject({
    code: z.int().default(-2010),
    message: z.string().default('Stop price would trigger immediately.'),
    status: z.int().default(400),
  }),
  /** The venue itself ends an accepted protection, so much market time later. */
  F20: z.strictObject({ afterMs: milliseconds.default(0) }),
  /** A waiting order is rejected at the moment when it would begin to work. */
  F21: z.strictObject({}),
  /** From the next minute on prices are this many percent away. */
  F22: z.strictObject({
    percent: z.number().gt(-100).max(1_000).default(-10),
    minutes: z.int().min(1).optional(),
  }),
  F23: z.strictObject({ status: z.enum(HALTS).default('HALT') }),
  /** An event of a stream comes twice. */
  F24: z.strictObject({}),
  /** It comes after the one that follows it. */
  F25: z.strictObject({}),
  /** It never comes; without a `count` the stream has gone silent. */
  F26: z.strictObject({}),
  /** Instead of an event the connection ends: broken, at the end of its day, or with a good-bye. */
  F27: z.strictObject({ how: z.enum(['disconnect', 'cut', 'shutdown']).default('disconnect') }),
  /** Other fees or other filters from now on. */
  F28: z.strictObject({
    makerFee: rate.optional(),
    takerFee: rate.optional(),
    feeAsset: z.string().min(1).optional(),
    feeAssetPrice: rate.optional(),
    tick: rate.optional(),
    step: rate.optional(),
    notionalMin: rate.optional(),
  }),
} as const

export type FaultKind = keyof typeof arguments_
export type FaultArguments = { [Kind in FaultKind]: z.infer<(typeof arguments_)[Kind]> }

export const FAULT_KINDS = Object.keys(arguments_) as readonly FaultKind[]

const Match = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(),
  /** Whole, or its beginning followed by a star. `/api/v3/` may be left out. */
  path: z.string().min(1).optional(),
  symbol: z.string().min(1).optional(),
  /** Beginning of any client order id in the request. */
  cidPrefix: z.string().min(1).optional(),
  /** Only the n-th request that fits, counted from one. */
  nth: z.int().min(1).optional(),
  probability: share.optional(),
  /** Market time between which it applies; `to` is not included. */
  from: z.int().optional(),
  to: z.int().optional(),
})
export type Match = z.infer<typeof Match>

const common = {
  match: Match.prefault({}),
  /** Decides by chance, the same way each time. */
  seed: z.int().min(0).default(1),
  /** How often it strikes at most. */
  count: z.int().min(1).optional(),
}

export type FaultSpec = {
  [Kind in FaultKind]: {
    readonly kind: Kind
    readonly args: FaultArguments[Kind]
    readonly match: Match
    readonly seed: number
    readonly count?: number | undefined
  }
}[FaultKind]

const Kind = z.looseObject({ kind: z.enum(FAULT_KINDS as [FaultKind, ...FaultKind[]]) })

const Whole = z.strictObject({ kind: z.string(), args: z.unknown().optional(), ...common })

/** Throws a ZodError whose text names what is wrong. */
export function readFault(value: unknown): FaultSpec {
  const { kind } = Kind.parse(value)
  const { args = {}, ...rest } = Whole.parse(value)
  return { ...rest, kind, args: arguments_[kind].parse(args) } as FaultSpec
}
