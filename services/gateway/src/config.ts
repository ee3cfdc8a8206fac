import { z } from 'zod'

const token = (variable: string) =>
  z
    .string()
    .min(16, 'is shorter than 16 characters; make one by `openssl rand -hex 24`')
    .optional()
    .describe(`Better from the environment: ${variable} or ${variable}_FILE.`)

const webhook = z
  .strictObject({
    token: token('FLOTILLA_GATEWAY__WEBHOOK__TOKEN'),
    addresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .default([])
      .describe(
        'Only these addresses may send alerts; empty lets every address that has the token.',
      ),
    ageMaxMs: z
      .int()
      .min(1_000)
      .default(60_000)
      .describe('Alerts whose own time is farther from ours are refused; real milliseconds.'),
  })
  .describe('Alerts of charting services, which know no header and carry the token in their text.')

const control = z
  .strictObject({ token: token('FLOTILLA_GATEWAY__CONTROL__TOKEN') })
  .describe('Commands by HTTP (pause, resume, halt, flatten), behind a token of their own.')

export const GatewayConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Where signals are taken: this machine only, unless changed.'),
    port: z.int().min(0).max(65_535).default(8_420).describe('0 takes a free port.'),
    token: token('FLOTILLA_GATEWAY__TOKEN'),
    webhook: webhook.prefault({}),
    control: control.prefault({}),
    trustProxy: z
      .boolean()
      .default(false)
      .describe('Believe the last address of X-Forwarded-For; only behind a proxy of your own.'),
    confidence: z
      .number()
      .min(0)
      .max(100)
      .default(70)
      .describe('Of a signal that does not say how sure it is.'),
    intentLifetimeMs: z
      .int()
      .min(1_000)
      .default(120_000)
      .describe('A signal nobody decided on for this long is void; market milliseconds.'),
    priceAgeMaxMs: z
      .int()
      .min(1_000)
      .default(120_000)
      .describe('Market milliseconds after which the newest ticker is no price any more.'),
    requestsPerMinute: z
      .int()
      .min(1)
      .default(120)
      .describe('From one address; more are refused with status 429.'),
  })
  .superRefine(({ token: ofSignals, webhook: { token: ofAlerts }, control: commands }, context) => {
    if (commands.token === undefined) return
    if (commands.token !== ofSignals && commands.token !== ofAlerts) return
    const other = commands.token === ofSignals ? 'gateway.token' : 'gateway.webhook.token'
    const message = `is that of ${other}; who may signal would command: make one of its own`
    context.addIssue({ code: 'custom', path: ['control', 'token'], message })
  })
  .describe('gateway: signals and commands from outside. Without a token it opens no port.')
export type GatewayConfig = z.infer<typeof GatewayConfig>
