import { createServer } from 'node:http'
import { once } from 'node:events'
import type { TestProject } from 'vitest/node'
import { startRabbit, type Rabbit, type RabbitAddress } from './rabbitmq.ts'

// One broker for a whole test run, started when the first test asks for it.

export type SharedRabbit = RabbitAddress | { readonly missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    /** Where to ask for the run's broker. */
    rabbitmqUrl: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let broker: Promise<Rabbit | { readonly missing: string }> | null = null
  const server = createServer((_request, response) => {
    broker ??= startOrSayWhy()
    void broker.then((rabbit) => response.end(JSON.stringify(addressOf(rabbit))))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  project.provide('rabbitmqUrl', `http://127.0.0.1:${port}/`)
  return async () => {
    server.close()
    server.closeAllConnections()
    const rabbit = await broker
    if (rabbit !== null && !('missing' in rabbit)) await rabbit.stop()
  }
}

async function startOrSayWhy(): Promise<Rabbit | { readonly missing: string }> {
  try {
    return await startRabbit()
  } catch (error) {
    const missing = error instanceof Error ? error.message : String(error)
    console.warn(`skipped: ${missing}`)
    return { missing }
  }
}

function addressOf(rabbit: Rabbit | { readonly missing: string }): SharedRabbit {
  if ('missing' in rabbit) return rabbit
  const { host, port, ctlPath, environment } = rabbit
  return { host, port, ctlPath, environment }
}
