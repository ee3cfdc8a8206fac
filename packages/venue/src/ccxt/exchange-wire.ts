// ccxt's unified methods with checked answers, for Coinbase, MEXC and Alpaca: what comes back has the expected shape,
// or the call has failed in one of the ways that the port knows.
import type { z } from 'zod'
import { VenueError } from '../errors.ts'
import type { ExchangeClient } from './exchange-client.ts'
import { exchangeReadFailure, isNotFound, isSkewed } from './exchange-failure.ts'
import { withFreshTime, type VenueTime } from './venue-time.ts'
import { WireFailure } from './wire-failure.ts'

export type Question<Schema extends z.ZodType> = {
  /** In ccxt's naming of methods and endpoints. */
  readonly method: string
  readonly given: readonly unknown[]
  readonly schema: Schema
}

export class ExchangeWire {
  readonly #client: ExchangeClient
  readonly #time: VenueTime

  constructor(client: ExchangeClient, time: VenueTime) {
    this.#client = client
    this.#time = time
  }

  /** @throws VenueError */
  async ask<Schema extends z.ZodType>(question: Question<Schema>): Promise<z.infer<Schema>> {
    const { method, given, schema } = question
    try {
      return checked(schema, await this.write(method, given), method)
    } catch (error) {
      throw error instanceof WireFailure ? exchangeReadFailure(error) : error
    }
  }

  /** The same, but null where the venue says that there is no such order. */
  async find<Schema extends z.ZodType>(
    question: Question<Schema>,
  ): Promise<z.infer<Schema> | null> {
    try {
      return await this.ask(question)
    } catch (error) {
      const { cause } = error as Error
      if (cause instanceof WireFailure && isNotFound(cause)) return null
      throw error
    }
  }

  /** @throws WireFailure */
  write(method: string, given: readonly unknown[]): Promise<unknown> {
    const isLate = (error: unknown): boolean => error instanceof WireFailure && isSkewed(error)
    return withFreshTime(this.#time, isLate, () => this.#client.call(method, ...given))
  }
}

export function checked<Schema extends z.ZodType>(
  schema: Schema,
  told: unknown,
  what: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(told)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`
  throw new VenueError('malformed_answer', `${what}: ${reason}`)
}
