import type { Terminal } from './terminal.ts'

/** A terminal that keeps what was said. */
export function createTestTerminal(): Terminal & {
  readonly printed: string[]
  readonly complained: string[]
} {
  const printed: string[] = []
  const complained: string[] = []
  return {
    colors: false,
    printed,
    complained,
    print: (text) => void printed.push(...text.split('\n')),
    complain: (text) => void complained.push(...text.split('\n')),
  }
}
