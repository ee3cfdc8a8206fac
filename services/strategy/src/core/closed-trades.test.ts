import { describe, expect, it } from 'vitest'
import { epoch, minute, position } from '../testing.ts'
import { followTrade, parseClosedTrade } from './index.ts'
import type { ClosedTrade, OpenTrade } from './index.ts'

type Told = {
  readonly quantity: string
  readonly average?: string
  readonly stop?: string | null
  readonly profit?: string
  readonly state?: 'none' | 'dust' | 'unprotected' | 'protected' | 'closing'
}

/** One position message a minute; what was closed and what is open at the end. */
function follow(...told: readonly Told[]) {
  let open: OpenTrade | null = null
  const closed: ClosedTrade[] = []
  told.forEach(({ quantity, average = '100', stop = null, profit = '0', state }, index) => {
    const flat = quantity === '0'
    const { payload } = position(index + 1, quantity, state ?? (flat ? 'none' : 'protected'))
    const step = followTrade(
      open,
      {
        ...payload,
        averageEntryPrice: flat ? null : average,
        realisedProfit: profit,
        protection: { ...payload.protection, stopPrice: stop },
      },
      epoch + index * minute,
    )
    open = step.open
    if (step.closed !== null) closed.push(step.closed)
  })
  return { open, closed }
}

describe('a trade', () => {
  it('is measured in what it risked: 10 of profit against 2 units times 5 of distance is 1 R', () => {
    const { open, closed } = follow(
      { quantity: '2', state: 'unprotected', profit: '7' },
      { quantity: '2', stop: '95', profit: '7' },
      { quantity: '0', profit: '17' },
    )
    expect(open).toBeNull()
    expect(closed).toEqual([
      {
        symbol: 'BTC/USDT',
        openedAt: epoch,
        closedAt: epoch + 2 * minute,
        profit: '10',
        rMultiple: 1,
      },
    ])
  })

  it('a loss at the stop is about one R, with fees a little more', () => {
    const { closed } = follow({ quantity: '2', stop: '95' }, { quantity: '0', profit: '-10.4' })
    expect(closed).toMatchObject([{ profit: '-10.4', rMultiple: -1.04 }])
  })

  it('a stop that is moved later does not change what was risked', () => {
    const { closed } = follow(
      { quantity: '2', stop: '95' },
      { quantity: '2', stop: '99' },
      { quantity: '0', profit: '20' },
    )
    expect(closed).toMatchObject([{ rMultiple: 2 }])
  })

  it('counts at its largest: it grew to 4 at an average of 105, and half was sold before the end', () => {
    const { closed } = follow(
      { quantity: '2', stop: '95' },
      { quantity: '4', average: '105', stop: '95' },
      { quantity: '2', average: '105', stop: '95', profit: '30' },
      { quantity: '0', profit: '40' },
    )
    expect(closed).toMatchObject([{ profit: '40', rMultiple: 1 }])
  })

  it('is over when only dust is left, and dust begins none', () => {
    const { open, closed } = follow(
      { quantity: '2', stop: '95' },
      { quantity: '0.0001', state: 'dust', profit: '5' },
      { quantity: '0.0001', state: 'dust', profit: '5' },
    )
    expect(open).toBeNull()
    expect(closed).toHaveLength(1)
  })

  it.each([
    ['no stop was ever told', null],
    ['the stop stood above the entry', '101'],
  ])('has no R when %s', (_reason, stop) => {
    const { closed } = follow({ quantity: '2', stop }, { quantity: '0', profit: '5' })
    expect(closed).toMatchObject([{ profit: '5', rMultiple: null }])
  })

  it('two trades one after another are two, each with its own profit', () => {
    const { closed } = follow(
      { quantity: '1', stop: '90' },
      { quantity: '0', profit: '5' },
      { quantity: '1', stop: '90', profit: '5' },
      { quantity: '0', profit: '-5' },
    )
    expect(closed.map(({ profit, rMultiple }) => [profit, rMultiple])).toEqual([
      ['5', 0.5],
      ['-10', -1],
    ])
  })

  it('is the same value when a message says nothing new, so that nothing is stored', () => {
    const { payload } = position(1, '2', 'protected')
    const { open } = followTrade(null, payload, epoch)
    expect(followTrade(open, payload, epoch + minute).open).toBe(open)
  })

  it('is itself again from the ledger, and what is no trade is none', () => {
    const { closed } = follow({ quantity: '2', stop: '95' }, { quantity: '0', profit: '20' })
    expect(parseClosedTrade(JSON.parse(JSON.stringify(closed[0])))).toEqual(closed[0])
    expect(parseClosedTrade({ ...closed[0], profit: 20 })).toBeNull()
  })
})
