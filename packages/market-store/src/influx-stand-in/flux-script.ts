// Reads a Flux script as far as our own queries go: pipelines of calls. Whether it is Flux at all is for the real
// parser to say; what this reader does not know it refuses, so that no query is answered by guessing.

export type Step = { readonly name: string; readonly argument: string }
export type Pipeline = readonly Step[]

export class FluxError extends Error {
  override readonly name = 'FluxError'
}

export function readScript(script: string): Pipeline[] {
  const pipelines: Step[][] = []
  for (const step of readSteps(script)) {
    if (step.name === 'from') pipelines.push([step])
    else pipelines.at(-1)?.push(step)
  }
  return pipelines
}

const stringPattern = /"((?:[^"\\]|\\.)*)"/

export function stringArgument(argument: string): string {
  return unescapeString(stringPattern.exec(argument)?.[1] ?? '')
}

export function integerArgument(argument: string, name: string): number {
  const match = new RegExp(`^${name}: (\\d+)$`).exec(argument)
  if (match === null) throw new FluxError(`cannot read ${argument}`)
  return Number(match[1])
}

/** Epoch milliseconds; a duration such as -1s counts from `now`. */
export function rangeArgument(argument: string, now: number): { start: number; stop: number } {
  const start = /start: (time\(v: "[^"]*"\)|-\d+s)/.exec(argument)?.[1]
  const stop = /stop: (time\(v: "[^"]*"\))/.exec(argument)?.[1]
  if (start === undefined) throw new FluxError(`range without a start: ${argument}`)
  return { start: timeOf(start, now), stop: stop === undefined ? now : timeOf(stop, now) }
}

/** Only equalities joined by `and`: what must be equal to what. */
export function filterArgument(argument: string): Map<string, string> {
  const prefix = 'fn: (r) => '
  if (!argument.startsWith(prefix)) throw new FluxError(`cannot read filter ${argument}`)
  const wanted = new Map<string, string>()
  const condition = /r(?:\.(\w+)|\["((?:[^"\\]|\\.)*)"\]) == "((?:[^"\\]|\\.)*)"( and |$)/y
  condition.lastIndex = prefix.length
  while (condition.lastIndex < argument.length) {
    const at = condition.lastIndex
    const match = condition.exec(argument)
    if (match === null) throw new FluxError(`cannot read filter from ${argument.slice(at)}`)
    const column = match[1] ?? unescapeString(match[2] ?? '')
    wanted.set(column, unescapeString(match[3] ?? ''))
  }
  return wanted
}

/** Calls `name(argument)` in order, minding strings and nested parentheses. */
function readSteps(script: string): Step[] {
  const steps: Step[] = []
  const head = /\s*(?:\|>\s*)?(\w+)\(/y
  let at = 0
  while (script.slice(at).trim() !== '') {
    head.lastIndex = at
    const match = head.exec(script)
    if (match === null) throw new FluxError(`cannot read ${script.slice(at)}`)
    const end = endOfCall(script, head.lastIndex)
    steps.push({ name: match[1] ?? '', argument: script.slice(head.lastIndex, end) })
    at = end + 1
  }
  return steps
}

function endOfCall(script: string, start: number): number {
  let depth = 1
  for (let at = start; at < script.length; at += 1) {
    const character = script[at]
    if (character === '"') at = endOfString(script, at)
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0) return at
  }
  throw new FluxError('a call is not closed')
}

function endOfString(script: string, start: number): number {
  let at = start + 1
  while (at < script.length && script[at] !== '"') at += script[at] === '\\' ? 2 : 1
  return at
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unescapeString(text: string): string {
  if (/(?<!\\)(\\\\)*\$\{/.test(text)) throw new FluxError('a string interpolates an expression')
  return text.replace(/\\(.)/gs, (_all, character: string) => escapes[character] ?? character)
}

function timeOf(text: string, now: number): number {
  if (text.startsWith('-')) return now - Number(text.slice(1, -1)) * 1_000
  const time = Date.parse(stringArgument(text))
  if (Number.isNaN(time)) throw new FluxError(`cannot read time ${text}`)
  return time
}
