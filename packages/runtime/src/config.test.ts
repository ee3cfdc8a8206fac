import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, parseConfig, readConfig } from './config.ts'
import type { Environment } from './config-environment.ts'

const schema = z.strictObject({
  mode: z.enum(['paper', 'live']).default('paper'),
  risk: z
    .strictObject({
      exposureRatioMax: z.number().min(0).max(1).default(0.25),
      positionsMax: z.int().min(1).default(3),
    })
    .prefault({}),
  venue: z.strictObject({ apiKey: z.string().optional(), url: z.url().optional() }).prefault({}),
  symbols: z.array(z.string().regex(/\//, { error: 'is not a symbol' })).default([]),
  balances: z.record(z.string(), z.string()).default({}),
  feed: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('rest'), everyMs: z.int() }),
      z.strictObject({ kind: z.literal('stream') }),
    ])
    .default({ kind: 'stream' }),
  analysis: z.unknown().optional(),
})

function parse(text: string, environment: Environment = {}) {
  return parseConfig({ file: 'flotilla.yaml', text, schema, environment })
}

function problems(text: string, environment: Environment = {}): string[] {
  try {
    parse(text, environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('a refusal', () => {
  test.each([
    [
      'names line, value, limit and fix of a number out of range',
      'mode: paper\nrisk:\n  exposureRatioMax: 1.5\n',
      'flotilla.yaml:3:21 risk.exposureRatioMax: 1.5 is above the limit of 1; use at most 1',
    ],
    [
      'suggests the setting that was meant',
      'risk:\n  exposureRatoMax: 0.5\n',
      'flotilla.yaml:2:3 risk.exposureRatoMax: is not a known setting; did you mean "exposureRatioMax"?',
    ],
    [
      'lists the settings where none is near',
      'venue:\n  colour: blue\n',
      'flotilla.yaml:2:3 venue.colour: is not a known setting; use one of apiKey, url',
    ],
    [
      'suggests the word that was meant',
      'mode: papre\n',
      'flotilla.yaml:1:7 mode: "papre" is not allowed here; did you mean "paper"? (use one of paper, live)',
    ],
    [
      'names the wanted type',
      'risk:\n  positionsMax: many\n',
      'flotilla.yaml:2:17 risk.positionsMax: "many" is not a number; give a number',
    ],
    [
      'points into a list',
      'symbols:\n  - BTC/USDT\n  - ETH\n',
      'flotilla.yaml:3:5 symbols.1: "ETH" is not a symbol',
    ],
    [
      'points at the group where a setting is missing',
      'feed:\n  kind: rest\n',
      'flotilla.yaml:1:1 feed.everyMs: is missing; give a number',
    ],
  ])('%s', (_name, text, expected) => {
    expect(problems(text)).toEqual([expected])
  })

  test('of broken YAML names the line', () => {
    expect(problems('mode: paper\nrisk: [1, 2\n')[0]).toMatch(
      /^flotilla\.yaml:\d+:\d+ is not valid/,
    )
  })

  test('of a repeated setting names the line', () => {
    expect(problems('mode: paper\nmode: live\n')[0]).toMatch(/^flotilla\.yaml:2:1 .*unique/)
  })

  test('names all faults, not just the first', () => {
    expect(problems('mode: 1\nrisk:\n  positionsMax: 0\n')).toHaveLength(2)
  })

  test('does not repeat a secret', () => {
    const text = problems('venue:\n  apiKey: 123456789\n').join('\n')
    expect(text).toContain('venue.apiKey: the value is not a text')
    expect(text).not.toContain('123456789')
  })

  test('of a missing file names the file', () => {
    expect(() => readConfig({ file: 'absent.yaml', schema })).toThrow(/absent\.yaml there is no/)
  })
})

test('an empty file is the defaults', () => {
  expect(parse('# nothing\n')).toMatchObject({ mode: 'paper', risk: { exposureRatioMax: 0.25 } })
})

describe('the environment', () => {
  test('wins over the file, typed as the setting is', () => {
    const config = parse('risk:\n  positionsMax: 2\n', {
      FLOTILLA_RISK__POSITIONS_MAX: '7',
      FLOTILLA_VENUE__API_KEY: '0123456',
      FLOTILLA_SYMBOLS: 'BTC/USDT, ETH/USDT',
      FLOTILLA_BALANCES__USDT: '84.54',
      FLOTILLA_MODE: 'live',
    })
    expect(config).toMatchObject({
      mode: 'live',
      risk: { positionsMax: 7 },
      venue: { apiKey: '0123456' },
      symbols: ['BTC/USDT', 'ETH/USDT'],
      balances: { USDT: '84.54' },
    })
  })

  test('gives a secret by the name of a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-config-'))
    try {
      const file = join(folder, 'key')
      writeFileSync(file, 'from-a-file\n')
      expect(parse('', { FLOTILLA_VENUE__API_KEY_FILE: file }).venue.apiKey).toBe('from-a-file')
      expect(problems('', { FLOTILLA_VENUE__API_KEY_FILE: join(folder, 'none') })[0]).toMatch(
        /^FLOTILLA_VENUE__API_KEY_FILE cannot read .*ENOENT/,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is refused with the name of the variable', () => {
    expect(problems('', { FLOTILLA_RISK__POSITIONS_MAX: '0' })).toEqual([
      'FLOTILLA_RISK__POSITIONS_MAX risk.positionsMax: 0 is below the limit of 1; use at least 1',
    ])
  })

  test('an unknown setting suggests the variable that was meant', () => {
    expect(problems('', { FLOTILLA_RISK__POSITION_MAX: '1' })).toEqual([
      'FLOTILLA_RISK__POSITION_MAX names no setting; did you mean FLOTILLA_RISK__POSITIONS_MAX?',
    ])
  })

  test("other programs' variables and another agent's section are left alone", () => {
    const environment = { FLOTILLA_CONFIG: 'x', FLOTILLA_ANALYSIS__DEPTH: '3', HOME: '/' }
    expect(problems('', environment)).toEqual([])
  })
})
