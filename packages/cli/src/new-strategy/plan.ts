/** What `flotilla new-strategy` writes and changes, as texts; nothing is touched here. */
import { overviewRow, page, strategyFile, testFile } from './templates.ts'
import type { StrategyName } from './templates.ts'

export const shippedList = 'packages/strategy-kit/src/shipped.ts'
export const overview = 'docs/strategies/README.md'

export type Plan =
  | {
      readonly kind: 'planned'
      /** By path in the checkout. */
      readonly written: ReadonlyMap<string, string>
      readonly changed: ReadonlyMap<string, string>
    }
  | { readonly kind: 'refused'; readonly reason: string }

export type Checkout = {
  exists(path: string): boolean
  /** Null when there is no such file. */
  read(path: string): string | null
}

export function planStrategy(name: string, checkout: Checkout): Plan {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 64) {
    const reason = `'${name}' is no strategy name: lower case and hyphens, such as my-idea`
    return { kind: 'refused', reason }
  }
  const names = { name, identifier: identifierOf(name) }
  const written = new Map([
    [`packages/strategy-kit/src/strategies/${name}.ts`, strategyFile(names)],
    [`packages/strategy-kit/src/strategies/${name}.test.ts`, testFile(names)],
    [`docs/strategies/${name}.md`, page(names)],
  ])
  const taken = [...written.keys()].find((path) => checkout.exists(path))
  if (taken !== undefined) return { kind: 'refused', reason: `${taken} is there already` }
  const list = registered(names, checkout.read(shippedList))
  const rows = listed(names, checkout.read(overview))
  if (list === null) return missing(shippedList)
  if (rows === null) return missing(overview)
  return {
    kind: 'planned',
    written,
    changed: new Map([
      [shippedList, list],
      [overview, rows],
    ]),
  }
}

function missing(path: string): Plan {
  return { kind: 'refused', reason: `${path} is not what it was; add the strategy there by hand` }
}

/** A single word could be a word of the language, such as `new`. */
function identifierOf(name: string): string {
  const camel = name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return camel === name ? `${name}Strategy` : camel
}

/** Into the imports by the order of their paths, and to the end of the list. */
function registered({ name, identifier }: StrategyName, text: string | null): string | null {
  const lines = text?.split('\n') ?? []
  const own = `import { ${identifier} } from './strategies/${name}.ts'`
  const imports = lines.filter((line) => line.includes(`from './strategies/`))
  const after = imports.findLast((line) => pathOf(line) < pathOf(own))
  const first = lines.findIndex((line) => line.includes(`from './strategies/`))
  const end = lines.lastIndexOf(']')
  if (first === -1 || end === -1) return null
  const at = after === undefined ? first : lines.indexOf(after) + 1
  return [
    ...lines.slice(0, at),
    own,
    ...lines.slice(at, end),
    `  ${identifier},`,
    ...lines.slice(end),
  ].join('\n')
}

function pathOf(line: string): string {
  return line.slice(line.indexOf(`from '`))
}

/** A row after the last one of the table of strategies. */
function listed(names: StrategyName, text: string | null): string | null {
  const lines = text?.split('\n') ?? []
  const last = lines.findLastIndex((line) => /^\| \[[a-z0-9-]+\]\(/.test(line))
  if (last === -1) return null
  return lines.toSpliced(last + 1, 0, overviewRow(names)).join('\n')
}
