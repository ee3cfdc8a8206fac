// `npm run bench -- NAME [--json] [--long]`: measures, each time against a baseline in the same run.
import { parseArgs } from 'node:util'
import { createReport, type Bench } from './report.ts'

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  analysis: async () => (await import('./analysis.ts')).bench,
  bus: async () => (await import('./bus.ts')).bench,
  chain: async () => (await import('./chain.ts')).bench,
  decisions: async () => (await import('./decisions.ts')).bench,
  footprint: async () => (await import('./footprint.ts')).bench,
  venue: async () => (await import('./venue.ts')).bench,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, long: { type: 'boolean', default: false } },
})
const [name] = positionals
const load = name === undefined ? undefined : benches[name]
if (name === undefined || load === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--long]`)
  process.exit(2)
}
const { report, print } = createReport(name, values.json)
await (
  await load()
)(report, { long: values.long })
print()
