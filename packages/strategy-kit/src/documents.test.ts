/** Every shipped strategy has a page that says when it works and when it fails, with its true ranges. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shippedStrategies } from './index.ts'
import { parameterTable } from './parameter-table.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'strategies')
const overview = readFileSync(join(folder, 'README.md'), 'utf8')

describe.each(shippedStrategies.map((strategy) => [strategy.name, strategy] as const))(
  '%s',
  (name, strategy) => {
    const page = readdirSync(folder).includes(`${name}.md`)
      ? readFileSync(join(folder, `${name}.md`), 'utf8')
      : ''

    it.each(['## When it works', '## When it fails'])('its page says: %s', (heading) => {
      const [, text = ''] = page.split(`${heading}\n`)
      expect(text.split('\n## ')[0]!.trim().length).toBeGreaterThan(80)
    })

    it('its page has the parameters as they are', () => {
      expect(page).toContain(parameterTable(strategy))
    })

    it('every parameter has a range, a default and a meaning', () => {
      expect(parameterTable(strategy)).not.toMatch(/undefined|-?9007199254740991|\| {2}\|/)
    })

    it('is in the overview', () => {
      expect(overview).toContain(`[${name}](${name}.md)`)
    })
  },
)
