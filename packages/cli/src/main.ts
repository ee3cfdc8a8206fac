import { runProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

process.exit(await runProgram(process.argv.slice(2), processTerminal))
