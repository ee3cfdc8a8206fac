import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/**
 * Gives back what loading has left behind. Reading, compiling and checking the modules grows the heap to twice
 * what stays alive, and an agent that then works in a small young generation never collects the rest: some
 * fifteen megabytes for each process. Takes some tens of milliseconds in which nothing else happens: for a
 * start, not for later.
 */
export function releaseLoadingMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  // Memory is a convenience: a runtime without this keeps what it has.
  if (typeof collect !== 'function') return
  const last: Parameters<Collect>[0] = { type: 'major', execution: 'sync', flavor: 'last-resort' }
  Reflect.apply(collect, undefined, [last])
}
