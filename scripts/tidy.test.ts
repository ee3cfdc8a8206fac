// What no linter knows: every service has the same inside, packages lean on each other in one
// direction, and time and chance come in by their ports only.
import { describe, expect, test } from 'vitest'
import { exists, filesBelow, foldersIn, isFolder, linesMatching, textOf } from './tidy/sources.ts'

const services = foldersIn('services')
const packages = foldersIn('packages')
const members = [...packages, ...services]
const sources = [...members, 'test', 'bench', 'scripts'].flatMap((folder) =>
  filesBelow(folder, /\.ts$/),
)

/** What each package may depend on; the services stand above all of them. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  money: [],
  contracts: ['money'],
  runtime: ['money', 'contracts'],
  bus: ['money', 'contracts', 'runtime'],
  ledger: ['money', 'contracts', 'runtime', 'bus'],
  'market-store': ['money', 'contracts', 'runtime'],
  venue: ['money', 'contracts', 'runtime'],
  indicators: ['money', 'contracts'],
  journal: ['money', 'ledger'],
  lineage: ['money', 'contracts', 'ledger'],
  'strategy-kit': ['money', 'contracts', 'indicators'],
}

test('the tree is really looked at', () => {
  expect(services.length).toBeGreaterThanOrEqual(6)
  expect(packages.length).toBeGreaterThanOrEqual(11)
  expect(sources.length).toBeGreaterThan(100)
})

describe.each(services)('%s', (service) => {
  test.each(['README.md', 'package.json'])('has its %s', (file) => {
    expect(exists(`${service}/${file}`)).toBe(true)
  })

  test.each(['index', 'main', 'config', 'service', 'store'])('has its src/%s.ts', (file) => {
    expect(exists(`${service}/src/${file}.ts`)).toBe(true)
  })

  test('has a core', () => {
    expect(isFolder(`${service}/src/core`)).toBe(true)
  })

  test('has a main of at most 60 lines', () => {
    expect(textOf(`${service}/src/main.ts`).split('\n').length).toBeLessThanOrEqual(60)
  })
})

describe.each(members)('%s', (member) => {
  const manifest = JSON.parse(textOf(`${member}/package.json`)) as Manifest

  test('is called after its folder', () => {
    expect(manifest.name).toBe(`@flotilla/${member.split('/')[1]!}`)
  })

  test('leans only on what it may lean on', () => {
    expect(forbiddenLeanings(member, flotillaDependencies(manifest.dependencies))).toEqual([])
  })
})

/** A service leans on packages; the command is the top; a package has its list. */
function forbiddenLeanings(member: string, leansOn: readonly string[]): readonly string[] {
  const name = member.split('/')[1]!
  if (name === 'cli') return []
  const high = [...services.map((each) => each.split('/')[1]!), 'cli']
  if (member.startsWith('services/') || name === 'fleet') {
    return leansOn.filter((each) => high.includes(each))
  }
  return leansOn.filter((each) => allowed[name]?.includes(each) !== true)
}

test('a service is imported by composition roots only', () => {
  const names = services.map((each) => each.split('/')[1]).join('|')
  const pattern = new RegExp(`from '@flotilla/(${names})(/[^']*)?'`)
  // Documents are generated from what the services themselves decide by.
  const roots =
    /^(packages\/cli\/|test\/|bench\/|services\/research\/|scripts\/[a-z-]+-document\.ts$)/
  const found = sources
    .filter((file) => !roots.test(file))
    .flatMap((file) => linesMatching(file, pattern))
  expect(found).toEqual([])
})

test('the wall clock is read in files named clock and in the outermost layers only', () => {
  const free =
    /(clock[^/]*\.ts|\.test\.ts|\.conformance\.ts)$|\/testing[./]|^(test|bench|scripts)\//
  const found = sources
    .filter((file) => !free.test(file))
    .flatMap((file) => linesMatching(file, /\b(Date\.now\(|new Date\(\)|performance\.now\()/))
  expect(found).toEqual([])
})

test('chance comes from a seed, so no file asks the platform for it', () => {
  const found = sources
    .filter((file) => file !== 'scripts/purity.test.ts' && file !== 'scripts/tidy.test.ts')
    .flatMap((file) => linesMatching(file, /\bMath\.random\(/))
  expect(found).toEqual([])
})

test('no test is left focused and no leftover marks remain', () => {
  // Spelled apart, so that this very file is looked through as well.
  const leftovers = ['FIX_ME', 'X_XX'].join('|').replaceAll('_', '')
  const marks = new RegExp(`\\b(describe|it|test)\\.only\\(|\\b(${leftovers})\\b`)
  const found = sources.flatMap((file) => linesMatching(file, marks))
  expect(found).toEqual([])
})

test('no file but a test is longer than 400 lines', () => {
  const long = sources
    .filter((file) => !file.endsWith('.test.ts'))
    .filter((file) => textOf(file).split('\n').length > 401)
  expect(long).toEqual([])
})

type Manifest = {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

function flotillaDependencies(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies)
    .filter((each) => each.startsWith('@flotilla/'))
    .map((each) => each.slice('@flotilla/'.length))
}
