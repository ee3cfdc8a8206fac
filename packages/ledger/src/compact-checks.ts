// A decision record is mostly the words `check`, `outcome`, `passed` and `inputs`, thirty times over. It
// is written without them: `{"v":1,"checks":[["price",{"price":"100"}],["size",{...},"sized"]]}`. Anything
// that is not such a check is kept as it is, and so are rows that were written before.
import type { Json } from './records.ts'

const VERSION = 1
const USUAL = 'passed'

type Compact = { readonly v: number; readonly checks: readonly Json[] }

export function compactChecks(checks: readonly Json[]): Json {
  if (checks.some((each) => Array.isArray(each))) return checks
  return { v: VERSION, checks: checks.map(compact) }
}

/** @throws RangeError when a later release has written them. */
export function expandChecks(stored: Json): readonly Json[] {
  if (Array.isArray(stored)) return stored as readonly Json[]
  const { v, checks } = stored as Compact
  if (v === VERSION) return checks.map(expand)
  throw new RangeError(`the checks of a decision are of version ${v}, known is ${VERSION}`)
}

function compact(each: Json): Json {
  if (each === null || typeof each !== 'object' || Array.isArray(each)) return each
  const { check, outcome, inputs, ...rest } = each as { readonly [name: string]: Json }
  const isCheck = typeof check === 'string' && typeof outcome === 'string' && inputs !== undefined
  if (!isCheck || Object.keys(rest).length > 0) return each
  return outcome === USUAL ? [check, inputs] : [check, inputs, outcome]
}

function expand(each: Json): Json {
  if (!Array.isArray(each)) return each
  const [check, inputs, outcome = USUAL] = each as readonly Json[]
  return { check: check!, outcome, inputs: inputs! }
}
