// The settings that the fleet's account and every further one have in common.
import { VenueName } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

/** Live trading needs more than one wrong word in a file: this sentence, letter by letter. */
export const liveConfirmationPhrase = 'I accept that real money is traded'

export const mode = z.enum(['paper', 'live'])

export const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `is not an address of the form ${example}` })

export const secret = (variable: string) =>
  z
    .string()
    .min(1)
    .optional()
    .describe(`Better from the environment: ${variable} or ${variable}_FILE.`)

/** An amount as people write it in YAML, quoted or not; exact text from here on. */
export const amount = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => Decimal.isDecimal(text) && !Decimal.from(text).isNegative(), {
    error: 'is not a plain decimal number of 0 or more, as 10000 or 84.54',
  })

export const venueShape = {
  kind: z
    .enum(['simulator', 'binance', 'coinbase', 'mexc', 'alpaca'])
    .default('simulator')
    .describe('The simulator that comes along, or a real exchange.'),
  id: VenueName.default('simulator').describe('Name of the venue in messages and tables.'),
  url: url(/^https?$/, 'http://host:port')
    .optional()
    .describe('Address of the simulator; the single process starts its own and needs none.'),
  apiKey: secret('FLOTILLA_VENUE__API_KEY'),
  apiSecret: secret('FLOTILLA_VENUE__API_SECRET'),
  testnet: z.boolean().default(false).describe("Use the exchange's own test network."),
  weightPerMinute: z
    .int()
    .min(0)
    .default(6_000)
    .describe('Request weight that the exchange allows our address; the last fifth is for exits.'),
  weightShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('The part of it that one agent may use; less where others share the address.'),
}
