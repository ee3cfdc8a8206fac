// Calls with checked answers: what comes back has the expected shape, or the call has failed.
import { z } from 'zod'

import { VenueError } from '../errors.ts'
import type { BinanceClient, Endpoint, Parameters } from './client.ts'
import type { KeyDoor } from './key-door.ts'
import { withFreshTime, type VenueTime } from './venue-time.ts'
import {
  isClockSkew,
  isNotFound,
  isUnauthorized,
  readFailure,
  WireFailure,
} from './wire-failure.ts'

export type Call<Schema extends z.ZodType> = {
  readonly endpoint: Endpoint
  readonly parameters?: Parameters
  readonly schema: Schema
}

export type WireParts = {
  readonly client: BinanceClient
  readonly time: VenueTime
  readonly door: KeyDoor
}

export class Wire {
  readonly #client: BinanceClient
  readonly #time: VenueTime
  readonly #door: KeyDoor

  constructor(parts: WireParts) {
    this.#client = parts.client
    this.#time = parts.time
    this.#door = parts.door
  }

  /** For what needs no key. Throws a `VenueError`. */
  async read<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema>> {
    return asRead(() => this.#checked(call))
  }

  /** For questions about the account. Throws a `VenueError`. */
  async readSigned<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema>> {
    return asRead(() => this.#signed(call))
  }

  /** The same, but null where the venue says that there is no such order. */
  async find<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema> | null> {
    try {
      return await this.readSigned(call)
    } catch (error) {
      if (isNoSuchOrder(error)) return null
      throw error
    }
  }

  /** Throws a `WireFailure`; the time must be known already, so that a failure here is the order's own. */
  async write<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema>> {
    return this.#withKey(() => {
      // Stamped before it waits for the rate limit: a request that waited too long is refused, not late.
      const parameters = { ...call.parameters, timestamp: this.#time.current() }
      return this.#checked({ ...call, parameters })
    })
  }

  async #signed<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema>> {
    this.#requireKey()
    await this.#time.ensure()
    return this.#withKey(() => this.#checked(call))
  }

  /** With a key that the venue refused nothing is sent. */
  async #withKey<Value>(send: () => Promise<Value>): Promise<Value> {
    this.#requireKey()
    const { keys } = this.#door
    try {
      return await withFreshTime(this.#time, isLate, send)
    } catch (error) {
      if (error instanceof WireFailure && isUnauthorized(error)) {
        this.#door.refuse(error.message, keys)
      }
      throw error
    }
  }

  #requireKey(): void {
    const { refusal } = this.#door
    if (refusal === null) return
    const message = `not sent: ${refusal}`
    throw new WireFailure({ kind: 'http', message, status: 401, venueCode: '-2015' })
  }

  async #checked<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.infer<Schema>> {
    const answer = await this.#client.call(call.endpoint, call.parameters)
    const parsed = call.schema.safeParse(answer)
    if (parsed.success) return parsed.data
    const message = `${call.endpoint}: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`
    throw new WireFailure({ kind: 'malformed', message })
  }
}

function isLate(error: unknown): boolean {
  return error instanceof WireFailure && isClockSkew(error)
}

async function asRead<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof WireFailure ? readFailure(error) : error
  }
}

function isNoSuchOrder(error: unknown): boolean {
  if (!(error instanceof VenueError && error.cause instanceof WireFailure)) return false
  return isNotFound(error.cause)
}
