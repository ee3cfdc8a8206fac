// Stretches of the recorded market as files of their own, in a folder that the test throws away.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Rows with `from <= timestamp < to` (epoch ms) of a recording, as an uncompressed file. */
export function cutRecording(
  file: string,
  range: { readonly from: number; readonly to: number; readonly folder: string },
): string {
  const [header, ...rows] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')
  const kept = rows.filter((row) => {
    const timestamp = Number(row.slice(0, row.indexOf(',')))
    return timestamp >= range.from && timestamp < range.to
  })
  const target = join(range.folder, basename(file, '.gz'))
  writeFileSync(target, `${[header, ...kept].join('\n')}\n`)
  return target
}
