// Faults that a risk manager must not have, each as a seam of the interleavings: the test of the tests
// switches one on at a time, and they must show it.
import { Mutex } from 'async-mutex'
import {
  applyAll,
  takeOrder,
  type Book,
  type BookChange,
  type OrderMessage,
} from '../core/index.ts'
import type { Work } from '../core/index.ts'
import type { Task } from '../desk.ts'
import type { Working } from './desk-leader.ts'
import type { Seams } from './desk-seams.ts'

type Turn = (label: string) => Promise<void>

/** Made anew for each interleaving: some faults remember. */
export const plantedBugs: Readonly<Record<string, () => Seams>> = {
  'commits without the proof that it leads': () => ({ unfenced: true }),
  'checks and reserves with nobody kept out': () => ({
    desk: (desk, turn) => pausing(desk, turn, { runExclusive: async (work) => work() }),
  }),
  'reserves when the commit has been answered': () => ({ desk: reservingLate }),
  'commits what rests on a commit that failed': () => ({
    submit: (unit, submit) => submit({ ...unit, chain: {} }),
  }),
  'keeps its book when an answer is lost': () => ({ keepsBook: true }),
  'acknowledges before it has committed': () => ({ acknowledgesEarly: true }),
  'processes without an inbox': () => ({
    submit: (unit, submit) => submit({ ...unit, causeId: null }),
  }),
  'releases a reservation twice': () => ({
    takeOrder: changed((changes) => changes.flatMap(endedTwice)),
  }),
  'settles without the fee': () => ({
    takeOrder: (book, message) => takeOrder(book, withoutFee(message)),
  }),
  'settles at the price of the order and not of the fill': () => ({
    takeOrder: (book, message) => takeOrder(book, atOrderPrice(message)),
  }),
  'releases with the first part of a fill': () => ({
    takeOrder: (book, message) => takeOrder(book, ending(message)),
  }),
  'releases what is set aside for an order in doubt': () => ({
    takeOrder: (book, message) =>
      takeOrder(book, message.type === unknown ? asCanceled(message) : message),
  }),
  'never releases': () => ({
    takeOrder: changed((changes) => changes.filter(({ kind }) => kind !== 'reservation-ended')),
  }),
  'lets a stop sell what an exit has set aside': () => ({
    takeOrder: (book, message) => {
      const work = takeOrder(book, message)
      return reservationOf(message) === null
        ? { ...work, changes: work.changes.filter(isNoStep) }
        : work
    },
  }),
  'moves money past the budgets': () => ({
    takeOrder: changed((changes) =>
      changes.filter((each) => each.kind !== 'memory-stored' || !each.key.startsWith('budget/')),
    ),
  }),
}

/** The same pause with the mutex is no fault: it is the mutex that keeps the others out. */
export const pausingUnderMutex = (): Seams => ({
  desk: (desk, turn) => pausing(desk, turn, new Mutex()),
})

/** Decides, and then lets others have their turns before it reserves. */
function pausing(desk: Working, turn: Turn, mutex: Pick<Mutex, 'runExclusive'>): Working {
  const work = <Result extends Work>(task: Task<Result>) =>
    mutex.runExclusive(async () => {
      const { book } = desk
      const decided = attempted(() => task.decide(book, null))
      await turn('pause')
      const decide = (now: Book) =>
        now === book && decided !== null ? decided : task.decide(now, null)
      return desk.work({ ...task, decide })
    })
  return standIn(desk, work)
}

/** What was done already cannot always be decided again. */
function attempted<Result>(decide: () => Result): Result | null {
  try {
    return decide()
  } catch {
    return null
  }
}

function reservingLate(desk: Working): Working {
  return standIn(desk, async <Result extends Work>(task: Task<Result>) => {
    let decided: { readonly book: Book; readonly changes: Result['changes'] } | null = null
    const decide = (book: Book): Result => {
      const result = task.decide(book, null)
      decided = { book, changes: result.changes }
      return { ...result, changes: [], records: [...result.changes, ...result.records] }
    }
    const done = await desk.work({ ...task, decide })
    const late = decided as { readonly book: Book; readonly changes: Result['changes'] } | null
    if (done.kind === 'committed' && late !== null) applyAll(late.book, late.changes)
    return done
  })
}

function standIn(desk: Working, work: Working['work']): Working {
  return {
    get book() {
      return desk.book
    },
    work,
    idle: () => desk.idle(),
    trusted: () => desk.trusted(),
  }
}

function changed(change: (changes: readonly BookChange[]) => readonly BookChange[]) {
  return (book: Book, message: OrderMessage) => {
    const work = takeOrder(book, message)
    return { ...work, changes: change(work.changes) }
  }
}

function endedTwice(change: BookChange): readonly BookChange[] {
  if (change.kind !== 'reservation-ended') return [change]
  return [change, { ...change, kind: 'reservation-shrunk' }]
}

function isNoStep({ kind }: BookChange): boolean {
  return kind !== 'reservation-shrunk' && kind !== 'reservation-ended'
}

const unknown = 'execution.order.unknown.v1'

function reservationOf({ payload }: OrderMessage): string | null {
  return payload.reservationId
}

function withoutFee(message: OrderMessage): OrderMessage {
  if (!('fill' in message.payload)) return message
  const fill = { ...message.payload.fill, fee: '0' }
  return { ...message, payload: { ...message.payload, fill } } as OrderMessage
}

function atOrderPrice(message: OrderMessage): OrderMessage {
  const { payload } = message
  if (!('fill' in payload) || payload.price === null) return message
  // The builder of these orders repeats the fill's price as the order's.
  const fill = { ...payload.fill, price: `${payload.fill.price}1` }
  return { ...message, payload: { ...payload, fill } } as OrderMessage
}

function ending(message: OrderMessage): OrderMessage {
  const { payload } = message
  if (!('fill' in payload)) return message
  const filled = { filledQuantity: payload.fill.quantity, filledQuote: '0' }
  return { ...message, payload: { ...payload, ...filled, endsReservation: true } } as OrderMessage
}

function asCanceled(message: OrderMessage): OrderMessage {
  const payload = { ...message.payload, code: 'requested', endsReservation: true }
  return { ...message, type: 'execution.order.canceled.v1', payload } as OrderMessage
}
