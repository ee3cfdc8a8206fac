import { z } from 'zod'
import type { DeadLetter } from '@flotilla/bus'
import type { RunNote } from '../single/run-note.ts'
import { operatorPaths } from './http-api.ts'
import { OperatorError } from './link.ts'
import type { OperatorLink } from './link.ts'

const timeoutMs = 10_000

const Letters = z.looseObject({ letters: z.array(z.custom<DeadLetter>()) })
const Requeued = z.looseObject({ requeued: z.int() })

export function httpLink(note: Pick<RunNote, 'url' | 'token'>): OperatorLink {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    let response: Response
    try {
      response = await fetch(`${note.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${note.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (error) {
      throw new OperatorError(`the fleet at ${note.url} does not answer; is it running?`, {
        cause: error,
      })
    }
    const answer: unknown = await response.json()
    if (!response.ok) throw new OperatorError(`the fleet refused: ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    send: async (order) => {
      await post(operatorPaths.control, order)
    },
    listDeadLetters: async (filter) =>
      Letters.parse(await post(operatorPaths.list, filter)).letters,
    requeueDeadLetters: async (filter) =>
      Requeued.parse(await post(operatorPaths.requeue, filter)).requeued,
    close: () => Promise.resolve(),
  }
}
