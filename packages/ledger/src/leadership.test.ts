import { describe, expect, it, vi } from 'vitest'
import { createLeadership, type Leadership } from './leadership.ts'
import { createMemoryLedger } from './memory/memory-ledger.ts'
import type { Ledger } from './port.ts'

const LEASE_MS = 200
/** Longer than a busy machine keeps a leader that lives from saying so. */
const LONG_LEASE_MS = 4_000

function lead(
  ledger: Ledger,
  instance: string,
  leaseMs = LEASE_MS,
): { leadership: Leadership; lost: string[] } {
  const lost: string[] = []
  const leadership = createLeadership({
    ledger,
    role: 'risk-manager:paper',
    instance,
    leaseMs,
    onLost: (reason) => lost.push(reason),
  })
  return { leadership, lost }
}

describe('leadership', () => {
  it('is renewed for as long as the leader lives', async () => {
    const ledger = createMemoryLedger()
    const a = lead(ledger, 'a', LONG_LEASE_MS)
    const renew = vi.spyOn(ledger, 'renewLease')
    expect(await a.leadership.acquire()).toEqual({ role: 'risk-manager:paper', epoch: 1 })
    await vi.waitFor(() => expect(renew.mock.calls.length).toBeGreaterThan(4), 60_000)
    expect(a.leadership.fence()).toEqual({ role: 'risk-manager:paper', epoch: 1 })
    expect(a.lost).toEqual([])
    await a.leadership.release()
    expect(a.leadership.fence()).toBeNull()
  })

  it('passes to the standby when the leader gives it back', async () => {
    const ledger = createMemoryLedger()
    const a = lead(ledger, 'a')
    const b = lead(ledger, 'b')
    await a.leadership.acquire()
    const waiting = b.leadership.acquire()
    await a.leadership.release()
    expect(await waiting).toMatchObject({ epoch: 2 })
    await b.leadership.release()
  })

  it('passes to the standby when the leader has gone silent', async () => {
    const ledger = createMemoryLedger()
    const gone = { role: 'risk-manager:paper', holder: 'x', instance: 'gone', leaseMs: LEASE_MS }
    await ledger.acquireLease(gone)
    const b = lead(ledger, 'b')
    expect(await b.leadership.acquire()).toMatchObject({ epoch: 2 })
    await b.leadership.release()
  })

  it('is lost when the next life of the same instance takes over', async () => {
    const ledger = createMemoryLedger()
    const zombie = lead(ledger, 'a', LONG_LEASE_MS)
    await zombie.leadership.acquire()
    const next = lead(ledger, 'a', LONG_LEASE_MS)
    expect(await next.leadership.acquire()).toMatchObject({ epoch: 2 })
    await vi.waitFor(() => expect(zombie.lost).toEqual(['another instance has taken over']), 60_000)
    expect(zombie.leadership.fence()).toBeNull()
    await zombie.leadership.release()
    await next.leadership.release()
  })

  it('is not believed in any longer than it is sure', async () => {
    const inner = createMemoryLedger()
    const ledger = { ...inner, renewLease: () => new Promise<boolean>(() => {}) }
    const a = lead(ledger, 'a')
    await a.leadership.acquire()
    await vi.waitFor(
      () => expect(a.lost).toEqual(['the lease could not be renewed in time']),
      60_000,
    )
    expect(a.leadership.fence()).toBeNull()
    await a.leadership.release()
  })

  it('is not waited for after the signal to stop', async () => {
    const ledger = createMemoryLedger()
    const a = lead(ledger, 'a')
    await a.leadership.acquire()
    const stop = new AbortController()
    const waiting = lead(ledger, 'b').leadership.acquire(stop.signal)
    stop.abort()
    expect(await waiting).toBeNull()
    await a.leadership.release()
  })
})
