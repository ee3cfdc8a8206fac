import type { Constraint } from './port.ts'

/** Thrown while a unit is applied or folded, and turned into its outcome at the border. */
export class Refusal extends Error {
  readonly constraint: Constraint
  constructor(constraint: Constraint, detail: string) {
    super(detail)
    this.name = 'Refusal'
    this.constraint = constraint
  }
}
