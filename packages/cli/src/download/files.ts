import { createReadStream, existsSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { CandleFile, CandleFileError, header } from './candle-file.ts'
import { readParquet, writeParquet } from './parquet-file.ts'

/**
 * A file that candles can be appended to, whatever its format. Only CSV grows at its end: beside a Parquet
 * file grows a CSV one until the work is done, and a stop leaves it there to go on with.
 */
export async function withCandleFile<Result>(
  path: string,
  work: (file: CandleFile) => Promise<Result>,
): Promise<Result> {
  if (!path.endsWith('.parquet')) return withCsv(path, work)
  const growing = `${path}.csv`
  if (existsSync(path) && !existsSync(growing)) await writeCsv(growing, readParquet(path))
  const result = await withCsv(growing, work)
  await writeParquet(path, readCsv(growing))
  rmSync(growing)
  return result
}

/** From one format into another, row by row. */
export async function convertCandles(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new CandleFileError(`${from}: there is no such file`)
  const rows = from.endsWith('.parquet') ? readParquet(from) : readCsv(from)
  await (to.endsWith('.parquet') ? writeParquet(to, rows) : writeCsv(to, rows))
}

async function withCsv<Result>(
  path: string,
  work: (file: CandleFile) => Promise<Result>,
): Promise<Result> {
  const file = new CandleFile(path)
  try {
    return await work(file)
  } finally {
    file.close()
  }
}

/** Plain or gzipped. */
async function* readCsv(path: string): AsyncGenerator<string> {
  const bytes = createReadStream(path)
  const input = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1
    if (line === 1 && text !== header) {
      throw new CandleFileError(`${path}, line 1: the header is not ${header}`)
    }
    if (line > 1 && text !== '') yield text
  }
}

/** Written beside and moved, so that nobody takes a half for the whole. */
async function writeCsv(path: string, rows: AsyncIterable<string>): Promise<void> {
  const file = await open(`${path}.new`, 'w')
  try {
    await file.write(`${header}\n`)
    let text = ''
    for await (const row of rows) {
      text += `${row}\n`
      if (text.length < 1_000_000) continue
      await file.write(text)
      text = ''
    }
    await file.write(text)
    await file.sync()
  } finally {
    await file.close()
  }
  renameSync(`${path}.new`, path)
}
