// A strategy file that is saved is tried out at once, on paper: the new version takes over between two
// candles, with the old one's memory. A version that does not load changes nothing.
import { createHash } from 'node:crypto'
import { readFileSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@flotilla/runtime'
import type { Strategy } from '@flotilla/strategy-kit'

export type HotReloadOptions = {
  /** Where the files are, each named after its strategy. */
  readonly folder: URL
  /** The strategies that run. */
  readonly names: readonly string[]
  readonly logger: Logger
  /** Puts the new version in place; what it throws leaves the old one there. */
  readonly take: (strategy: Strategy, version: string) => Promise<void>
}

export class HotReload {
  readonly #options: HotReloadOptions
  /** By strategy: the digest of the text that runs, or that was refused. */
  readonly #versions = new Map<string, string>()
  #watcher: FSWatcher | null = null
  /** One version after another, however fast files are saved. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: HotReloadOptions) {
    this.#options = options
  }

  start(): void {
    const { folder, names, logger } = this.#options
    for (const name of names) {
      const version = this.#versionOf(name)
      if (version !== null) this.#versions.set(name, version)
    }
    // Editors replace a file rather than write to it, so that its folder is watched.
    this.#watcher = watch(fileURLToPath(folder), { persistent: false }, (_event, file) => {
      const name = names.find((each) => file === `${each}.ts`)
      if (name === undefined) return
      this.#turn = this.#turn.then(() => this.#reload(name))
    })
    this.#watcher.on('error', (err) => logger.warn({ err }, 'strategy files no longer watched'))
  }

  async stop(): Promise<void> {
    this.#watcher?.close()
    await this.#turn
  }

  async #reload(name: string): Promise<void> {
    const { logger, take } = this.#options
    const version = this.#versionOf(name)
    // Saving is several events; between them the file may be empty or away.
    if (version === null || version === this.#versions.get(name)) return
    this.#versions.set(name, version)
    try {
      await take(await this.#load(name, version), version)
    } catch (err) {
      logger.error({ err, strategy: name }, 'strategy file not taken, the old version goes on')
    }
  }

  /** Null while there is nothing to load. */
  #versionOf(name: string): string | null {
    try {
      const text = readFileSync(this.#fileOf(name), 'utf8')
      return text.trim() === '' ? null : createHash('sha256').update(text).digest('hex').slice(0, 8)
    } catch {
      return null
    }
  }

  #fileOf(name: string): URL {
    return new URL(`${name}.ts`, this.#options.folder)
  }

  /** A module is loaded once per address, so that each version gets an address of its own. */
  async #load(name: string, version: string): Promise<Strategy> {
    const address = `${this.#fileOf(name).href}?version=${version}`
    const module = (await import(/* @vite-ignore */ address)) as Record<string, unknown>
    const found = Object.values(module).find((each) => isStrategy(each) && each.name === name)
    if (found === undefined)
      throw new Error(`${name}.ts exports no strategy that is called ${name}`)
    return found as Strategy
  }
}

function isStrategy(value: unknown): value is Strategy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'configure' in value &&
    typeof value.configure === 'function'
  )
}
