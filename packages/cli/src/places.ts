import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '@flotilla/runtime'

/** Where things lie: the user's files, the fleet's own folder, the configuration. */

/** The checkout this command belongs to. */
export const checkout = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** A path as the user typed it: relative to where the user is, not to where npm put us. */
export function userPath(path: string, environment: Environment = process.env): string {
  return resolve(environment['FLOTILLA_INVOKED_FROM'] ?? process.cwd(), path)
}

/** Data, logs and notes of running fleets; may be deleted when no fleet runs, and all is forgotten. */
export function stateFolder(environment: Environment = process.env): string {
  return resolve(environment['FLOTILLA_FOLDER'] ?? '.flotilla')
}

export function logFolder(environment: Environment = process.env): string {
  return join(stateFolder(environment), 'logs')
}

/** The file that was named, else flotilla.yaml here, else the one that ships with the code. */
export function configFile(named?: string, environment: Environment = process.env): string {
  const chosen = named ?? environment['FLOTILLA_CONFIG']
  if (chosen !== undefined && chosen !== '') return userPath(chosen, environment)
  const here = userPath('flotilla.yaml', environment)
  return existsSync(here) ? here : join(checkout, 'flotilla.yaml')
}

/** Short for messages: relative to where the user is, when it lies below. */
export function shownPath(path: string, environment: Environment = process.env): string {
  const base = environment['FLOTILLA_INVOKED_FROM'] ?? process.cwd()
  return isAbsolute(path) && path.startsWith(`${base}/`) ? path.slice(base.length + 1) : path
}
