/**
 * Rows of numbers outside the heap. A venue keeps whatever has ended for as long as it runs; as objects
 * all of that would be copied and marked by the garbage collector again and again, at the cost of those
 * that trade now. A place is as wide as a double: an amount, a number, two integers or eight bytes.
 */
export type Rows = { readonly width: number; readonly chunks: Chunk[] }

/** The same memory by four names; a place has two integers. */
export type Chunk = {
  readonly amounts: BigInt64Array
  readonly numbers: Float64Array
  readonly integers: Int32Array
  readonly bytes: Uint8Array
}

/**
 * Rows in a chunk: enough to be rare to make, and to come as fresh pages of the operating system, of which
 * only those take memory that have been written to. A market that hardly trades needs few of them.
 */
const CHUNK_BITS = 11
const CHUNK_ROWS = 1 << CHUNK_BITS
export const PLACE_BYTES = 8

/** So many places in each row. */
export function createRows(width: number): Rows {
  return { width, chunks: [] }
}

/** Where a row is to be written. */
export function chunkFor(rows: Rows, row: number): Chunk {
  const index = row >> CHUNK_BITS
  for (let next = rows.chunks.length; next <= index; next += 1) rows.chunks.push(createChunk(rows))
  return rows.chunks[index]!
}

/**
 * Memory that could be shared, since the collector counts other memory as a reason to look through the
 * whole heap again, where nothing of this can be found.
 */
function createChunk({ width }: Rows): Chunk {
  const memory = new SharedArrayBuffer(CHUNK_ROWS * width * PLACE_BYTES)
  return {
    amounts: new BigInt64Array(memory),
    numbers: new Float64Array(memory),
    integers: new Int32Array(memory),
    bytes: new Uint8Array(memory),
  }
}

/** Where a row stands, if anything near it was ever written. */
export function chunkOf(rows: Rows, row: number): Chunk | undefined {
  return rows.chunks[row >> CHUNK_BITS]
}

/** The place in a chunk at which a row begins. */
export function startOf({ width }: Rows, row: number): number {
  return (row & (CHUNK_ROWS - 1)) * width
}

/** Whether there is room for amounts of which none is negative, given all of their bits together. */
export function fits(bits: bigint): boolean {
  return bits <= AMOUNT_MAX
}

const AMOUNT_MAX = 2n ** 63n - 1n
