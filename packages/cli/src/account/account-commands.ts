// What the command says of accounts: how they did, what they were worth, what was decided and ordered.
import type { Command } from 'commander'
import { denialGuide, type DenialCode } from '@flotilla/contracts'
import { momentOf, numberFrom, oneOf, symbolOf, wholeNumberFrom } from '../arguments.ts'
import type { CommandsOptions } from './commands-command.ts'
import type { DecisionsOptions } from './decisions-command.ts'
import type { CompareOptions } from '../compare/compare-command.ts'
import type { HoldingsOptions } from './holdings-command.ts'
import type { ReservationsOptions } from './reservations-command.ts'
import type { TradesOptions } from './trades-command.ts'
import type { EquityOptions } from '../compare/equity-command.ts'
import { exampleText } from '../examples.ts'
import type { Terminal } from '../terminal.ts'

const denialCodes = Object.keys(denialGuide) as DenialCode[]

type Finish = (result: Promise<number>) => Promise<void>

const configFlag = ['-c, --config <file>', 'configuration (default: flotilla.yaml)'] as const
const sinceFlag = ['--since <moment>', 'from here: a day, a moment or epoch ms', momentOf] as const
const untilFlag = ['--until <moment>', 'up to here, not included', momentOf] as const
const ledgerFlag = [
  '--ledger <url>',
  'PostgreSQL to read; the configured one unless given',
] as const
const jsonFlag = ['--json', 'as JSON'] as const

export function addAccountCommands(program: Command, terminal: Terminal, finish: Finish): void {
  addEquityCommands(program, terminal, finish)
  addRecordCommands(program, terminal, finish)
  addHoldingsCommand(program, terminal, finish)
  addReservationsCommand(program, terminal, finish)
  addTradesCommand(program, terminal, finish)
}

function addHoldingsCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('holdings')
    .description('show every asset of an account with its price, its value and its share')
    .addHelpText('after', exampleText('holdings'))
    .option(...configFlag)
    .option(...ledgerFlag)
    .option('--account <name>', 'of this account; all unless given')
    .option(...jsonFlag)
    .action(async (options: HoldingsOptions) => {
      const { showHoldings } = await import('./holdings-command.ts')
      await finish(showHoldings(options, terminal))
    })
}

function addReservationsCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('reservations')
    .description('show what is set aside for orders, and what waits for fills that nobody told')
    .addHelpText('after', exampleText('reservations'))
    .option(...configFlag)
    .option(...ledgerFlag)
    .option('--account <name>', 'of this account; all unless given')
    .option(...jsonFlag)
    .action(async (options: ReservationsOptions) => {
      const { showReservations } = await import('./reservations-command.ts')
      await finish(showReservations(options, terminal))
    })
}

function addTradesCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('trades')
    .description('show what each trade brought, cost and risked, and what is open now')
    .addHelpText('after', exampleText('trades'))
    .option(...configFlag)
    .option(...ledgerFlag)
    .option('--account <name>', 'of this account; all unless given')
    .option('--symbol <symbol>', 'of this market', symbolOf)
    .option(...sinceFlag)
    .option(
      '--limit <count>',
      'list the newest so many; 50, or all as CSV',
      wholeNumberFrom(1, 1e6),
    )
    .option('--csv', 'closed trades as CSV (RFC 4180), with every digit')
    .option(...jsonFlag)
    .action(async (options: TradesOptions) => {
      const { showTrades } = await import('./trades-command.ts')
      await finish(showTrades(options, terminal))
    })
}

function addEquityCommands(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('compare')
    .description('compare two accounts that took the same intents, and tell chance from policy')
    .argument('<account>', 'the first')
    .argument('<other>', 'the second')
    .addHelpText('after', exampleText('compare'))
    .option(...configFlag)
    .option(
      '--period <minutes>',
      'of a return; by the length of the series unless given',
      numberFrom(1, 44_640),
    )
    .option(...sinceFlag)
    .option(...untilFlag)
    .option('--level <percent>', 'of the intervals', numberFrom(50, 99.9), 95)
    .option('--draws <count>', 'of the bootstrap', wholeNumberFrom(100, 1_000_000), 10_000)
    .option(
      '--seed <number>',
      'the same seed gives the same answer',
      wholeNumberFrom(0, 2 ** 31 - 1),
      1,
    )
    .option(...jsonFlag)
    .action(async (account: string, other: string, options: CompareOptions) => {
      const { compareAccounts } = await import('../compare/compare-command.ts')
      await finish(compareAccounts([account, other], options, terminal))
    })
  program
    .command('equity')
    .description('show what an account was worth over time')
    .addHelpText('after', exampleText('equity'))
    .option(...configFlag)
    .option('--account <name>', 'the account; the first unless given')
    .option(...sinceFlag)
    .option(...untilFlag)
    .option('--limit <count>', 'the newest so many', wholeNumberFrom(1, 1_000_000), 50)
    .option(...jsonFlag)
    .action(async (options: EquityOptions) => {
      const { showEquity } = await import('../compare/equity-command.ts')
      await finish(showEquity(options, terminal))
    })
}

function addRecordCommands(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('decisions')
    .description('show what was decided and why, newest first; `why` tells all about one')
    .addHelpText('after', exampleText('decisions'))
    .option(...configFlag)
    .option(...ledgerFlag)
    .option('--account <name>', 'of this account; all unless given')
    .option('--symbol <symbol>', 'of this market', symbolOf)
    .option('--verdict <verdict>', 'approved or denied', oneOf(['approved', 'denied']))
    .option('--code <code>', 'denied for this reason, see docs/DENIALS.md', oneOf(denialCodes))
    .option(...sinceFlag)
    .option(...untilFlag)
    .option('--limit <count>', 'at most this many', wholeNumberFrom(1, 100_000), 20)
    .option('--checks', 'with every check, its inputs and outcome')
    .option(...jsonFlag)
    .action(async (options: DecisionsOptions) => {
      const { showDecisions } = await import('./decisions-command.ts')
      await finish(showDecisions(options, terminal))
    })
  program
    .command('commands')
    .description('show what is paused, flattened or halted, and who commanded what, when and why')
    .addHelpText('after', exampleText('commands'))
    .option(...configFlag)
    .option(...ledgerFlag)
    .option('--account <name>', 'of this account; all unless given')
    .option('--limit <count>', 'the newest so many', wholeNumberFrom(1, 100_000), 20)
    .option(...jsonFlag)
    .action(async (options: CommandsOptions) => {
      const { showCommands } = await import('./commands-command.ts')
      await finish(showCommands(options, terminal))
    })
}
