import type { Unit, UnitOutcome } from '@flotilla/ledger'
import type { takeOrder } from '../core/index.ts'
import type { Working } from './desk-leader.ts'

/** Where a fault can be planted into a life of the desk; without any it is the real one. */
export type Seams = {
  readonly takeOrder?: typeof takeOrder
  readonly submit?: (
    unit: Unit,
    submit: (unit: Unit) => Promise<UnitOutcome>,
  ) => Promise<UnitOutcome>
  /** Commits prove no leadership. */
  readonly unfenced?: boolean
  /** A book in doubt is not loaded anew. */
  readonly keepsBook?: boolean
  /** Messages are acknowledged when they are taken, not when what they did is durable. */
  readonly acknowledgesEarly?: boolean
  readonly desk?: (desk: Working, turn: (label: string) => Promise<void>) => Working
}
