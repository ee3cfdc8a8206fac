import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Supervisor } from './supervisor.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-supervisor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function script(name: string, text: string): string {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, text)
  return file
}

const patient = `
process.on('SIGTERM', () => { console.log('stopping well'); process.exit(0) })
setInterval(() => undefined, 1000)
console.log('up ' + process.env.WHO)
`

function watched() {
  const lines: string[] = []
  const endings: (number | null)[] = []
  const waiters: (() => void)[] = []
  const changed = (): void => {
    for (const waiter of waiters.splice(0)) waiter()
  }
  const until = async (is: () => boolean): Promise<void> => {
    while (!is()) await new Promise<void>((resolve) => waiters.push(resolve))
  }
  const supervisor = new Supervisor({
    line: (name, line) => {
      lines.push(`${name}: ${line}`)
      changed()
    },
    started: () => changed(),
    ended: (_name, _how, restartMs) => {
      endings.push(restartMs)
      changed()
    },
  })
  return { supervisor, lines, endings, until }
}

test('a killed process is started again at once, all end with the supervisor', async () => {
  const { supervisor, lines, endings, until } = watched()
  const file = script('patient', patient)
  supervisor.supervise({ name: 'a', file, environment: { WHO: 'one' } })
  supervisor.supervise({ name: 'b', file, environment: { WHO: 'two' } })
  await until(() => lines.length === 2)
  expect(lines.toSorted()).toEqual(['a: up one', 'b: up two'])
  process.kill(supervisor.pidOf('a')!, 'SIGKILL')
  await until(() => lines.length === 3)
  expect(lines[2]).toBe('a: up one')
  expect(endings).toEqual([200])
  await supervisor.stop()
  expect(lines.filter((line) => line.endsWith('stopping well'))).toHaveLength(2)
  expect(endings).toEqual([200, null, null])
})

test('one that falls again and again is started after growing pauses', async () => {
  const { supervisor, endings, until } = watched()
  supervisor.supervise({ name: 'c', file: script('broken', 'process.exit(3)'), environment: {} })
  await until(() => endings.length === 3)
  expect(endings).toEqual([200, 400, 800])
  await supervisor.stop()
})
