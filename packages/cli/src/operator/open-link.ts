import { randomUUID } from 'node:crypto'
import { connectRabbit, rabbitDeadLetters } from '@flotilla/bus'
import { controlMessage } from '@flotilla/contracts'
import { realClock } from '@flotilla/runtime'
import { stateFolder } from '../places.ts'
import { runningBelow } from '../single/run-note.ts'
import { httpLink } from './http-link.ts'
import { OperatorError } from './link.ts'
import type { OperatorLink } from './link.ts'

/** Over the broker when the configuration names one, else to the single process that runs here. */
export async function openLink(busUrl: string | null): Promise<OperatorLink> {
  if (busUrl !== null) return rabbitLink(busUrl)
  const note = await runningBelow(stateFolder())
  if (note === null) {
    throw new OperatorError(
      'no fleet runs here; start one by `flotilla start`, or set bus.kind and bus.url to reach one',
    )
  }
  return httpLink(note)
}

async function rabbitLink(url: string): Promise<OperatorLink> {
  const bus = await connectRabbit({ url, name: 'operator' })
  const letters = rabbitDeadLetters(url)
  return {
    send: (order) => {
      const occurredAt = realClock.now()
      const options = { source: 'operator', occurredAt, discriminator: randomUUID() } as const
      return bus.publish(controlMessage(order, options))
    },
    listDeadLetters: (filter) => letters.list(filter),
    requeueDeadLetters: (filter) => letters.requeue(filter),
    close: () => bus.close(),
  }
}
