import { inject } from 'vitest'
import { createVhost, type RabbitAddress } from './rabbitmq.ts'
import type { SharedRabbit } from './rabbitmq.setup.ts'

let asked: Promise<SharedRabbit> | null = null

/**
 * The broker of this test run, or null where none can be had:
 * `const rabbit = await sharedRabbit()` at the top of a file, then `describe.skipIf(rabbit === null)`.
 */
export async function sharedRabbit(): Promise<RabbitAddress | null> {
  asked ??= fetch(inject('rabbitmqUrl')).then((answer) => answer.json() as Promise<SharedRabbit>)
  const rabbit = await asked
  return 'missing' in rabbit ? null : rabbit
}

/** A virtual host of the caller's own on the shared broker; the url to connect to. */
export async function freshVhost(rabbit: RabbitAddress | null): Promise<string> {
  if (rabbit === null) throw new Error('there is no broker to make a virtual host on')
  return createVhost(rabbit)
}
