import type { AnyMessage } from '@flotilla/contracts'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryLedger } from './memory/memory-ledger.ts'
import type { Ledger, Unit } from './port.ts'
import { adjust, funded, hold, message, unit } from './testing/index.ts'
import {
  createUnitProcessor,
  NotLeadingError,
  type UnitProcessor,
  type UnitProcessorOptions,
} from './unit-processor.ts'

type Rig = {
  readonly ledger: Ledger
  readonly processor: UnitProcessor
  /** Texts of what the bus has, in order. */
  readonly published: string[]
  readonly batches: number[]
}

function rig(over: Partial<UnitProcessorOptions> = {}, inner = createMemoryLedger()): Rig {
  const published: string[] = []
  const batches: number[] = []
  const ledger: Ledger = {
    ...inner,
    commit: (units, fence) => {
      batches.push(units.length)
      return inner.commit(units, fence)
    },
  }
  const processor = createUnitProcessor({
    ledger,
    consumer: 'risk-manager',
    publish: async (messages) => {
      published.push(...messages.map(nameOf))
    },
    ...over,
  })
  return { ledger, processor, published, batches }
}

const nameOf = (each: AnyMessage): string =>
  each.type === 'agent.heartbeat.v1' ? each.payload.instance : each.type

const saying = (name: string, over: Partial<Unit> = {}): Unit =>
  unit([], { outgoing: [message(name)], ...over })

