import type { DeadLetter, DeadLetterFilter } from '@flotilla/bus'
import type { ControlOrder } from '@flotilla/contracts'

/** How a command reaches a running fleet: over its broker, or the single process's own address. */
export type OperatorLink = {
  send(order: ControlOrder): Promise<void>
  listDeadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>
  requeueDeadLetters(filter: DeadLetterFilter): Promise<number>
  close(): Promise<void>
}

/** A fault the operator can mend: shown as one line, without a stack. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}
