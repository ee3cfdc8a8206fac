// The recorded market data beside the checkout. It is no part of the product; tests that use it say
// what is missing and are skipped where it is absent.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../../shared/market-data')

/** The file's path, or null (said in one line) where the recordings are not at hand. */
export function marketData(file: string): string | null {
  const path = join(folder, file)
  if (existsSync(path)) return path
  console.warn(
    `skipped: no recording ${file}; put the market data beside the checkout as ../shared`,
  )
  return null
}
