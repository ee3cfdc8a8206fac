import { describe } from 'vitest'
import { deliveryConformance } from './conformance/delivery.conformance.ts'
import { failureConformance } from './conformance/failure.conformance.ts'
import type { OpenBroker } from './conformance/scene.ts'

/** What every transport must do, whatever carries the messages. */
export function busConformance(transport: string, open: OpenBroker): void {
  describe(`${transport}: delivery`, () => {
    deliveryConformance(open)
  })
  describe(`${transport}: failure and bounds`, () => {
    failureConformance(open)
  })
}
