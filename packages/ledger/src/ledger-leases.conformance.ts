// Who leads, and that nobody else commits.
import { describe, expect, it } from 'vitest'
import { type Ledger, StaleFenceError } from './port.ts'
import { adjust, funded, unit } from './testing/index.ts'

export function describeLeases(open: () => Ledger): void {
  it('says that it is closed', async () => {
    await open().commit([funded('5')])
    expect(open().health()).toMatchObject({ state: 'connected', units: 1 })
    await open().close()
    expect(open().health().state).toBe('closed')
    await expect(open().commit([unit([])])).rejects.toThrow('the ledger is unavailable')
  })

  describe('leadership', () => {
    const request = (
      instance: string,
      leaseMs = 60_000,
    ): Parameters<Ledger['acquireLease']>[0] => ({
      role: 'risk:paper',
      holder: `${instance}-life`,
      instance,
      leaseMs,
    })

    it('belongs to one instance, which may take it over from its own earlier life', async () => {
      expect(await open().acquireLease(request('a'))).toMatchObject({ epoch: 1 })
      expect(await open().acquireLease(request('b'))).toBeNull()
      expect(await open().acquireLease(request('a'))).toMatchObject({ epoch: 2 })
      expect(await open().renewLease({ role: 'risk:paper', epoch: 1 }, 1_000)).toBe(false)
      expect(await open().renewLease({ role: 'risk:paper', epoch: 2 }, 1_000)).toBe(true)
    })

    it('is free when it was released or has expired', async () => {
      await open().acquireLease(request('a'))
      await open().releaseLease({ role: 'risk:paper', epoch: 1 })
      expect(await open().acquireLease(request('b', 0))).toMatchObject({ epoch: 2 })
      expect(await open().acquireLease(request('c'))).toMatchObject({ epoch: 3 })
    })

    it('of an earlier epoch commits nothing', async () => {
      await open().commit([funded('5')])
      await open().acquireLease(request('a'))
      const stale = { role: 'risk:paper', epoch: 1 }
      expect(await open().commit([unit([adjust('USDT', '1')])], stale)).toEqual([
        { kind: 'committed' },
      ])
      await open().acquireLease(request('a'))
      const refused = open().commit([unit([adjust('USDT', '1')])], stale)
      await expect(refused).rejects.toBeInstanceOf(StaleFenceError)
      const unknown = open().commit([unit([])], { role: 'nobody', epoch: 1 })
      await expect(unknown).rejects.toBeInstanceOf(StaleFenceError)
      expect((await open().loadBalances('paper'))[0]?.total.toString()).toBe('6')
    })
  })
}
