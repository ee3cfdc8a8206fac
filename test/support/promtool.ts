import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { unpackPackages } from './debian-packages.ts'

const cache = resolve(import.meta.dirname, '../../node_modules/.cache/flotilla/prometheus')

/** Prometheus' own judge of rules: the installed one, or that of Debian's package; null where neither can be had. */
export async function promtool(): Promise<string | null> {
  const installed = '/usr/bin/promtool'
  if (existsSync(installed)) return installed
  try {
    if (!existsSync(cache)) {
      await unpackPackages(cache, { choose: () => Promise.resolve(['prometheus']) })
    }
  } catch {
    return null
  }
  const unpacked = join(cache, 'usr/bin/promtool')
  return existsSync(unpacked) ? unpacked : null
}
