// Runs the test suite and ends with one line that a machine can read. Arguments go to vitest.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const Report = z.looseObject({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
})

const folder = mkdtempSync(join(tmpdir(), 'flotilla-test-'))
const file = join(folder, 'report.json')
const vitest = join(import.meta.dirname, '..', 'node_modules', '.bin', 'vitest')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
const child = spawn(vitest, ['run', ...reporters, ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Hundreds of processes are started in a run: each module is compiled for the first of them only.
  env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => {
  process.exitCode = conclude(code ?? 1)
})

function conclude(code: number): number {
  try {
    const report = Report.parse(JSON.parse(readFileSync(file, 'utf8')))
    // A file that could not even be loaded has no test that failed, yet it did fail.
    const failed = Math.max(report.numFailedTests, code === 0 ? 0 : 1)
    const skipped = report.numPendingTests + report.numTodoTests
    console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
    return failed === 0 ? 0 : 1
  } catch (error) {
    console.error('the test run left no report:', error)
    console.log('0 passed, 1 failed, 0 skipped')
    return 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
