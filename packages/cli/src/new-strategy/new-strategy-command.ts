import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../places.ts'
import type { Terminal } from '../terminal.ts'
import { planStrategy } from './plan.ts'

/** `flotilla new-strategy`: a strategy that works, its test and its page, known to the fleet at once. */
export function newStrategy(name: string, terminal: Terminal, root: string = checkout): number {
  const at = (path: string): string => join(root, path)
  const plan = planStrategy(name, {
    exists: (path) => existsSync(at(path)),
    read: (path) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : null),
  })
  if (plan.kind === 'refused') {
    terminal.complain(`flotilla: ${plan.reason}`)
    return 1
  }
  try {
    for (const [path, text] of plan.written) {
      // Never over something that came in between.
      writeFileSync(at(path), text, { flag: 'wx' })
      terminal.print(`wrote    ${path}`)
    }
    for (const [path, text] of plan.changed) {
      writeFileSync(at(path), text)
      terminal.print(`changed  ${path}`)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    terminal.complain(`flotilla: not everything could be written: ${error.message}`)
    return 1
  }
  terminal.print('')
  terminal.print(`Try it:      npm test -- packages/strategy-kit/src/strategies/${name}.test.ts`)
  terminal.print(`Let it run:  name it in flotilla.yaml, strategy.strategies: [{ name: ${name} }]`)
  return 0
}
