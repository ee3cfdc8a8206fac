import { renameSync } from 'node:fs'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { FileMetaData, SchemaElement } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { CandleFileError } from './candle-file.ts'

/**
 * Candles as Parquet: a moment and five exact decimals. Parquet cannot grow at its end, so it is written
 * whole, beside the old file, and moved into its place.
 */
const figures = ['open', 'high', 'low', 'close', 'volume'] as const

/** Places behind the point; enough for every price and quantity, with twenty digits before it. */
const scale = 18
const rowsAtOnce = 50_000

const schema: SchemaElement[] = [
  { name: 'root', num_children: figures.length + 1 },
  {
    name: 'timestamp',
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    repetition_type: 'REQUIRED',
  },
  ...figures.map((name): SchemaElement => ({
    name,
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    precision: 38,
    scale,
    repetition_type: 'REQUIRED',
  })),
]

/** `rows` as in a CSV file of candles: milliseconds, open, high, low, close, volume. */
export async function writeParquet(path: string, rows: AsyncIterable<string>): Promise<void> {
  const whole = `${path}.new`
  const writer = new ParquetWriter({ writer: fileWriter(whole), schema, createdBy: 'flotilla' })
  let group: string[][] = []
  const write = (): void => {
    if (group.length === 0) return
    const columnData = [
      { name: 'timestamp', data: group.map(([time]) => BigInt(time ?? '')) },
      ...figures.map((name, index) => ({
        name,
        data: group.map((cells) => unscaledOf(cells[index + 1] ?? '', path)),
      })),
    ]
    void writer.write({ columnData, rowGroupSize: rowsAtOnce })
    group = []
  }
  for await (const row of rows) {
    group.push(row.split(','))
    if (group.length === rowsAtOnce) write()
  }
  write()
  await writer.finish()
  renameSync(whole, path)
}

function unscaledOf(text: string, path: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text) ?? []
  if (whole === undefined) {
    throw new CandleFileError(
      `${path}: ${text} does not fit 20 digits before and 18 behind a point`,
    )
  }
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

/** The rows of a file of ours, as in CSV. */
export async function* readParquet(path: string): AsyncGenerator<string> {
  const file = await asyncBufferFromFile(path)
  const metadata = withRawDecimals(await parquetMetadataAsync(file), path)
  const total = Number(metadata.num_rows)
  for (let rowStart = 0; rowStart < total; rowStart += rowsAtOnce) {
    const rowEnd = Math.min(total, rowStart + rowsAtOnce)
    const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd })
    for (const row of rows) {
      yield [momentOf(row['timestamp']), ...figures.map((name) => textOf(row[name]))].join(',')
    }
  }
}

/** The library would turn decimals into floats; as mere bytes they stay what they are. */
function withRawDecimals(metadata: FileMetaData, path: string): FileMetaData {
  const ours = metadata.schema.slice(1).map((each) => [each.name, each.converted_type, each.scale])
  const wanted = schema.slice(1).map((each) => [each.name, each.converted_type, each.scale])
  if (JSON.stringify(ours) !== JSON.stringify(wanted)) {
    throw new CandleFileError(`${path}: these are not candles as Flotilla writes them`)
  }
  const raw = metadata.schema.map(({ converted_type, ...rest }): SchemaElement =>
    converted_type === 'TIMESTAMP_MILLIS' ? { ...rest, converted_type } : rest,
  )
  return { ...metadata, schema: raw }
}

function momentOf(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  throw new TypeError('a timestamp is not a moment')
}

function textOf(value: unknown): string {
  if (!(value instanceof Uint8Array)) throw new TypeError('a decimal is not made of bytes')
  const unscaled = BigInt(`0x${Buffer.from(value).toString('hex')}`)
  const digits = unscaled.toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  const whole = digits.slice(0, -scale)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
