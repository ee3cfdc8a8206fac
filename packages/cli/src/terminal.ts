import { styleText } from 'node:util'

/** What a command needs of the terminal; tests give their own. */
export type Terminal = {
  readonly colors: boolean
  print(text: string): void
  complain(text: string): void
  /** Shows the text in place of the one before; null ends the line. Absent where lines stay. */
  readonly progress?: (text: string | null) => void
}

export const processTerminal: Terminal = {
  colors: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  ...(process.stdout.isTTY ? { progress: rewriteLine } : {}),
}

function rewriteLine(text: string | null): void {
  process.stdout.write(text === null ? '\n' : `\r${text}\u001b[K`)
}

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

export function painter(colors: boolean): Paint {
  return (style, text) => (colors ? styleText(style, text, { validateStream: false }) : text)
}

/** A table with its columns as wide as they need to be; figures stand at the right. */
export function table(rows: readonly (readonly string[])[], rightFrom = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column >= rightFrom ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
