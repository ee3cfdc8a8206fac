// An HTTP server that answers as InfluxDB 2.7 does to the calls that we make. Every query it is asked goes first
// through InfluxData's own parser and type checker.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

import { is_valid_flux } from '@influxdata/flux-lsp-node'

import { systemTimeMs } from '../clock.ts'
import { annotatedCsv, errorCsv } from './annotated-csv.ts'
import { NoBucketError, runScript } from './flux-interpreter.ts'
import { LineError, parseLine } from './line-parser.ts'
import { Storage, TypeConflictError } from './storage.ts'

type StandInFault =
  | { readonly kind: 'status'; readonly status: number; readonly message: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  /** A query's answer ends with this error after its tables. */
  | { readonly kind: 'error-row'; readonly message: string }

export type InfluxStandIn = {
  readonly url: string
  readonly token: string
  readonly organization: string
  readonly bucket: string
  readonly storage: Storage
  /** The body of each write, unpacked, and the script of each query. */
  readonly writes: string[]
  readonly queries: string[]
  /** How the bodies of writes came: `gzip` or `identity`. */
  readonly encodings: string[]
  /** Stays in force until it is set to null. */
  setFault(fault: StandInFault | null): void
  close(): Promise<void>
}

export async function startInfluxStandIn(): Promise<InfluxStandIn> {
  const state = new StandIn()
  const server = createServer((request, response) => {
    void state.handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    token: state.token,
    organization: state.organization,
    bucket: state.bucket,
    storage: state.storage,
    writes: state.writes,
    queries: state.queries,
    encodings: state.encodings,
    setFault: (fault) => {
      state.fault = fault
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** InfluxData's parser and type checker, compiled to run here. */
export function isValidFlux(script: string): boolean {
  return is_valid_flux(script)
}

class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

class StandIn {
  readonly token = 'stand-in-token'
  readonly organization = 'flotilla'
  readonly bucket = 'market'
  readonly storage = new Storage()
  readonly writes: string[] = []
  readonly queries: string[] = []
  readonly encodings: string[] = []
  fault: StandInFault | null = null

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (this.fault?.kind === 'reset') {
      response.destroy()
      return
    }
    if (this.fault?.kind === 'hang') return
    try {
      this.#answer(request, body, response)
    } catch (error) {
      const refusal = refusalOf(error)
      const json = JSON.stringify({ code: refusal.code, message: refusal.message })
      response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(json)
    }
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    if (this.fault?.kind === 'status') {
      throw new Refusal(this.fault.status, 'internal error', this.fault.message)
    }
    const url = new URL(request.url ?? '/', 'http://localhost')
    this.#authorize(request, url)
    switch (`${request.method ?? ''} ${url.pathname}`) {
      case 'POST /api/v2/write':
        this.encodings.push(String(request.headers['content-encoding'] ?? 'identity'))
        this.#write(url, body)
        response.writeHead(204).end()
        return
      case 'POST /api/v2/query': {
        const csv = this.#query(body)
        response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' }).end(csv)
        return
      }
      default:
        throw new Refusal(404, 'not found', 'path not found')
    }
  }

  #authorize(request: IncomingMessage, url: URL): void {
    if (request.headers.authorization !== `Token ${this.token}`) {
      throw new Refusal(401, 'unauthorized', 'unauthorized access')
    }
    if (url.searchParams.get('org') !== this.organization) {
      throw new Refusal(404, 'not found', 'organization name not found')
    }
  }

  #write(url: URL, body: string): void {
    if (url.searchParams.get('bucket') !== this.bucket) {
      throw new Refusal(404, 'not found', 'bucket not found')
    }
    if (url.searchParams.get('precision') !== 'ms') {
      throw new Refusal(400, 'invalid', 'the stand-in keeps milliseconds')
    }
    this.storage.write(body.split('\n').map(parseLine))
    this.writes.push(body)
  }

  #query(body: string): string {
    const asked: unknown = JSON.parse(body)
    const script =
      typeof asked === 'object' && asked !== null ? String(Reflect.get(asked, 'query')) : ''
    this.queries.push(script)
    if (!isValidFlux(script)) throw new Refusal(400, 'invalid', 'compilation failed')
    const world = { storage: this.storage, bucket: this.bucket, now: systemTimeMs() }
    const csv = annotatedCsv(runScript(script, world))
    return this.fault?.kind === 'error-row' ? `${csv}\r\n${errorCsv(this.fault.message)}` : csv
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof NoBucketError) return new Refusal(404, 'not found', message)
  if (error instanceof LineError) return new Refusal(400, 'invalid', message)
  if (error instanceof TypeConflictError) {
    const text = `failure writing points to database: partial write: field type conflict: ${message}`
    return new Refusal(422, 'unprocessable entity', text)
  }
  return new Refusal(400, 'invalid', message)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const bytes = Buffer.concat(chunks)
  const isPacked = request.headers['content-encoding'] === 'gzip'
  return (isPacked ? gunzipSync(bytes) : bytes).toString('utf8')
}
