import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

async function digestOf(seed: number): Promise<string> {
  const child = fork(new URL('./testing/digest-process.ts', import.meta.url), [String(seed)])
  const ended = once(child, 'exit').then(([code]) => [`ended with ${String(code)}`])
  const [digest] = (await Promise.race([once(child, 'message'), ended])) as [string]
  child.kill()
  return digest
}

test('a seed is the same market in every process, and another seed another market', async () => {
  const [first, again, other] = [await digestOf(11), await digestOf(11), await digestOf(12)]
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})
