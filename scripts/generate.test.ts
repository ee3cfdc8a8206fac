import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Parser } from '@asyncapi/parser'
import { expect, test } from 'vitest'
import { generated } from './generate.ts'

const root = join(import.meta.dirname, '..')

test.each([...generated().keys()])('%s is fresh', (file) => {
  const kept = readFileSync(join(root, file), 'utf8')
  expect(kept, `${file} is stale: run "npm run generate"`).toBe(generated().get(file))
})

test('the AsyncAPI document is valid, and a broken reference would be found', async () => {
  const text = generated().get('docs/asyncapi.yaml')!
  expect(await errorsOf(text)).toEqual([])
  const broken = text.replace('#/components/schemas/Uuid', '#/components/schemas/Nothing')
  expect(await errorsOf(broken)).not.toEqual([])
})

async function errorsOf(text: string): Promise<string[]> {
  const { diagnostics } = await new Parser().parse(text)
  return diagnostics.filter(({ severity }) => severity === 0).map(({ message }) => message)
}
