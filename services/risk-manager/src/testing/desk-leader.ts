// One life of a risk manager in the interleavings: its lease, its desk, its way into the ledger. It
// goes on believing that it leads, whatever others have done meanwhile.
import type { AnyMessage } from '@flotilla/contracts'
import { SharedConfigSchema } from '@flotilla/fleet'
import { createUnitProcessor, type UnitProcessor } from '@flotilla/ledger'
import {
  decide,
  rankOf,
  takeOrder,
  takeStock,
  takeTrim,
  type Book,
  type Limits,
  type OrderMessage,
} from '../core/index.ts'
import { AccountDesk } from '../desk.ts'
import { RiskStore } from '../store.ts'
import { book as bookOf, decimal, testNow } from '../testing.ts'
import type { Work } from '../core/index.ts'
import type { Seams } from './desk-seams.ts'
import { Broken } from './fingerprint.ts'
import { emptyMarketStore } from './rig.ts'
import type { Symbol } from './venue-model.ts'
import type { WatchedLedger } from './watched-ledger.ts'

export type Surroundings = {
  readonly account: string
  readonly ledger: WatchedLedger
  readonly limits: Limits
  readonly seams: Seams
  readonly turn: (label: string) => Promise<void>
  /** What it says, once the ledger has it. */
  readonly publish: (leader: Leader, messages: readonly AnyMessage[]) => Promise<void>
  /** Whether nobody has taken over from it. */
  readonly leads: (leader: Leader) => boolean
}

export type Working = Pick<AccountDesk, 'book' | 'work' | 'idle' | 'trusted'>

const nobodyFirst: ReadonlyMap<string, number> = new Map()

const configs = new Map<string, ReturnType<typeof SharedConfigSchema.parse>>()

export function storeOf(ledger: WatchedLedger, account: string): RiskStore {
  const shared = configs.get(account) ?? SharedConfigSchema.parse({ account: { id: account } })
  configs.set(account, shared)
  return new RiskStore({ ledger: ledger.as(() => 0), marketStore: emptyMarketStore(), shared })
}

export class Leader {
  /** Of several that believe they lead, the one of the highest life does. */
  readonly life: number
  readonly desk: Promise<Working>
  /** Resolves when another one has taken over, or this one has crashed. */
  readonly replaced = Promise.withResolvers<false>()
  /** A dead one says nothing any more, and may never finish what it does. */
  readonly died = Promise.withResolvers<void>()
  dead = false
  readonly #surroundings: Surroundings
  #processor: UnitProcessor | null = null

  constructor(life: number, surroundings: Surroundings) {
    this.life = life
    this.#surroundings = surroundings
    this.desk = this.#begin()
    this.desk.catch(() => undefined)
  }

  async take(message: AnyMessage, mayBeOld: boolean): Promise<void> {
    const desk = await this.desk
    const { limits, seams } = this.#surroundings
    const done =
      message.type === 'strategy.intent.proposed.v1'
        ? await desk.work({
            message,
            mayBeOld,
            rank: rankOf(message.payload, nobodyFirst),
            decide: (book, turn) => decide({ book, message, limits, now: testNow, turn }),
          })
        : await desk.work({
            message,
            mayBeOld,
            decide: (book) => {
              const work = (seams.takeOrder ?? takeOrder)(book, message as OrderMessage)
              if (work.shortfalls.length > 0) throw new Error('more is sold than is there')
              return work
            },
          })
    if (done.kind === 'refused') throw new Broken(`the ledger refused: ${done.detail}`)
  }

  /** The account is valued, from time to time. */
  async look(now: number): Promise<void> {
    const { limits } = this.#surroundings
    await this.#byItself((book) => takeStock({ book, limits, now }))
  }

  async trim(symbol: Symbol): Promise<void> {
    const limits = { ...this.#surroundings.limits, exposureShareMax: decimal('0.1') }
    await this.#byItself((book) => takeTrim({ book, limits, now: testNow }, symbol))
  }

  /** Says what an earlier life has left unsaid. */
  async relay(): Promise<void> {
    await this.desk
    await this.#processor!.relay()
  }

  async idle(): Promise<void> {
    const desk = await this.desk
    await desk.idle()
    await desk.trusted()
    await this.#processor!.flush()
  }

  async #byItself(decideWith: (book: Book) => Work): Promise<void> {
    const desk = await this.desk
    await desk.work({ message: null, mayBeOld: false, decide: decideWith })
  }

  async #begin(): Promise<Working> {
    const { ledger, seams, turn } = this.#surroundings
    await turn('lead')
    if (!this.#surroundings.leads(this)) throw new Error('replaced before it led')
    const fence = await ledger.lead(String(this.life))
    this.#processor = createUnitProcessor({
      ledger: ledger.as(() => fence.epoch),
      consumer: 'risk-manager',
      publish: (messages) => this.#surroundings.publish(this, messages),
      ...(seams.unfenced === true ? {} : { fence: () => fence }),
    })
    const store = storeOf(ledger, this.#surroundings.account)
    const load = async (before: Book | null): Promise<Book> => {
      await turn('load')
      const loaded = await store.loadBook(before ?? bookOf({}))
      if (this.#surroundings.leads(this)) ledger.compare(loaded!)
      return loaded!
    }
    const submit = this.#processor.submit.bind(this.#processor)
    const desk = new AccountDesk(await load(null), {
      load: async (before) => (seams.keepsBook === true ? { ...before! } : load(before)),
      submit: (unit) => (seams.submit ?? ((each, go) => go(each)))(unit, submit),
      wasProcessed: async (id) => {
        await turn('look up')
        return store.wasProcessed(id)
      },
    })
    this.#processor.relay().catch(() => undefined)
    return seams.desk === undefined ? desk : seams.desk(desk, turn)
  }
}
