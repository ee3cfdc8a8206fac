// One stage of the baseline in a process of its own.
import { runStage, type RawPlace, type Stage } from './chain-raw.ts'

const [stage, place] = process.argv.slice(2) as [string, string]
await runStage(Number(stage) as Stage, JSON.parse(place) as RawPlace)
