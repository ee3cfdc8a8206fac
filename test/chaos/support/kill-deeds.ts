// What execution does at the venue in each of the ways to protect and to leave a position: the deeds at each
// step of which it is killed.
import { DEATH_POINTS, type DeathPoint, type Stored } from './death.ts'
import type { Deed, Outcome } from './kill-table.ts'

export type KillMode = {
  /** Settings of execution, as YAML. */
  readonly settings: string
  /** Nothing rests at the venue. */
  readonly isWatched: boolean
  /** Into how many orders an entry is taken apart. */
  readonly slicesMax?: number
}

const trailing = 'exits: { trailing: { activation: 0.005, distance: 0.01 } }'

const killModes = {
  /** As the configuration has it: a pair follows the fill. */
  pair: { settings: 'attachExits: false', isWatched: false },
  attached: { settings: 'attachExits: true', isWatched: false },
  stop: { settings: 'protection: stop', isWatched: false },
  supervised: { settings: 'protection: supervised', isWatched: true },
  convert: {
    settings: 'convert: exits, pacing: { notionalMin: 1, slices: 2, durationMs: 1000 }',
    isWatched: false,
    slicesMax: 2,
  },
  trailing: { settings: trailing, isWatched: false },
  'trailing-stop': { settings: `protection: stop, ${trailing}`, isWatched: false },
  ladder: { settings: 'exits: { ladder: [{ gain: 0.008, share: 0.5 }] }', isWatched: false },
  holding: { settings: 'exits: { holdingMsMax: 20000 }', isWatched: false },
  kept: { settings: 'entryRemainder: keep', isWatched: false },
} as const satisfies Record<string, KillMode>
export type KillModeName = keyof typeof killModes
export const killModeNames = Object.keys(killModes) as readonly KillModeName[]

export function killModeOf(name: KillModeName): KillMode {
  return killModes[name]
}

const all: readonly Outcome[] = ['landed', 'dropped', 'filled', 'partly']
const sent: readonly DeathPoint[] = ['sent', 'answered', 'stored', 'said']

/** Fields that most deeds share. */
const common = {
  about: '',
  outcomes: all,
  points: DEATH_POINTS,
  from: 'held',
  provocation: 'entry',
  lead: [],
  isDoubt: false,
  fill: null,
} as const

const order = { method: 'POST', path: 'order' } as const
const list = { method: 'POST', path: 'orderList/*' } as const
const submitting = (name: string): Stored => ({ order: name, state: 'submitting' })

/** Up and down: which way the target, and which way the stop of the tests lies. */
const UP = 2.5
const DOWN = -4

const entering = {
  ...common,
  name: 'an order',
  call: 'placeOrder',
  about: '-e1',
  stored: submitting('-e1'),
  request: order,
  kind: 'trade',
  from: 'flat',
} as const

const leaving = {
  ...common,
  provocation: 'exit',
  stored: { order: '-x1', state: 'created' },
  name: 'a cancel',
  kind: 'cancel',
} as const

const cancelPair = {
  ...leaving,
  call: 'cancelProtection',
  request: { method: 'DELETE', path: 'orderList' },
} as const

const cancelStop = {
  ...leaving,
  call: 'cancelOrder',
  request: { method: 'DELETE', path: 'order' },
} as const

const placing = {
  ...common,
  name: 'a bracket',
  call: 'placeProtection',
  about: '-p1',
  stored: submitting('-s1'),
  request: list,
  kind: 'rest',
  from: 'flat',
  fill: UP,
} as const

const placingStop = {
  ...placing,
  name: 'a stop',
  call: 'placeOrder',
  about: '-s1',
  request: { ...order, nth: 2 },
  fill: DOWN,
} as const

const selling = {
  ...common,
  name: 'a sale of our own',
  call: 'placeOrder',
  about: '-f1',
  stored: submitting('-f1'),
  request: order,
  kind: 'trade',
} as const

const of = (mode: KillModeName, ...own: readonly Omit<Deed, 'mode'>[]): Deed[] =>
  own.map((deed) => ({ ...deed, mode }))

/** The venue ends the exits that came along. */
const ENDS_EXITS = {
  kind: 'F20',
  args: { afterMs: 0 },
  match: { method: 'POST', path: 'orderList/*' },
  count: 1,
} as const

const converting = {
  ...common,
  provocation: 'exit',
  kind: 'other',
  outcomes: ['landed', 'dropped'],
} as const

