// Writes the documents that are made from code: `npm run generate`. `generated()` is also what the
// freshness test compares the files with.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  asyncApiDocument,
  dataFlowDocument,
  denialsDocument,
  entryStopsDocument,
  messagesDocument,
} from '@flotilla/contracts/documents'
import { stringify } from 'yaml'
import { alertsDocument } from './alerts-document.ts'
import { orderLifeDocument } from './order-life-document.ts'
import { reservationLifeDocument } from './reservation-life-document.ts'

const root = join(import.meta.dirname, '..')

/** File, relative to the root, and the text it should have. */
export function generated(): ReadonlyMap<string, string> {
  const examples = goldenExamples()
  return new Map([
    ['docs/MESSAGES.md', messagesDocument(examples)],
    ['docs/asyncapi.yaml', stringify(asyncApiDocument(examples), { aliasDuplicateObjects: false })],
    ['docs/data-flow.md', dataFlowDocument()],
    ['docs/DENIALS.md', denialsDocument()],
    ['docs/ENTRY-STOPS.md', entryStopsDocument()],
    ['docs/ORDER-LIFE.md', orderLifeDocument()],
    ['docs/RESERVATION-LIFE.md', reservationLifeDocument()],
    [
      'docs/operating/alerts.md',
      alertsDocument(readFileSync(join(root, 'infra/prometheus/alerts.yaml'), 'utf8')),
    ],
  ])
}

function goldenExamples(): Record<string, unknown> {
  const folder = join(root, 'packages/contracts/src/golden')
  return Object.fromEntries(
    readdirSync(folder).map((file) => [
      file.replace(/\.json$/, ''),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as unknown,
    ]),
  )
}

if (import.meta.main) {
  for (const [file, text] of generated()) {
    writeFileSync(join(root, file), text)
    console.log(`wrote ${file}`)
  }
}
