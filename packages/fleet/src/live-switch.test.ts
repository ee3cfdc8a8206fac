// Real money needs three things, each on its own; and what trades it is what traded play money before.
import type { Venue } from '@flotilla/venue'
import { createTestContext } from '@flotilla/runtime/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openVenue } from './open-ports.ts'
import { liveConfirmationPhrase } from './account-fields.ts'
import { senseCheck } from './sense.ts'
import { SharedConfigSchema } from './shared-config.ts'

const settings = {
  mode: 'live',
  liveConfirmation: liveConfirmationPhrase,
  venue: { kind: 'binance', id: 'binance', apiKey: 'k'.repeat(16), apiSecret: 's'.repeat(16) },
}

function problemsOf(config: object): string[] {
  const checked = SharedConfigSchema.superRefine(senseCheck(['venue'])).safeParse(config)
  return checked.success ? [] : checked.error.issues.map(({ path }) => path.join('.'))
}

describe('the live switch', () => {
  it('is on only with mode, keys and the sentence', () => {
    expect(problemsOf(settings)).toEqual([])
  })

  it.each([
    ['the sentence', { liveConfirmation: undefined }, ['liveConfirmation']],
    ['every letter of it', { liveConfirmation: 'I accept' }, ['liveConfirmation']],
    ['keys', { venue: { kind: 'binance', id: 'binance' } }, ['venue.apiKey', 'venue.apiSecret']],
    ['the mode', { mode: 'paper' }, ['venue.kind']],
    ['a mode at all', { mode: undefined }, ['venue.kind']],
  ])('stays off without %s', (_what, missing, problems) => {
    expect(problemsOf({ ...settings, ...missing })).toEqual(problems)
  })

  it.each(['coinbase', 'mexc', 'alpaca'])('guards %s as well', (kind) => {
    const venue = { ...settings.venue, kind, id: kind }
    expect(problemsOf({ ...settings, venue })).toEqual([])
    expect(problemsOf({ ...settings, venue, mode: 'paper' })).toEqual(['venue.kind'])
    expect(problemsOf({ ...settings, venue, liveConfirmation: 'yes' })).toEqual([
      'liveConfirmation',
    ])
  })
})

describe('the adapter', () => {
  const opened: Venue[] = []
  afterEach(async () => {
    for (const venue of opened.splice(0)) await venue.close()
  })

  /** Opening asks nothing of the venue. */
  async function open(config: object): Promise<Venue> {
    const context = createTestContext('execution')
    const venue = await openVenue(SharedConfigSchema.parse(config), context)
    opened.push(venue)
    return venue
  }

  it('is the same code for paper and for live', async () => {
    const paper = await open({ venue: { url: 'http://127.0.0.1:9' }, simulator: { speed: 1 } })
    const live = await open(settings)
    expect(Object.getPrototypeOf(paper)).toBe(Object.getPrototypeOf(live))
    expect(paper.profile).toEqual(live.profile)
  })
})
