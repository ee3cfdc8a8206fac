// What execution cannot do without is asked for a sign of life. When the ledger, the venue, the bus or an agent
// that entries depend on is silent for too long, or what arrives is old, entries stop by themselves and people
// are told; exits and protection are tried on and on.
import type { AgentName, EntryStopCause } from '@flotilla/contracts'
import type { Clock, Timer } from '@flotilla/runtime'
import type { EntriesGate } from './entries-gate.ts'

export type DeadManOptions = {
  readonly gate: EntriesGate
  readonly clock: Clock
  /** Silence that is too long, in the clock's milliseconds. */
  readonly silenceMs: number
  readonly venue: () => Promise<unknown>
  readonly ledger: () => Promise<unknown>
  /** Whether messages come and go. */
  readonly isBusUp: () => boolean
  /** Whether messages are taken here: who stands by hears nobody. */
  readonly isListening: () => boolean
  /** Messages that are older than this when they arrive are late, in the clock's milliseconds. */
  readonly lateMs: number
  /** Agents say that they are alive by the wall clock, however fast market time runs. */
  readonly wallClock: Clock
  /** Silence of another agent that is too long, in real milliseconds; it takes several missed heartbeats. */
  readonly agentSilenceMs: number
}

/** Who decides on entries, and who brings the prices that they are decided with. */
const dependedOn: readonly AgentName[] = ['risk-manager', 'data-collection']

/** Questions within one silence: a single lost answer stops nothing. */
const QUESTIONS = 6

export class DeadMan {
  readonly #options: DeadManOptions
  readonly #lifelines: readonly Lifeline[]
  #timer: Timer | null = null
  /** Since when all that arrives is late; null while it is not. */
  #lateSince: number | null = null
  /** Since when each of them is silent. Who was never heard sends nothing that could be acted on. */
  readonly #agents = new Map<AgentName, number>()

  constructor(options: DeadManOptions) {
    this.#options = options
    this.#lifelines = [
      new Lifeline('venue_silent', options.venue, options),
      new Lifeline('ledger_silent', options.ledger, options),
      new Lifeline('bus_silent', () => refusedUnless(options.isBusUp()), options),
    ]
  }

  /** A message has arrived; when it was said tells how far behind we are. */
  heard(saidAt: number): void {
    const now = this.#options.clock.now()
    if (now - saidAt <= this.#options.lateMs) this.#lateSince = null
    else this.#lateSince ??= now
  }

  /** Another agent says that it is alive. */
  alive(agent: AgentName): void {
    if (dependedOn.includes(agent)) this.#agents.set(agent, this.#options.wallClock.now())
  }

  start(): void {
    const { clock, silenceMs, gate } = this.#options
    for (const lifeline of this.#lifelines) lifeline.begin()
    this.#timer = clock.every(Math.ceil(silenceMs / QUESTIONS), () => {
      for (const lifeline of this.#lifelines) lifeline.check()
      this.#checkLateness()
      this.#checkAgents()
      void gate.tellOn()
    })
  }

  /** While nobody can be heard silence says nothing of anybody. */
  #checkAgents(): void {
    const { wallClock, agentSilenceMs, gate, isBusUp, isListening } = this.#options
    const now = wallClock.now()
    const isDeaf = !isBusUp() || !isListening()
    if (isDeaf) for (const agent of this.#agents.keys()) this.#agents.set(agent, now)
    const silent = [...this.#agents].filter(([, heardAt]) => now - heardAt > agentSilenceMs)
    const which = { cause: 'agent_silent', asset: null } as const
    if (silent.length === 0) {
      gate.lift({ ...which, reason: 'every agent is heard again' })
      return
    }
    const names = silent.map(([agent]) => agent).join(' and ')
    const seconds = Math.round(agentSilenceMs / 1_000)
    gate.stop({ ...which, reason: `no heartbeat of ${names} for more than ${seconds} s` })
  }

  #checkLateness(): void {
    const { clock, silenceMs, lateMs, gate, isListening } = this.#options
    if (!isListening()) this.#lateSince = null
    const which = { cause: 'messages_late', asset: null } as const
    if (this.#lateSince === null) {
      gate.lift({ ...which, reason: 'messages are fresh again' })
    } else if (clock.now() - this.#lateSince > silenceMs) {
      const late = `more than ${Math.round(lateMs / 1_000)} s old`
      gate.stop({ ...which, reason: `all messages that arrive are ${late}` })
    }
  }

  async stop(): Promise<void> {
    await this.#timer?.stop()
  }
}

class Lifeline {
  readonly #cause: EntryStopCause
  readonly #ask: () => Promise<unknown>
  readonly #options: DeadManOptions
  #heardAt = 0
  /** When the question was put that has no answer yet; null when none is open. */
  #askedAt: number | null = null

  constructor(cause: EntryStopCause, ask: () => Promise<unknown>, options: DeadManOptions) {
    this.#cause = cause
    this.#ask = ask
    this.#options = options
  }

  begin(): void {
    this.#heardAt = this.#options.clock.now()
  }

  /** A question that hangs is as silent as one that fails, so nothing waits for the answer here. */
  check(): void {
    const { clock, silenceMs, gate } = this.#options
    const now = clock.now()
    if (this.#askedAt === null || now - this.#askedAt > silenceMs) void this.#question(now)
    if (now - this.#heardAt <= silenceMs) return
    const seconds = Math.round(silenceMs / 1_000)
    const reason = `no answer from the ${nameOf(this.#cause)} for more than ${seconds} s`
    gate.stop({ cause: this.#cause, asset: null, reason })
  }

  async #question(askedAt: number): Promise<void> {
    this.#askedAt = askedAt
    try {
      await this.#ask()
      this.#heardAt = this.#options.clock.now()
      const reason = `the ${nameOf(this.#cause)} answers again`
      this.#options.gate.lift({ cause: this.#cause, asset: null, reason })
    } catch {
      // Silence is what counts, whatever the error was; who needed the answer has logged it.
    } finally {
      if (this.#askedAt === askedAt) this.#askedAt = null
    }
  }
}

async function refusedUnless(isUp: boolean): Promise<void> {
  if (!isUp) throw new Error('not connected')
}

function nameOf(cause: EntryStopCause): string {
  return cause.replace('_silent', '')
}
