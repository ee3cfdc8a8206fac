// What can happen to a desk, as commands on the venue's model and the real thing.
import fc from 'fast-check'
import { limits, sizing, decimal } from '../testing.ts'
import type { Seams } from './desk-seams.ts'
import { DeskWorld } from './desk-world.ts'
import { newTally, type Tally } from './tally.ts'
import { symbols, type VenueModel } from './venue-model.ts'

export type Happening = fc.AsyncCommand<VenueModel, DeskWorld>
type Doing = (world: DeskWorld, model: VenueModel) => void

const always = (): boolean => true
const withOrder = ({ open }: VenueModel): boolean => open.length > 0

function happening(name: string, check: (model: VenueModel) => boolean, doing: Doing): Happening {
  return {
    check,
    run: async (model, world) => doing(world, model),
    toString: () => name,
  }
}

const symbol = fc.constantFrom(...symbols)
const order = fc.nat({ max: 7 })
const quarters = fc.integer({ min: 1, max: 4 })

export const proposed = fc.record({
  purpose: fc.constantFrom('entry' as const, 'entry' as const, 'exit' as const),
  symbol,
  strategy: fc.constantFrom('one', 'two', 'three'),
  late: fc.constantFrom(false, false, false, false, false, true),
})

const proposals = proposed.map((proposal) =>
  happening(`propose ${JSON.stringify(proposal)}`, always, (world) => world.propose(proposal)),
)

const fills = fc.tuple(order, quarters).map(([number, parts]) =>
  happening(`fill ${number} by ${parts}/4`, withOrder, (world, venue) => {
    const message = venue.fill(venue.openOrder(number), parts)
    const partial = message?.type === 'execution.order.partially-filled.v1'
    world.tally[partial ? 'partialFills' : 'fills'] += 1
    world.tell(message)
  }),
)

const cancels = order.map((number) =>
  happening(`cancel ${number}`, withOrder, (world, venue) => {
    world.tally.cancels += 1
    world.tell(venue.cancel(venue.openOrder(number)))
  }),
)

const doubts = order.map((number) =>
  happening(`doubt ${number}`, withOrder, (world, venue) => {
    world.tally.unknowns += 1
    world.tell(venue.doubt(venue.openOrder(number)))
  }),
)

const stops = fc.tuple(symbol, quarters).map(([name, parts]) =>
  happening(
    `stop ${name} by ${parts}/4`,
    (venue) => venue.holds(name),
    (world, venue) => {
      world.tally.stops += 1
      world.tell(venue.stopOut(name, parts))
    },
  ),
)

const repeats = fc
  .nat({ max: 99 })
  .map((number) => happening(`again ${number}`, always, (world) => world.tellAgain(number)))

const looks = fc
  .nat({ max: 30 })
  .map((hours) => happening(`look ${hours} h later`, always, (world) => world.look(hours)))

const trims = symbol.map((name) => happening(`trim ${name}`, always, (world) => world.trim(name)))

const moves = fc
  .tuple(symbol, fc.integer({ min: 60, max: 120 }))
  .map(([name, percent]) =>
    happening(`${name} at ${percent}`, always, (world) => world.moveMarket(name, percent)),
  )

const faults = fc
  .constantFrom<readonly [string, Doing]>(
    ['crash', (world) => world.replace('dies')],
    ['overtake', (world) => world.replace('goes on')],
    ['overtake', (world) => world.replace('goes on')],
    ['lose the answer', (world) => world.lose('lose-answer')],
    ['lose the request', (world) => world.lose('lose-request')],
  )
  .map(([name, doing]) => happening(name, always, doing))

const othersThanProposals = [
  { weight: 6, arbitrary: fills },
  { weight: 2, arbitrary: cancels },
  { weight: 1, arbitrary: doubts },
  { weight: 2, arbitrary: stops },
  { weight: 2, arbitrary: repeats },
  { weight: 1, arbitrary: looks },
  { weight: 1, arbitrary: trims },
  { weight: 1, arbitrary: moves },
  { weight: 3, arbitrary: faults },
]

/** What happens to an account by itself. */
export const ofOneAccount = fc.oneof(...othersThanProposals)

const happenings = fc.commands(
  [fc.oneof({ weight: 8, arbitrary: proposals }, ...othersThanProposals)],
  { maxCommands: 30, size: 'max' },
)

/** A share of all, or a risk whose near stop asks for more than there is; with budgets or without. */
export const policies = fc
  .record({
    method: fc.constantFrom('balance-share', 'fixed-risk'),
    confidenceScaleMin: fc.constantFrom('0.4', '1').map(decimal),
    budgets: fc.constantFrom<Record<string, string>>({}, { one: '0.5', two: '0.2' }),
  })
  .map(({ budgets, ...each }) =>
    limits({
      balanceShare: decimal('0.3'),
      addToPositions: true,
      budgets: new Map(Object.entries(budgets).map(([name, text]) => [name, decimal(text)])),
      sizing: sizing({ ...each, riskShare: decimal('0.02') }),
    }),
  )

/** One interleaving as a property; with seams it is that of a desk with a fault. */
export function deskProperty({
  plant = () => ({}),
  tally = newTally(),
}: { readonly plant?: () => Seams; readonly tally?: Tally } = {}) {
  return fc.asyncProperty(fc.scheduler(), happenings, policies, async (scheduler, all, policy) => {
    const world = new DeskWorld({ scheduler, limits: policy, seams: plant(), tally })
    await world.begin()
    await fc.scheduledModelRun(scheduler, () => ({ model: world.venue, real: world }), all)
    await scheduler.waitFor(world.settleDown())
    await world.checkEnd()
  })
}