describe('the unit processor', () => {
  it('commits what waits in one transaction and publishes it in order', async () => {
    const { processor, published, batches, ledger } = rig()
    const names = Array.from({ length: 20 }, (_, index) => `m${index}`)
    const outcomes = await Promise.all(names.map((name) => processor.submit(saying(name))))
    await processor.flush()
    expect(outcomes).toEqual(names.map(() => ({ kind: 'committed' })))
    expect(batches).toEqual([20])
    expect(published).toEqual(names)
    expect(await ledger.unpublished('risk-manager', 99)).toEqual([])
  })

  it('lets units gather while a commit is under way, up to the largest batch', async () => {
    const inner = createMemoryLedger()
    const gate = Promise.withResolvers<void>()
    const commit: Ledger['commit'] = async (units, fence) => {
      await gate.promise
      return inner.commit(units, fence)
    }
    const { processor, batches } = rig({ batchMax: 4 }, { ...inner, commit })
    const first = processor.submit(saying('first'))
    await vi.waitFor(() => expect(batches).toEqual([1]), 30_000)
    const rest = Array.from({ length: 6 }, (_, index) => processor.submit(saying(`m${index}`)))
    expect(processor.figures().waiting).toBe(6)
    gate.resolve()
    await Promise.all([first, ...rest])
    expect(batches).toEqual([1, 4, 2])
  })

  it('has the next commit under way before anybody is told that the one before went well', async () => {
    const inner = createMemoryLedger()
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const commit: Ledger['commit'] = async (units, fence) => {
      await gates[batches.length - 1]?.promise
      return inner.commit(units, fence)
    }
    const { processor, batches, published } = rig({}, { ...inner, commit })
    const told: number[] = []
    const first = processor.submit(saying('first')).then(() => told.push(batches.length))
    await vi.waitFor(() => expect(batches).toEqual([1]), 30_000)
    const second = processor.submit(saying('second'))
    gates[0]!.resolve()
    await first
    expect(told).toEqual([2])
    // What was told is said as well, while the next one is still under way.
    await vi.waitFor(() => expect(published).toEqual(['first']), 30_000)
    gates[1]!.resolve()
    await second
    await processor.flush()
    expect(published).toEqual(['first', 'second'])
  })

  it('tells of what was refused before it tells of what is abandoned for it', async () => {
    const inner = createMemoryLedger()
    const gate = Promise.withResolvers<void>()
    const commit: Ledger['commit'] = async (units, fence) => {
      await gate.promise
      return inner.commit(units, fence)
    }
    const { processor, batches } = rig({}, { ...inner, commit })
    const chain = {}
    const told: string[] = []
    const submit = async (each: Unit) => told.push((await processor.submit(each)).kind)
    const first = submit(unit([hold('r-1', '11')], { chain }))
    await vi.waitFor(() => expect(batches).toEqual([1]), 30_000)
    const rest = [submit(saying('rests on it', { chain })), submit(saying('does not'))]
    gate.resolve()
    await Promise.all([first, ...rest])
    expect(told).toEqual(['refused', 'abandoned', 'committed'])
  })

  it('commits nothing more of a chain of which a commit failed', async () => {
    const inner = createMemoryLedger()
    const failing = Promise.withResolvers<never>()
    let commits = 0
    const commit: Ledger['commit'] = (units) =>
      ++commits === 1 ? failing.promise : inner.commit(units)
    const { processor, published } = rig({}, { ...inner, commit })
    const chain = {}
    const first = processor.submit(saying('first', { chain }))
    await vi.waitFor(() => expect(commits).toBe(1), 30_000)
    const waiting = [
      saying('rests on it', { chain }),
      saying('does not'),
      saying('nor does', { chain: {} }),
    ]
    const outcomes = waiting.map((each) => processor.submit(each))
    failing.reject(new Error('the answer was lost'))
    await expect(first).rejects.toThrow('the answer was lost')
    const late = await processor.submit(saying('comes late', { chain }))
    expect([...(await Promise.all(outcomes)), late].map(({ kind }) => kind)).toEqual([
      'abandoned',
      'committed',
      'committed',
      'abandoned',
    ])
    await processor.flush()
    expect(published).toEqual(['does not', 'nor does'])
  })

  it('gives each unit its own outcome and publishes only what was committed', async () => {
    const { processor, published } = rig()
    const again = saying('once', { causeId: 'cause' })
    const outcomes = await Promise.all(
      [funded('10'), again, again, unit([hold('r-1', '11')], { outgoing: [message('no')] })].map(
        (each) => processor.submit(each),
      ),
    )
    await processor.flush()
    expect(outcomes.map((each) => each.kind)).toEqual([
      'committed',
      'committed',
      'duplicate',
      'refused',
    ])
    expect(published).toEqual(['once'])
  })

  it('publishes again until the bus takes it, and nothing overtakes', async () => {
    const published: string[] = []
    let failures = 2
    const { processor, ledger } = rig({
      publish: async (messages) => {
        if (failures > 0) {
          failures -= 1
          throw new Error('the broker is away')
        }
        published.push(...messages.map(nameOf))
      },
    })
    await processor.submit(saying('a'))
    await processor.submit(saying('b'))
    await processor.flush()
    expect(published).toEqual(['a', 'b'])
    expect(await ledger.unpublished('risk-manager', 9)).toEqual([])
  })

  it('publishes what an earlier life left before anything new', async () => {
    const inner = createMemoryLedger()
    await inner.commit([saying('left-1'), saying('left-2'), saying('x', { consumer: 'execution' })])
    const { processor, published } = rig({}, inner)
    await processor.start()
    await processor.submit(saying('new'))
    await processor.flush()
    expect(published).toEqual(['left-1', 'left-2', 'new'])
    expect(await inner.unpublished('execution', 9)).toHaveLength(1)
    await processor.stop()
  })

  it('leaves to the publisher what is still in its hands', async () => {
    const gate = Promise.withResolvers<void>()
    const published: string[] = []
    const { processor } = rig({
      publish: async (messages) => {
        await gate.promise
        published.push(...messages.map(nameOf))
      },
    })
    await processor.submit(saying('a'))
    await processor.submit(saying('b'))
    await processor.relay()
    gate.resolve()
    await processor.flush()
    expect(published).toEqual(['a', 'b'])
  })

  it('holds commits back while the bus is too far behind', async () => {
    const gate = Promise.withResolvers<void>()
    const { processor, batches } = rig({ publish: () => gate.promise, backlogMax: 2 })
    await Promise.all(['a', 'b', 'c'].map((name) => processor.submit(saying(name))))
    const late = processor.submit(saying('d'))
    expect(await Promise.race([late, settledAfterTurns()])).toBe('not yet')
    expect(batches).toEqual([3])
    gate.resolve()
    expect(await late).toEqual({ kind: 'committed' })
  })

  it('commits nothing without leadership', async () => {
    const { processor, ledger } = rig({ fence: () => null })
    await expect(processor.submit(funded('1'))).rejects.toBeInstanceOf(NotLeadingError)
    expect(await ledger.loadAccounts()).toEqual([])
  })

  it('passes its proof of leadership on, and the failure back', async () => {
    const { processor } = rig({ fence: () => ({ role: 'risk', epoch: 7 }) })
    await expect(processor.submit(funded('1'))).rejects.toThrow('has been taken over')
  })

  it('finishes on stop and takes no more', async () => {
    const { processor, published } = rig()
    const last = processor.submit(saying('last'))
    await processor.stop()
    expect(await last).toEqual({ kind: 'committed' })
    expect(published).toEqual(['last'])
    await expect(processor.submit(saying('late'))).rejects.toThrow('the agent is stopping')
  })

  it('stops in time although the bus is away, and leaves the rest in the outbox', async () => {
    const { processor, ledger } = rig({ publish: () => Promise.reject(new Error('away')) })
    await processor.submit(unit([adjust('X', '0')])).catch(() => {})
    await processor.submit(saying('kept'))
    await processor.stop(50)
    expect(await ledger.unpublished('risk-manager', 9)).toHaveLength(1)
  })
})

/** Long enough for everything that is not waiting on a timer to happen. */
async function settledAfterTurns(): Promise<string> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  return 'not yet'
}
