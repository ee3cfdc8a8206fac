// Several accounts that take the same intents, each with its venue, money, policy, book, mutex and leader,
// on one ledger with one inbox and one outbox.
import { ledgerOfAccount } from '@flotilla/fleet'
import { createMemoryLedger } from '@flotilla/ledger'
import fc from 'fast-check'
import type { Limits } from '../core/index.ts'
import { ofOneAccount, policies, proposed, type Happening } from './desk-happenings.ts'
import { DeskWorld, intentOf, type Proposal } from './desk-world.ts'
import type { Seams } from './desk-seams.ts'
import { Broken } from './fingerprint.ts'
import { newTally, type Tally } from './tally.ts'
import type { VenueModel } from './venue-model.ts'

const names = ['main', 'cautious', 'bold'] as const

type Models = readonly VenueModel[]
type Command = fc.AsyncCommand<Models, AccountsWorld>

/** The ledger as a further account sees it. */
type View = typeof ledgerOfAccount

class AccountsWorld {
  readonly worlds: readonly DeskWorld[]
  readonly #ledger = createMemoryLedger()
  readonly #asked: string[] = []

  constructor(options: {
    readonly scheduler: fc.Scheduler
    readonly policies: readonly Limits[]
    readonly plant: (account: string) => Seams
    readonly viewOf: View
    readonly tally: Tally
  }) {
    const { scheduler, plant, tally, viewOf } = options
    const byName = new Map<string, DeskWorld>()
    this.worlds = options.policies.map((limits, index) => {
      const account = names[index]!
      const world = new DeskWorld({
        scheduler,
        limits,
        seams: plant(account),
        tally,
        account,
        memory: index === 0 ? this.#ledger : viewOf(this.#ledger, account),
        worldOf: (name) => byName.get(name)!,
      })
      byName.set(account, world)
      return world
    })
  }

  async begin(): Promise<void> {
    for (const world of this.worlds) await world.begin()
  }

  propose(proposal: Proposal): void {
    const name = `shared ${this.#asked.length}`
    const message = intentOf(proposal, name)
    this.#asked.push(message.payload.intentId)
    for (const world of this.worlds) world.hear(message)
  }

  /** What one account leaves in the outbox another one may say: all are settled, or none is. */
  async settleDown(): Promise<void> {
    for (let open = 1; open > 0;) {
      for (const world of this.worlds) await world.settleDown()
      open = this.worlds.reduce((total, { venue }) => total + venue.open.length, 0)
    }
  }

  async checkEnd(): Promise<void> {
    for (const world of this.worlds) await world.checkEnd()
    for (const intentId of this.#asked) {
      const reservations = await Promise.all(
        this.worlds.map(({ venue }) =>
          this.#ledger.findReservationOfIntent(venue.account, intentId),
        ),
      )
      const ids = reservations.flatMap((each) => (each === null ? [] : [each.reservationId]))
      if (new Set(ids).size !== ids.length) throw new Broken(`${intentId}: one for two accounts`)
    }
  }
}

/** What happens to one account alone: fills, crashes, a second leader. */
const alone = fc
  .tuple(fc.nat({ max: names.length - 1 }), ofOneAccount)
  .map(([number, happening]) => forOne(number, happening))

function forOne(number: number, happening: Happening): Command {
  return {
    check: (models) => happening.check(models[number % models.length]!),
    run: async (models, { worlds }) => {
      const index = number % worlds.length
      await happening.run(models[index]!, worlds[index]!)
    },
    toString: () => `${names[number]}: ${happening.toString()}`,
  }
}

const together = proposed.map((proposal): Command => ({
  check: () => true,
  run: async (_models, world) => world.propose(proposal),
  toString: () => `propose ${JSON.stringify(proposal)}`,
}))

const happenings = fc.commands(
  [fc.oneof({ weight: 8, arbitrary: together }, { weight: 19, arbitrary: alone })],
  { maxCommands: 40, size: 'max' },
)

/** One interleaving of two or three accounts as a property; with seams that of a fault in one of them. */
export function accountsProperty({
  plant = () => ({}),
  viewOf = ledgerOfAccount,
  tally = newTally(),
}: {
  readonly plant?: (account: string) => Seams
  readonly viewOf?: View
  readonly tally?: Tally
} = {}) {
  const each = fc.array(policies, { minLength: 2, maxLength: names.length })
  return fc.asyncProperty(fc.scheduler(), happenings, each, async (scheduler, all, ofEach) => {
    const world = new AccountsWorld({ scheduler, policies: ofEach, plant, viewOf, tally })
    await world.begin()
    const model = world.worlds.map(({ venue }) => venue)
    await fc.scheduledModelRun(scheduler, () => ({ model, real: world }), all)
    await scheduler.waitFor(world.settleDown())
    await world.checkEnd()
  })
}
