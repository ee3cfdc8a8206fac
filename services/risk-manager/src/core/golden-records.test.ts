// The whole record of one decision of each kind, as it is kept and as it is said, in a form to be read: a
// line for each check in its order, with what it looked at and what came of it. Any change of what a
// decision looks at, in which order, with which numbers, shows as a difference. `npm run goldens` writes
// the files anew; what it changes belongs into the same commit as its reason.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { deriveId, type DenialCode, type IntentProposed } from '@flotilla/contracts'
import type { Decision } from '@flotilla/ledger'
import { expect, test } from 'vitest'
import {
  book,
  caps,
  decimal,
  intent,
  intentMessage,
  limits,
  reservation,
  rules,
  sizing,
  testNow,
} from '../testing.ts'
import { denialScenes, type Scene } from '../testing/denial-scenes.ts'
import type { Book } from './book.ts'
import { decide, type Work } from './decide.ts'
import { rankOf, turnBefore } from './intent-order.ts'
import { takeTrim } from './trim.ts'

const folder = 'golden/decisions'
const intentId = deriveId('golden')

const exitOf = (overrides: Partial<IntentProposed> = {}) =>
  intent({ side: 'sell', purpose: 'exit', ...overrides })
const held = { funds: { USDT: '0', BTC: '0.010009' }, positions: { 'BTC/USDT': '0.010009' } }

const others: Readonly<Record<string, Scene>> = {
  'approved-entry': {},
  'approved-entry-adjusted': {
    intent: intent({ confidence: 75, stopLossPrice: '49500' }),
    book: {
      funds: { USDT: '10000' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('500') })],
    },
    prepare: (made) => {
      made.depths.set('BTC/USDT', { asks: [['50000', '0.012']], at: testNow })
      fallenIntoDefense(made)
    },
    limits: {
      sizing: sizing({ method: 'fixed-risk', confidenceScaleMin: decimal('0.5') }),
      exposureShareMax: decimal('0.25'),
    },
  },
  'approved-entry-raised-to-minimum': {
    book: { funds: { USDT: '10' } },
    limits: { balanceShare: decimal('0.5') },
  },
  'approved-entry-correlation-capped': {
    ...denialScenes.correlated_exposure_exceeds_limit,
    limits: {
      ...denialScenes.correlated_exposure_exceeds_limit.limits,
      caps: caps({ correlatedShareMax: decimal('0.6') }),
    },
  },
  'denied-for-two-reasons': {
    intent: intent({ confidence: 10 }),
    book: { funds: { USDT: '1' } },
  },
  'approved-exit': { book: held, intent: exitOf() },
}

/** One of each family of checks, and the code that it denies with. */
const denials: Readonly<Record<string, DenialCode>> = {
  balance: 'insufficient_available_balance',
  inventory: 'insufficient_inventory',
  minimum: 'notional_below_minimum',
  exposure: 'exposure_exceeds_limit',
  'correlated-exposure': 'correlated_exposure_exceeds_limit',
  'daily-loss': 'daily_loss_reached',
  'drawdown-regime': 'drawdown_halt',
  'protection-cooldown': 'symbol_cooling_down',
  'protection-stop-guard': 'stops_reached_limit',
  'protection-low-profit': 'symbol_profit_too_low',
  price: 'no_price',
  'price-age': 'stale_price',
  'control-pause': 'trading_paused',
  'control-flatten': 'trading_flattened',
  'control-halt': 'trading_halted',
  universe: 'symbol_not_eligible',
  'data-source': 'data_source_unreliable',
  budget: 'budget_exceeded',
  liquidity: 'insufficient_liquidity',
  expiry: 'intent_expired',
}

const scenes: Readonly<Record<string, Scene>> = {
  ...others,
  ...Object.fromEntries(
    Object.entries(denials).map(([family, code]) => [`denied-${family}`, denialScenes[code]]),
  ),
}

test.each(Object.entries(scenes))('%s', async (name, scene) => {
  const made = book(scene.book)
  scene.prepare?.(made)
  const message = intentMessage({ ...(scene.intent ?? intent()), intentId })
  const work = decide({
    book: made,
    message,
    limits: limits(scene.limits),
    now: scene.now ?? testNow,
  })
  await expect(recordOf(message.payload, work)).toMatchFileSnapshot(`${folder}/${name}.txt`)
})

/** Of two that waited, the one that came later was surer. */
test('approved-entry-before-an-older-one', async () => {
  const message = intentMessage({ intentId, confidence: 90 })
  const older = rankOf(intent({ intentId: deriveId('older'), confidence: 60 }), new Map())
  const turn = turnBefore(older, rankOf(message.payload, new Map()), 2)
  const work = decide({ book: book(), message, limits: limits(), now: testNow, turn })
  const text = recordOf(message.payload, work)
  await expect(text).toMatchFileSnapshot(`${folder}/approved-entry-before-an-older-one.txt`)
})

/** A position just above the cap: what exceeds it could not be sold alone. */
test('approved-trim-raised-to-minimum', async () => {
  const made = book({
    funds: { USDT: '7499.96', BTC: '0.05' },
    positions: { 'BTC/USDT': '0.05' },
    rules: [rules('BTC/USDT', { quantityMin: decimal('0.0002') })],
  })
  const quarter = limits({ exposureShareMax: decimal('0.25') })
  const work = takeTrim({ book: made, limits: quarter, now: testNow }, 'BTC/USDT')
  expect(work.trim?.quantity.toString()).toBe('0.0002')
  const text = recordOf(null, work)
  await expect(text).toMatchFileSnapshot(`${folder}/approved-trim-raised-to-minimum.txt`)
})

test('no file is left over of a scene that is gone', () => {
  const files = readdirSync(join(import.meta.dirname, folder))
  const alone = ['approved-entry-before-an-older-one', 'approved-trim-raised-to-minimum']
  const names = [...Object.keys(scenes), ...alone]
  expect(files.filter((file) => !names.includes(file.replace(/\.txt$/, '')))).toEqual([])
})

function recordOf(asked: IntentProposed | null, { changes, records, outgoing }: Work): string {
  const [record] = records
  if (record?.kind !== 'decision-recorded') throw new Error('nothing was recorded')
  if ('written' in record.decision) throw new Error('the record is a text before it is asked for')
  const { checks, reasons, sizing: size, verdict, ...about } = record.decision
  const section = (title: string, values: readonly unknown[]) => [
    title,
    ...values.map((value) => `  ${JSON.stringify(value)}`),
    '',
  ]
  return [
    ...section('intent', [asked ?? 'of the risk manager itself']),
    ...section('verdict', [verdict, about]),
    ...section('reasons', reasons),
    ...section('size', size === null ? [] : [size]),
    'checks',
    ...checks.map(lineOf),
    '',
    ...section('changes', changes),
    ...section(
      'said',
      outgoing.map(({ type, payload }) => ({ type, payload })),
    ),
  ].join('\n')
}

function lineOf(check: Decision['checks'][number], index: number): string {
  const { check: name, outcome, inputs } = check as Record<string, unknown>
  const place = String(index + 1).padStart(2)
  return `  ${place} ${String(name).padEnd(20)} ${String(outcome).padEnd(8)} ${JSON.stringify(inputs)}`
}

/** A tenth below the peak: sizes are halved. */
function fallenIntoDefense(made: Book): void {
  const peak = decimal('11200')
  const since = new Date(testNow).toISOString()
  const drawdown = { regime: 'defense', since, peak } as const
  made.standing = { ...made.standing, drawdown }
}
