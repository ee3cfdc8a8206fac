// What people and the risk manager command: whether entries are sent, what is sold at once, what goes on.
import { ack, type Delivery, type Settlement } from '@flotilla/bus'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import type { Ledger, LedgerChange, Unit, UnitOutcome } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'
import type { Input } from './core/index.ts'
import type { DeskRunner } from './desk-runner.ts'
import type { Reconciler } from './reconciler.ts'
import { isCommand, type Flatten, type Resume, type TradingState } from './taken.ts'
import { ToldStops } from './told-stops.ts'

export type CommandsOptions = {
  readonly account: string
  readonly ledger: Ledger
  /** The keys at the venue: the same ones are tried once more, or those are taken that the settings have now. */
  readonly keys: { retry(): void; reload(): void }
  readonly log: Logger
  readonly runners: ReadonlyMap<string, Pick<DeskRunner, 'submit'>>
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  readonly reconciler: () => Reconciler | null
}

export class Commands {
  readonly #options: CommandsOptions
  #told = ToldStops.none()

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  async load(): Promise<void> {
    this.#told = await ToldStops.load(this.#options.ledger)
  }

  /** Why no entries of the symbol are sent, by the word of the risk manager; null when they are. */
  stoppedFor(symbol: string): string | null {
    return this.#told.reasonFor(symbol)
  }

  /** Why nothing of the symbol is to be held; null when it may be. */
  flattenedFor(symbol: string): string | null {
    return this.#told.flattenedFor(symbol)
  }

  get stops(): ToldStops['all'] {
    return this.#told.all
  }

  take(delivery: Delivery): Promise<Settlement> {
    const { message } = delivery
    if (message.type === 'control.resume.v1') return this.#takeResume(message)
    if (message.type === 'control.reload.v1') return this.#takeReload(message)
    return this.#takeFlatten(message as Flatten)
  }

  async takeTradingState(message: TradingState): Promise<Settlement> {
    const { account, log, ledger } = this.#options
    const { account: meant, symbol, state, reason } = message.payload
    if (meant !== account) return ack
    const stopped = state === 'active' ? null : `${state}: ${reason}`
    if (await ledger.wasProcessed('execution', message.messageId)) return ack
    await this.#note(message, this.#told.stop(symbol, stopped))
    log.warn({ symbol, state, reason }, 'trading state changed')
    await this.#toDesks(symbol, { kind: 'tick' })
    return ack
  }

  async #takeFlatten(message: Flatten): Promise<Settlement> {
    const { symbol, reason, requestedBy } = message.payload
    if (!(await this.#isForUs(message))) return ack
    this.#options.log.warn({ symbol, requestedBy, reason }, 'flatten commanded')
    const words = reason || 'commanded'
    // First of all: an approval that comes while the desks are told is late already.
    const changes = this.#told.flatten(symbol, words)
    await this.#toDesks(symbol, { kind: 'flatten', reason: words })
    await this.#note(message, changes)
    return ack
  }

  /** Ends the halts in scope and what was flattened there, and takes what is at the venue now for what there should be. */
  async #takeResume(message: Resume): Promise<Settlement> {
    const { symbol, reason, requestedBy } = message.payload
    if (!(await this.#isForUs(message))) return ack
    const words = `resumed by ${requestedBy}${reason === '' ? '' : `: ${reason}`}`
    await this.#toDesks(symbol, { kind: 'resume', reason: words })
    await this.#options.reconciler()?.accept(symbol)
    this.#options.keys.retry()
    await this.#note(message, this.#told.resuming(symbol))
    this.#told.resumed(symbol)
    return ack
  }

  /** Doing it twice is doing it once: nothing is remembered of it. */
  async #takeReload({ payload }: MessageOfType<'control.reload.v1'>): Promise<Settlement> {
    if (payload.agent === null || payload.agent === 'execution') this.#options.keys.reload()
    return ack
  }

  async #isForUs(message: Flatten | Resume): Promise<boolean> {
    const { account: own, ledger, log } = this.#options
    if (!isCommand(message, { account: message.payload.account, own, log })) return false
    return !(await ledger.wasProcessed('execution', message.messageId))
  }

  async #note({ messageId: causeId }: AnyMessage, changes: readonly LedgerChange[]): Promise<void> {
    await this.#options.submit({ consumer: 'execution', causeId, changes, outgoing: [] })
  }

  async #toDesks(symbol: string | null, input: Input): Promise<void> {
    const { runners } = this.#options
    const concerned = [...runners].filter(([each]) => symbol === null || each === symbol)
    await Promise.all(concerned.map(([, runner]) => runner.submit(() => input)))
  }
}
