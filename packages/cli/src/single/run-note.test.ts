import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHealthServer } from '@flotilla/runtime'
import type { HealthServer } from '@flotilla/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeRunNote, runningBelow, runningIn, writeRunNote } from './run-note.ts'

let state: string
let server: HealthServer
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'flotilla-note-'))
  server = await startHealthServer({ host: '127.0.0.1', port: 0, sources: [] })
})
afterEach(async () => {
  await server.close()
  rmSync(state, { recursive: true })
})

function world(name: string): string {
  const folder = join(state, name)
  mkdirSync(folder)
  return folder
}

const noteOf = (token: string, startedAt: number) => ({ url: server.url, token, startedAt })

test('a fleet that answers is found, for its owner only', async () => {
  expect(await runningBelow(state)).toBeNull()
  expect(await runningBelow(join(state, 'absent'))).toBeNull()
  const folder = world('seed-1')
  writeRunNote(folder, noteOf('mine', 1))
  expect(statSync(join(folder, 'running.json')).mode & 0o777).toBe(0o600)
  expect(await runningIn(folder)).toEqual(noteOf('mine', 1))
})

test('of several the one that was started last is meant', async () => {
  writeRunNote(world('seed-1'), noteOf('old', 1))
  writeRunNote(world('seed-2'), noteOf('new', 3))
  writeRunNote(world('seed-3'), noteOf('middle', 2))
  expect((await runningBelow(state))?.token).toBe('new')
})

test('the note of a killed fleet blocks nothing', async () => {
  const folder = world('seed-1')
  writeRunNote(folder, noteOf('killed', 1))
  await server.close()
  expect(await runningIn(folder)).toBeNull()
  server = await startHealthServer({ host: '127.0.0.1', port: 0, sources: [] })
})

test('a run removes its own note only', () => {
  const folder = world('seed-1')
  writeRunNote(folder, noteOf('mine', 1))
  removeRunNote(folder, 'another')
  expect(existsSync(join(folder, 'running.json'))).toBe(true)
  removeRunNote(folder, 'mine')
  expect(existsSync(join(folder, 'running.json'))).toBe(false)
})
