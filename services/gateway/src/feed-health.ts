// How it stands with those who send signals: people and programs by one door, charting services by the other.
import type { Logger } from '@flotilla/runtime'

const feeds = ['execute', 'alert'] as const
export type Feed = (typeof feeds)[number]

/**
 * `off`: no token is configured, nothing is taken. `waiting`: nothing has come since the start. `ok`: the last
 * one was taken. `refused`: the last one was not, and the reason says why.
 */
type FeedState = 'off' | 'waiting' | 'ok' | 'refused'

export type FeedReport = {
  readonly state: FeedState
  /** What is wrong and what to do about it; null while nothing is. */
  readonly reason: string | null
  /** When the last signal was taken, in ISO form; null when none was. */
  readonly takenAt: string | null
}

/** Whose token opens the door. */
const settings: Readonly<Record<Feed, string>> = {
  execute: 'gateway.token',
  alert: 'gateway.webhook.token',
}

const foreign: Readonly<Record<Feed, string>> = {
  execute: `the token that came is not that of ${settings.execute}: correct it where it is sent, or here`,
  alert:
    `the token that came is not that of ${settings.alert}, or its sender is not among ` +
    'gateway.webhook.addresses: correct it where it is sent, or here',
}

export class FeedHealth {
  readonly #reports: Map<Feed, FeedReport>
  readonly #now: () => number
  readonly #logger: Logger

  constructor(options: {
    readonly isOpen: (feed: Feed) => boolean
    readonly now: () => number
    readonly logger: Logger
  }) {
    this.#now = options.now
    this.#logger = options.logger
    const first = (feed: Feed): FeedReport =>
      options.isOpen(feed)
        ? { state: 'waiting', reason: null, takenAt: null }
        : { state: 'off', reason: `set ${settings[feed]} to take signals here`, takenAt: null }
    this.#reports = new Map(feeds.map((feed) => [feed, first(feed)]))
  }

  taken(feed: Feed): void {
    const takenAt = new Date(this.#now()).toISOString()
    this.#become(feed, { state: 'ok', reason: null, takenAt })
  }

  refused(feed: Feed, reason: string): void {
    this.#become(feed, { state: 'refused', reason, takenAt: this.#of(feed).takenAt })
  }

  unauthorized(feed: Feed): void {
    this.refused(feed, foreign[feed])
  }

  report(): Readonly<Record<Feed, FeedReport>> {
    return { execute: this.#of('execute'), alert: this.#of('alert') }
  }

  #of(feed: Feed): FeedReport {
    return this.#reports.get(feed)!
  }

  /** A door without a token stays shut. Said once for each change, however often somebody knocks. */
  #become(feed: Feed, report: FeedReport): void {
    const before = this.#of(feed)
    if (before.state === 'off') return
    this.#reports.set(feed, report)
    if (before.state === report.state) return
    const told = {
      feed,
      reason: report.reason,
      stillTaken: feeds.filter((each) => this.#isOk(each)),
    }
    if (report.state === 'refused') this.#logger.warn(told, 'signals of a feed are refused')
    else if (before.state === 'refused') this.#logger.info({ feed }, 'signals of a feed are taken')
  }

  #isOk(feed: Feed): boolean {
    const { state } = this.#of(feed)
    return state === 'ok' || state === 'waiting'
  }
}
