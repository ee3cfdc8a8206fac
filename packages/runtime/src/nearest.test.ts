import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test.each([
  ['risc-manager', 'risk-manager'],
  ['exposrueMax', 'exposureMax'],
  ['strat', 'start'],
  ['SEED', 'seed'],
  ['zebra', null],
  ['', null],
])('"%s" was meant as %s', (word, meant) => {
  expect(nearest(word, ['start', 'risk-manager', 'exposureMax', 'seed'])).toBe(meant)
})

test('nothing is near where nothing is known', () => {
  expect(nearest('start', [])).toBeNull()
})
