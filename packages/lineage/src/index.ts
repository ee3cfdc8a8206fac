export {
  answerFor,
  symbolOf,
  type Answer,
  type Lineage,
  type MarketStory,
  type OrderStory,
  type Source,
} from './lineage.ts'
export type { EntryStop } from './entry-stops.ts'
export { keptStopKey, keptStopPrefix, type KeptStop } from './kept-stop.ts'
export { viewOf } from './view.ts'
