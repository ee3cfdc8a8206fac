import { timeframeMs } from '@flotilla/contracts'
import type { Timeframe } from '@flotilla/contracts'
import { marketClockOf, openVenue } from '@flotilla/fleet'
import type { SharedConfig } from '@flotilla/fleet'
import { createSilentLogger, realClock } from '@flotilla/runtime'
import { VenueError } from '@flotilla/venue'
import { checkedConfig } from '../config-commands.ts'
import { shownPath, userPath } from '../places.ts'
import type { Terminal } from '../terminal.ts'
import { CandleFileError } from './candle-file.ts'
import type { CandleFile } from './candle-file.ts'
import { withCandleFile } from './files.ts'
import type { CandleFormat } from './formats.ts'
import { downloadCandles } from './download-candles.ts'
import type { CandleRange } from './download-candles.ts'
import { gapReport, momentText, progressText } from './report.ts'

export type DownloadCommandOptions = {
  readonly config?: string
  readonly symbol: string
  readonly timeframe?: Timeframe
  readonly from: number
  readonly to?: number
  readonly out?: string
  /** Of a file without a name; a name tells it by its ending. */
  readonly format?: CandleFormat
}

/** `flotilla download`: candles of the configured venue into a file; goes on where it stopped. */
export async function download(
  options: DownloadCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const config = checkedConfig(options.config, [], terminal)
  if (config === null) return 1
  try {
    await downloadFrom(config.shared, options, terminal)
    return 0
  } catch (error) {
    if (!(error instanceof VenueError || error instanceof CandleFileError)) throw error
    terminal.complain(`flotilla: ${error.message}`)
    if (error instanceof VenueError) {
      terminal.complain('what came so far is in the file; the same command goes on from there')
    }
    return 1
  }
}

async function downloadFrom(
  shared: SharedConfig,
  options: DownloadCommandOptions,
  terminal: Terminal,
): Promise<void> {
  if (shared.venue.kind === 'simulator' && shared.venue.url === undefined) {
    throw new CandleFileError(
      'venue.url is not set: give the address of a running simulator, or a real venue, ' +
        'as FLOTILLA_VENUE__KIND=binance FLOTILLA_VENUE__ID=binance',
    )
  }
  const clock = await marketClockOf(shared, () => undefined)
  const timeframe = options.timeframe ?? shared.timeframe
  const range: CandleRange = {
    symbol: options.symbol,
    timeframe,
    intervalMs: timeframeMs[timeframe],
    from: options.from,
    to: options.to ?? clock.now(),
  }
  if (range.to <= range.from) throw new CandleFileError('--from is not before --to')
  const path = userPath(options.out ?? defaultName(shared.venue.id, range, options.format))
  // Candles are public: a key that is refused must not keep anybody from them.
  const { apiKey: _key, apiSecret: _secret, ...venue } = shared.venue
  const context = { logger: createSilentLogger(), clock }
  const opened = await openVenue({ ...shared, venue }, context)
  try {
    const report = await withCandleFile(path, async (file) => {
      await fill(file, range, { venue: opened, terminal })
      return gapReport(await file.contents(range.intervalMs), range)
    })
    for (const line of report) terminal.print(line)
    terminal.print(`in ${shownPath(path)}`)
  } finally {
    await opened.close()
  }
}

async function fill(
  file: CandleFile,
  range: CandleRange,
  { venue, terminal }: { venue: Awaited<ReturnType<typeof openVenue>>; terminal: Terminal },
): Promise<void> {
  const { first, last } = await file.contents(range.intervalMs)
  if (first !== null && first - range.intervalMs >= range.from && last !== null) {
    const earlier = await venue.fetchCandles({ ...range, since: range.from, limit: 1 })
    const missed = earlier.find(({ openTime }) => openTime < first)
    if (missed !== undefined) {
      const begins = `the file begins with ${momentText(first)}, the venue has earlier candles`
      throw new CandleFileError(`${begins}; choose another --out`)
    }
  }
  if (last !== null) terminal.print(`goes on after ${momentText(last)}`)
  const progress = createProgress(range, terminal)
  const rest = { ...range, from: last === null ? range.from : last + range.intervalMs }
  try {
    await downloadCandles(rest, {
      venue,
      sleep: (ms) => realClock.sleep(ms),
      onPage: (candles) => {
        file.append(candles)
        progress.show((candles.at(-1)?.openTime ?? range.from) + range.intervalMs)
      },
      onFault: ({ message }, waitMs) =>
        terminal.complain(`${message}; asking again in ${Math.round(waitMs / 1_000)} s`),
    })
  } finally {
    progress.end()
  }
}

/** A bar that fills on a terminal; in a log a line for each tenth that is done. */
function createProgress(range: CandleRange, terminal: Terminal): Progress {
  let told = -1
  let isShown = false
  return {
    show: (done) => {
      const tenth = Math.floor((10 * (done - range.from)) / (range.to - range.from))
      if (terminal.progress !== undefined) {
        isShown = true
        terminal.progress(progressText(done, range))
      } else if (tenth > told) {
        told = tenth
        terminal.print(progressText(done, range))
      }
    },
    end: () => {
      if (isShown) terminal.progress?.(null)
    },
  }
}

type Progress = { show(done: number): void; end(): void }

function defaultName(
  venue: string,
  { symbol, timeframe }: CandleRange,
  format: CandleFormat = 'csv',
): string {
  return `${venue}_${symbol.replace('/', '-')}_${timeframe}.${format}`
}
