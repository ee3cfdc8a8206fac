import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { live } from './life-cycle.ts'
import { captureLogs } from './testing/index.ts'

class TestHost extends EventEmitter {
  ppid = 10
  detached = false
}

function life(options: { stop?: () => Promise<void>; start?: () => Promise<void> } = {}) {
  const host = new TestHost()
  const logs = captureLogs()
  const calls: string[] = []
  const { promise: started, resolve } = Promise.withResolvers<void>()
  const code = live(
    {
      start: async () => {
        calls.push('start')
        await options.start?.()
        resolve()
      },
      stop: async () => {
        calls.push('stop')
        await options.stop?.()
      },
    },
    { host, logger: logs.logger, stopMsMax: 200 },
  )
  return { host, logs, calls, started, code }
}

describe('a process', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('stops well on %s', async (signal) => {
    const { host, calls, started, code } = life()
    await started
    host.emit(signal, signal)
    expect(await code).toBe(0)
    expect(calls).toEqual(['start', 'stop'])
  })

  test('does not hurry when the signal comes twice at once', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const { host, calls, started, code } = life({ stop: () => gate })
    await started
    host.emit('SIGINT', 'SIGINT')
    host.emit('SIGINT', 'SIGINT')
    open()
    expect(await code).toBe(0)
    expect(calls).toEqual(['start', 'stop'])
  })

  test('stops when its parent is gone', async () => {
    const { host, logs, started, code } = life()
    await started
    host.ppid = 1
    expect(await code).toBe(0)
    expect(logs.records).toContainEqual(
      expect.objectContaining({ reason: 'parent process is gone' }),
    )
  })

  test('stops with 1 when the start fails, and still cleans up', async () => {
    const { calls, code, logs } = life({ start: () => Promise.reject(new Error('no database')) })
    expect(await code).toBe(1)
    expect(calls).toEqual(['start', 'stop'])
    expect(logs.messages('error')).toEqual(['start failed'])
  })

  test('stops with 1 on a fault that nobody handled', async () => {
    const { host, logs, started, code } = life()
    await started
    host.emit('unhandledRejection', new Error('boom'))
    expect(await code).toBe(1)
    expect(logs.messages('fatal')).toEqual(['fault that nobody handled'])
  })

  test('says so when the stop takes too long', async () => {
    const { host, logs, started, code } = life({ stop: () => new Promise(() => undefined) })
    await started
    host.emit('SIGTERM', 'SIGTERM')
    expect(await code).toBe(1)
    expect(logs.messages('error')).toEqual(['stop took too long'])
  })

  test('a signal during the start stops it without waiting', async () => {
    const { host, calls, code } = life({ start: () => new Promise(() => undefined) })
    host.emit('SIGTERM', 'SIGTERM')
    expect(await code).toBe(0)
    expect(calls).toEqual(['start', 'stop'])
  })

  test('leaves no listener behind', async () => {
    const { host, started, code } = life()
    await started
    host.emit('SIGTERM', 'SIGTERM')
    await code
    expect(host.eventNames()).toEqual([])
  })
})
