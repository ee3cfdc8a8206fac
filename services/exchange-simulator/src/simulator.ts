import type { Clock, ClockAnchor, Logger } from '@flotilla/runtime'
import type { SimulatorConfigInput } from './config.ts'

export type SimulatorOptions = {
  /** Checked and completed by the schema; {} is a working simulator. */
  readonly config: SimulatorConfigInput
  /**
   * Market time. Without it the simulator keeps its own: as fast as `speed` says, from where a
   * previous run in the same folder ended.
   */
  readonly clock?: Clock
  /** Where it keeps orders, trades and balances; null keeps them in memory only. */
  readonly folder: string | null
  readonly logger?: Logger
  /** It could not write down what it did, and answers nobody any more. */
  readonly onBroken?: (error: unknown) => void
}

export type Simulator = {
  /** Address of the exchange wire, as http://127.0.0.1:40123; known after `start`. */
  readonly url: string
  /** Address of the control port, or null when it is off. */
  readonly controlUrl: string | null
  start(): Promise<void>
  /** Closes both ports and the files; market time stands still until the next start. */
  stop(): Promise<void>
  /** Moves market time: resting orders, stops and take-profits meet every price on the way. */
  advanceTo(ms: number): void
  now(): number
  /** Ties market time to real time, for a clock that runs with the simulator's. */
  anchor(): ClockAnchor
  /** When the recorded prices end; null for the seeded market, which never does. */
  endOfData(): number | null
}
