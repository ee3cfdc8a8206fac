import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { definitionNamed, kinds } from './definitions.ts'

const page = readFileSync(
  new URL('../../../docs/strategies/indicators.md', import.meta.url),
  'utf8',
)
const rows = page.split('\n').filter((line) => line.startsWith('| `'))

it.each(kinds)('%s has a row with its values and conventions', (kind) => {
  const row = rows.find((line) => new RegExp(`^\\| \`${kind}[(\`]`).test(line))
  const definition = definitionNamed(kind)!
  expect(row).toBeDefined()
  for (const part of definition.parts.filter((each) => each !== 'value')) {
    expect(row).toContain(part)
  }
  for (const convention of definition.conventions) expect(row).toContain(`\`${convention}\``)
})
