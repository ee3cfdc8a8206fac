// The table of deaths is whole: execution is killed at every point of every deed, with every outcome that it can
// have at the venue, and what is run in every run leaves none of them out.
import { expect, it } from 'vitest'
import { DEATH_POINTS } from './support/death.ts'
import { deeds, killModeNames } from './support/kill-deeds.ts'
import { allDeaths, deathsOf } from './support/kill-table.ts'

const isSent = (point: string): boolean => point !== 'before-commit' && point !== 'after-commit'

it('every point of a deed is met with every outcome, before anything is sent with none', () => {
  for (const deed of deeds) {
    const own = allDeaths.filter((death) => death.deed === deed)
    for (const point of deed.points) {
      const outcomes = own.filter((death) => death.point === point).map(({ outcome }) => outcome)
      expect([deed.name, point, outcomes]).toEqual([
        deed.name,
        point,
        isSent(point) ? deed.outcomes : [null],
      ])
    }
  }
})

it('with a pair, execution is killed at every point of an order, a bracket, a cancel and a replace', () => {
  const names = deeds.filter(({ mode }) => mode === 'pair').map(({ name }) => name)
  expect(names).toEqual(['an order', 'a bracket', 'a cancel', 'a replace'])
  expect(deathsOf('pair', ...names)).toHaveLength(4 * (2 + 4 * 4))
})

it('where a commit of its own comes before a call, it is one of the points', () => {
  for (const { name, stored, points } of deeds) {
    const before = points.filter((point) => !isSent(point))
    expect([name, before.length]).toEqual([name, stored === null ? 0 : 2])
  }
})

it('every run meets each deed: never sent, never arrived, and arrived', () => {
  for (const deed of deeds) {
    const run = deathsOf(deed.mode, deed.name)
    const fates = new Set(run.map(({ outcome }) => fateOf(outcome)))
    const meant = ['dropped', 'arrived', ...(deed.stored === null ? [] : ['never sent'])]
    expect([deed.name, fates]).toEqual([deed.name, new Set(meant)])
  }
})

it('every run meets each point, and each outcome of each kind of request', () => {
  const run = killModeNames.flatMap((mode) => (mode === 'pair' ? [] : deathsOf(mode)))
  expect(new Set(run.map(({ point }) => point))).toEqual(new Set(DEATH_POINTS))
  const met = new Set(run.map(({ deed, outcome }) => `${deed.kind} ${outcome}`))
  const all = allDeaths.filter(({ deed }) => deed.mode !== 'pair')
  expect(met).toEqual(new Set(all.map(({ deed, outcome }) => `${deed.kind} ${outcome}`)))
})

function fateOf(outcome: string | null): string {
  if (outcome === null) return 'never sent'
  return outcome === 'dropped' ? outcome : 'arrived'
}
