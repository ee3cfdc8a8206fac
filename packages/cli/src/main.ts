import { surviveClosedOutput } from '@flotilla/runtime'
import { runProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

surviveClosedOutput()
process.exit(await runProgram(process.argv.slice(2), processTerminal))
