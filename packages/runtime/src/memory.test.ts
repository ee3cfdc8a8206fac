import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { releaseLoadingMemory } from './memory.ts'

function forgotten(): WeakRef<object> {
  return new WeakRef(Array.from({ length: 100_000 }, (_, index) => ({ index })))
}

it('what nobody holds any more is given back at once, and nobody else can ask for it', async () => {
  const reference = forgotten()
  // Until its own turn is over a weak reference holds what it has just been given.
  await setImmediate()
  releaseLoadingMemory()
  expect(reference.deref()).toBeUndefined()
  expect(globalThis.gc).toBeUndefined()
})
