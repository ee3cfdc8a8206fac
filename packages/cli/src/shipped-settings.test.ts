import { readFileSync } from 'node:fs'
import { readFleetConfig } from '@flotilla/fleet'
import { expect, test } from 'vitest'
import { loadAgents } from './load-agents.ts'

const shipped = new URL('../../../flotilla.yaml', import.meta.url)

test('the shipped flotilla.yaml says the defaults, save for the size of an entry', async () => {
  const specs = await loadAgents()
  const read = (text: string) =>
    readFleetConfig({ file: 'flotilla.yaml', text, specs, environment: {} }).shared
  const text = readFileSync(shipped, 'utf8')
  const sized = /^ {2}balanceShare: .*\n/m
  expect(text).toMatch(sized)
  expect(read(text.replace(sized, ''))).toEqual(read(''))
})
