// What each check says in the scene of its code, kept as a file; a check that never says anything but yes
// is found as well.
import { denialGuide, type DenialCode } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { decimal, exit, intent } from '../testing.ts'
import { denialScenes as scenes } from '../testing/denial-scenes.ts'
import { verdictOf } from '../testing/verdicts.ts'
import { entryChecks } from './entry-checks.ts'
import { exitChecks } from './exit-checks.ts'

const codes = Object.keys(scenes) as DenialCode[]
const recordOf = (code: DenialCode) => {
  const verdict = verdictOf({ title: code, denied: null, ...scenes[code] })
  const reasons = verdict.kind === 'denied' ? verdict.reasons : []
  const reason = reasons.find((each) => each.code === code)
  return { reasons, reason, checks: verdict.checks }
}

const anEntryThatIsWell = {
  book: { funds: { USDT: '10000' } },
  limits: { balanceShare: decimal('0.1') },
}

describe('every reason of the contract', () => {
  it('has its scene, and none that the contract does not know', () => {
    expect(codes.toSorted()).toEqual(Object.keys(denialGuide).toSorted())
  })

  it.each(codes)('%s is said, by one check, with its numbers', (code) => {
    const { reasons, reason, checks } = recordOf(code)
    expect(reasons.map((each) => each.code)).toContain(code)
    expect(Object.keys(reason ?? {}).length).toBeGreaterThan(1)
    expect(checks.filter(({ outcome }) => outcome === 'denied')).toHaveLength(reasons.length)
  })

  it.each(codes.filter((code) => code !== 'insufficient_inventory'))(
    '%s is not said of the same entry in an account that is well',
    (code) => {
      const verdict = verdictOf({ title: code, denied: null, ...anEntryThatIsWell })
      const said = verdict.kind === 'denied' ? verdict.reasons.map((each) => each.code) : []
      expect(said).not.toContain(code)
    },
  )

  it('leaves the record that it always left', async () => {
    const records = codes.toSorted().map((code) => {
      const { reasons, reason, checks } = recordOf(code)
      const place = reasons.findIndex((each) => each.code === code)
      return { ...checks.filter(({ outcome }) => outcome === 'denied')[place], reason }
    })
    const text = `${JSON.stringify(records, null, 2)}\n`
    await expect(text).toMatchFileSnapshot('golden/denials.json')
  })

  /** One line for each check, in its order: so a thousand of them can still be read. */
  it('leaves the whole record that it always left, also of the checks that passed', async () => {
    const records = codes.toSorted().map((code) => {
      const lines = recordOf(code).checks.map(
        ({ check, outcome, inputs }) => `  ${check} ${outcome} ${JSON.stringify(inputs)}\n`,
      )
      return `${code}\n${lines.join('')}`
    })
    await expect(records.join('\n')).toMatchFileSnapshot('golden/records.txt')
  })
})

describe('every check', () => {
  const denying = new Set(
    codes.flatMap((code) => {
      return recordOf(code).checks.flatMap(({ check, outcome }) =>
        outcome === 'denied' ? check : [],
      )
    }),
  )
  /** These find or change the size; what they do is in the tests of sizes. */
  const sizes = [
    'confidence-scale',
    'regime-scale',
    'room',
    'liquidity',
    'expensive-asset',
    'quantity-maximum',
  ]

  it.each([...new Set([...entryChecks, ...exitChecks].map(({ name }) => name))])(
    '%s denies in one of the scenes, or works on the size',
    (name) => {
      expect([...denying, ...sizes]).toContain(name)
    },
  )

  it('has a name of its own in its list, and runs in the order of the list', () => {
    for (const [list, wish] of [
      [entryChecks, intent()],
      [exitChecks, exit()],
    ] as const) {
      const names = list.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      const { checks } = verdictOf({ title: '', denied: null, intent: wish })
      expect(checks.map(({ check }) => check)).toEqual(names)
    }
  })
})
