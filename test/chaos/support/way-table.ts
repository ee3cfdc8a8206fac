// The table of faults for the further ways out of a position: the requests that they make themselves, in each way
// of protecting, and the faults that lose, refuse, delay or overtake them.
import { CALL_STATES, type CallState } from './call-log.ts'
import { FAULT_KINDS, type Cell } from './fault-table.ts'
import { post, remove, strike, unmet, type Call, type Station } from './mode-table.ts'

const trailing = 'exits: { trailing: { activation: 0.005, distance: 0.01 } }'
const ladder = 'exits: { ladder: [{ gain: 0.008, share: 0.5 }] }'
const holding = 'exits: { holdingMsMax: 20000 }'

type Way = {
  readonly way: 'trailing' | 'ladder' | 'holding'
  readonly protection: 'pair' | 'stop' | 'supervised'
  readonly stations: Readonly<Partial<Record<CallState, Station>>>
}

const sell = post('sell')
const placing = { pair: post('protect', 'orderList/*'), stop: post('protect') } as const
const canceling = { pair: remove('orderList'), stop: remove('order') } as const

/** Where nothing rests there is nothing to take away and nothing to place again. */
const ways: readonly Way[] = (['pair', 'stop'] as const).flatMap((protection): Way[] => {
  const rests = { canceling: canceling[protection], replacing: placing[protection] }
  const { canceling: taken } = rests
  return [
    { way: 'trailing', protection, stations: rests },
    { way: 'ladder', protection, stations: { ...rests, 'part-selling': sell } },
    { way: 'holding', protection, stations: { canceling: taken, closing: sell } },
  ]
})
const watched: readonly Way[] = [
  { way: 'trailing', protection: 'supervised', stations: { closing: sell } },
  { way: 'ladder', protection: 'supervised', stations: { 'part-selling': sell } },
  { way: 'holding', protection: 'supervised', stations: { closing: sell } },
]

const settings = { trailing, ladder, holding } as const

const SAME =
  'says nothing about the way out: the same request meets it in the tables of pair and modes'

/** Not lost, late, refused, throttled or overtaken, but something else. */
const elsewhere: ReadonlySet<string> = new Set([
  'F6',
  'F10',
  'F11',
  'F14',
  'F20',
  'F21',
  'F22',
  'F23',
  'F24',
  'F28',
])

export type WayCell = Cell & {
  readonly way: Way['way']
  readonly protection: Way['protection']
  readonly call: Call
  /** Of execution, as YAML. */
  readonly settings: string
}

/** Null when the fault is run against that request. */
export function exclusionOfWay(kind: string, station: Station, state: CallState): string | null {
  if (elsewhere.has(kind)) return SAME
  if (kind === 'F17' && station.call === 'protect') return SAME
  return unmet(kind, station, { mode: 'way', state })
}

export const allWayCells: readonly WayCell[] = [...ways, ...watched].flatMap((way) =>
  CALL_STATES.flatMap((state, index) => {
    const station = way.stations[state]
    if (station === undefined) return []
    const kinds = FAULT_KINDS.filter((kind) => exclusionOfWay(kind, station, state) === null)
    return kinds.map((kind) => cellOf(way, station, { kind, state, index, move: null }))
  }),
)

function cellOf(way: Way, station: Station, spot: Parameters<typeof strike>[1]): WayCell {
  const { protection } = way
  return {
    ...strike(station, spot),
    way: way.way,
    protection,
    call: station.call,
    settings: `protection: ${protection}, ${settings[way.way]}`,
  }
}

/**
 * The protections take turns over the kinds: each kind meets each request of each way out. With
 * `FLOTILLA_CHAOS=full` all of them are run.
 */
export const wayCells: readonly WayCell[] =
  process.env['FLOTILLA_CHAOS'] === 'full' ? allWayCells : allWayCells.filter(isItsTurn)

function isItsTurn(cell: WayCell): boolean {
  const turns = allWayCells.filter(
    ({ way, kind, call }) => way === cell.way && kind === cell.kind && call === cell.call,
  )
  return turns[Number(cell.kind.slice(1)) % turns.length] === cell
}