/** A question is asked by the clock: no commit of its own comes before it. */
const asked = { stored: null, points: sent } as const

const secondPair = {
  ...placing,
  name: 'the pair at another stop',
  about: '-p2',
  stored: submitting('-s2'),
  from: 'held',
} as const

/** Half of the entry is filled, and nobody sells more. */
const HALF = {
  kind: 'F17',
  args: { fraction: 0.5 },
  match: { method: 'POST', path: 'order' },
  count: 1,
} as const

const GAIN = { percent: 1.3 } as const

/** It stores where the stop is to be, with how far the plan has come. */
const movedStop = { memory: 'exits:' } as const

export const deeds: readonly Deed[] = [
  ...of('pair', entering, placing, cancelPair, { ...placing, name: 'a replace', from: 'held' }),
  ...of(
    'attached',
    {
      ...entering,
      name: 'an order with its exits',
      call: 'placeProtection',
      about: '-p1',
      request: list,
      // Fill-or-kill: no part is filled.
      outcomes: ['landed', 'dropped', 'filled'],
    },
    cancelPair,
    { ...placing, name: 'a replace', from: 'held' },
    {
      ...secondPair,
      name: 'a bracket in place of exits that the venue has ended',
      request: { ...list, nth: 2 },
      from: 'flat',
      lead: [ENDS_EXITS],
    },
  ),
  ...of(
    'stop',
    entering,
    placingStop,
    cancelStop,
    { ...placingStop, name: 'a replace', from: 'held' },
    { ...selling, provocation: { percent: 4 } },
  ),
  ...of('supervised', entering, { ...selling, provocation: { percent: DOWN } }),
  ...of(
    'convert',
    {
      ...converting,
      ...asked,
      name: 'asking for a quote',
      call: 'quote',
      request: { method: 'POST', path: '/sapi/v1/convert/getQuote' },
      // What comes after its answer is the acceptance.
      points: ['sent', 'answered'],
    },
    {
      ...converting,
      name: 'accepting a quote',
      call: 'accept',
      stored: submitting('-x1'),
      request: { method: 'POST', path: '/sapi/v1/convert/acceptQuote' },
    },
    {
      ...converting,
      ...asked,
      name: 'asking what became of a quote that landed',
      call: 'query',
      isDoubt: true,
      request: { method: 'GET', path: '/sapi/v1/convert/orderStatus' },
      lead: [{ kind: 'F2', match: { path: '/sapi/v1/convert/acceptQuote' }, count: 1 }],
    },
    {
      ...converting,
      ...asked,
      name: 'asking what became of a quote that did not land',
      call: 'query',
      isDoubt: true,
      request: { method: 'GET', path: '/sapi/v1/convert/orderStatus' },
      lead: [{ kind: 'F1', match: { path: '/sapi/v1/convert/acceptQuote' }, count: 1 }],
    },
  ),
  ...of(
    'trailing',
    { ...cancelPair, name: 'a cancel before the stop moves', provocation: GAIN, stored: movedStop },
    { ...secondPair, provocation: GAIN },
  ),
  ...of(
    'trailing-stop',
    { ...cancelStop, name: 'a cancel before the stop moves', provocation: GAIN, stored: movedStop },
    {
      ...placingStop,
      name: 'the stop at another price',
      about: '-s2',
      stored: submitting('-s2'),
      request: order,
      from: 'held',
      provocation: GAIN,
    },
  ),
  ...of(
    'ladder',
    {
      ...cancelPair,
      name: 'a cancel before a part is sold',
      provocation: GAIN,
      // Nothing is stored before it: the part is remembered with the order that sells it.
      stored: null,
      points: sent,
    },
    {
      ...selling,
      name: 'a part of the target',
      about: '-t2',
      stored: submitting('-t2'),
      provocation: GAIN,
    },
    {
      ...secondPair,
      name: 'the pair for the rest',
      about: '-p3',
      stored: submitting('-s3'),
      provocation: GAIN,
    },
  ),
  ...of(
    'holding',
    {
      ...cancelPair,
      name: 'a cancel because the time is over',
      provocation: 'time',
      stored: null,
      points: sent,
    },
    { ...selling, provocation: 'time' },
  ),
  ...of('kept', {
    ...cancelStop,
    name: 'a cancel of the rest of an entry',
    about: '-e1',
    lead: [HALF],
  }),
]
