import { setTimeout } from 'node:timers/promises'

/**
 * Calls at a steady rate, whatever the answers take; gives those in the order in which they came. What
 * is called too late, because the process was busy with something else, was due all the same.
 */
export async function steadily(
  { perSecond, count }: { readonly perSecond: number; readonly count: number },
  call: (due: number) => Promise<number>,
): Promise<number[]> {
  const began = performance.now()
  const answers: number[] = []
  const { promise, resolve, reject } = Promise.withResolvers<number[]>()
  // Kept as numbers: promises of the benchmark's own would be the most of what the collector copies.
  const answered = (answer: number): void => {
    if (answers.push(answer) === count) resolve(answers)
  }
  for (let called = 0; called < count; await setTimeout(1)) {
    for (; called < count; called++) {
      const due = began + (called * 1_000) / perSecond
      if (due > performance.now()) break
      call(due).then(answered, reject)
    }
  }
  return promise
}
