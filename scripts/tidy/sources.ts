// The source files of the checkout, for the rules that no linter knows.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

const IGNORED = new Set(['node_modules', '.git', '.flotilla', '.cache'])

/** Files below a folder, relative to the root of the checkout. */
export function filesBelow(folder: string, matching: RegExp = /./): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !IGNORED.has(entry.name))
    .flatMap((entry) => {
      const child = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(child, matching)
      return matching.test(child) ? [child] : []
    })
}

export function foldersIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !IGNORED.has(entry.name))
    .map((entry) => relative(root, join(root, folder, entry.name)))
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function exists(file: string): boolean {
  return existsSync(join(root, file))
}

export function isFolder(file: string): boolean {
  return exists(file) && statSync(join(root, file)).isDirectory()
}

/** A line of code that breaks a rule: `file:line: text`. */
export function linesMatching(file: string, pattern: RegExp): string[] {
  return textOf(file)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []))
}
