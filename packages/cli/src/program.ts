import { controlActions, Timeframe } from '@flotilla/contracts'
import type { ControlAction } from '@flotilla/contracts'
import { Command, CommanderError } from 'commander'
import { addAccountCommands } from './account/account-commands.ts'
import { collect, momentOf, numberFrom, oneOf, symbolOf, wholeNumberFrom } from './arguments.ts'
import { checkConfig, printConfigSchema } from './config-commands.ts'
import { candleFormats } from './download/formats.ts'
import type { DownloadCommandOptions } from './download/download-command.ts'
import { examplesText, exampleText } from './examples.ts'
import type { CommandName } from './examples.ts'
import { showLogs } from './logs-command.ts'
import type { LogsOptions } from './logs-command.ts'
import type { ControlOptions, DeadLetterOptions } from './operator/operator-commands.ts'
import type { ProvisionOptions } from './provision/provision-command.ts'
import type { StartOptions } from './single/start-command.ts'
import type { Terminal } from './terminal.ts'
import type { WhyOptions } from './why/why-command.ts'

/**
 * The `flotilla` command. What a command needs is loaded when it runs, so that help and mistakes are
 * answered at once.
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0
  const finish = (result: Promise<number>): Promise<void> =>
    result.then((value) => {
      code = value
    })
  const program = new Command('flotilla')
    .description('A self-hosted trading fleet of small agents. Paper money unless told otherwise.')
    .addHelpText('after', examplesText())
    .showHelpAfterError('(flotilla --help shows every command)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    })
    .exitOverride()
  addRunCommands(program, terminal, finish)
  addOperatorCommands(program, terminal, finish)
  addAccountCommands(program, terminal, finish)
  addConfigCommands(program, terminal, finish)
  addStrategyCommand(program, terminal, finish)
  addProvisionCommand(program, terminal, finish)
  addDownloadCommand(program, terminal, finish)
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    throw error
  }
  return code
}

type Finish = (result: Promise<number>) => Promise<void>

function command(parent: Command, name: string, example: CommandName): Command {
  return parent.command(name).addHelpText('after', exampleText(example))
}

const configFlag = ['-c, --config <file>', 'configuration (default: flotilla.yaml)'] as const

function addRunCommands(program: Command, terminal: Terminal, finish: Finish): void {
  command(program, 'start', 'start')
    .description('run the whole fleet in this process: paper trading on a simulated exchange')
    .option(...configFlag)
    .option('--speed <times>', 'market time against real time', numberFrom(0.1, 10_000))
    .option('--seed <number>', 'which market to simulate', wholeNumberFrom(0, 2 ** 31 - 1))
    .option('--candles <file>', 'replay recorded candles (CSV, Parquet), repeatable', collect, [])
    .option('--trades <file>', 'replay recorded trades (CSV, Parquet), repeatable', collect, [])
    .option('--books <file>', 'recorded order books beside the trades, repeatable', collect, [])
    .option('--duration <seconds>', 'stop by itself after this long', numberFrom(1, 31_536_000))
    .option('--http-port <port>', 'overview, health and metrics', wholeNumberFrom(0, 65_535))
    .option('--simulator-port <port>', 'port of the exchange', wholeNumberFrom(0, 65_535), 0)
    .option('--fresh', 'forget what earlier runs of this market left')
    .option('--verbose', "show the agents' own log lines too")
    .action(async (options: StartOptions) => {
      const { startSingle } = await import('./single/start-command.ts')
      await finish(startSingle(options, terminal))
    })
  command(program, 'up', 'up')
    .description('run one process per agent on given RabbitMQ, PostgreSQL and exchange')
    .option(...configFlag)
    .action(async (options: { config?: string }) => {
      const { startProcesses } = await import('./up/up-command.ts')
      await finish(startProcesses(options, terminal))
    })
  command(program, 'logs', 'logs')
    .description('show the logs of one agent, of several, or of all')
    .argument('[agents...]', 'names of agents; all unless given')
    .option('-n, --lines <count>', 'how many of the last lines', wholeNumberFrom(0, 1_000_000), 20)
    .option('-f, --follow', 'go on as lines come')
    .option('--json', 'as they are stored')
    .action((agents: string[], options: LogsOptions) => finish(showLogs(agents, options, terminal)))
}

function addOperatorCommands(program: Command, terminal: Terminal, finish: Finish): void {
  const load = () => import('./operator/operator-commands.ts')
  command(program, 'control', 'control')
    .description('command a running fleet')
    .argument('<action>', controlActions.join(', '), oneOf(controlActions))
    .option(...configFlag)
    .option('--account <name>', 'this account only')
    .option('--symbol <symbol>', 'this market only, as BTC/USDT', symbolOf)
    .option('--agent <name>', 'reload this agent only')
    .option('--reason <text>', 'for the record')
    .action(async (action: ControlAction, options: ControlOptions) => {
      await finish((await load()).control(action, options, terminal))
    })
  command(program, 'why', 'why')
    .description('tell how an order came about: candle, intent, checks, reservation, fills')
    .argument('<subject>', 'name of an order, id of an intent or a reservation, or a symbol')
    .option(...configFlag)
    .option('--ledger <url>', 'PostgreSQL to read; the configured one unless given')
    .action(async (subject: string, options: WhyOptions) => {
      const { why } = await import('./why/why-command.ts')
      await finish(why(subject, options, terminal))
    })
  const letters = command(program, 'dead-letters', 'dead-letters').description(
    'messages that could not be handled',
  )
  command(letters, 'list', 'dead-letters')
    .description('show them, with the reason')
    .option(...configFlag)
    .option('--agent <name>', 'of this agent only')
    .option('--limit <count>', 'at most this many', wholeNumberFrom(1, 10_000), 100)
    .action(async (options: DeadLetterOptions) => {
      await finish((await load()).listDeadLetters(options, terminal))
    })
  command(letters, 'requeue', 'dead-letters')
    .description('put them back into their queues, after the fault is mended')
    .argument('[ids...]', 'ids shown by list; all unless given')
    .option(...configFlag)
    .option('--agent <name>', 'of this agent only')
    .option('--limit <count>', 'at most this many', wholeNumberFrom(1, 10_000), 100)
    .action(async (ids: string[], options: DeadLetterOptions) => {
      await finish((await load()).requeueDeadLetters(ids, options, terminal))
    })
}

const environment = process.env

function addProvisionCommand(program: Command, terminal: Terminal, finish: Finish): void {
  command(program, 'provision', 'provision')
    .description("make RabbitMQ's users and rights and the ledger's tables, before agents start")
    .option(...configFlag)
    .option(
      '--rabbitmq <url>',
      "address of RabbitMQ's management API",
      environment['FLOTILLA_PROVISION_RABBITMQ_URL'] ?? 'http://127.0.0.1:15672',
    )
    .option(
      '--amqp <url>',
      'address of the broker itself',
      environment['FLOTILLA_PROVISION_AMQP_URL'] ?? 'amqp://127.0.0.1:5672',
    )
    .option('--admin-user <name>', 'administrator of the broker', 'admin')
    .option('--vhost <name>', 'virtual host of the fleet', 'flotilla')
    .option(
      '--secrets <folder>',
      'one file rabbitmq-password-<user> for the administrator and each agent',
      environment['FLOTILLA_PROVISION_SECRETS'] ?? '/run/secrets',
    )
    .action(async (options: ProvisionOptions) => {
      const load = await import('./provision/provision-command.ts')
      await finish(load.provision(options, terminal))
    })
}

function addDownloadCommand(program: Command, terminal: Terminal, finish: Finish): void {
  command(program, 'download', 'download')
    .description('fetch candles of the configured venue into a file; goes on where it stopped')
    .option(...configFlag)
    .requiredOption('--symbol <symbol>', 'the market, as BTC/USDT', symbolOf)
    .option(
      '--timeframe <length>',
      'length of a candle; the configured one unless given',
      oneOf(Timeframe.options),
    )
    .requiredOption('--from <moment>', 'first candle: a day, a moment or epoch ms', momentOf)
    .option('--to <moment>', 'end, not included; now unless given', momentOf)
    .option('--out <file>', 'CSV, or Parquet by its ending; named after the candles unless given')
    .option('--format <format>', 'csv or parquet, of a file without --out', oneOf(candleFormats))
    .action(async (options: DownloadCommandOptions) => {
      const { download } = await import('./download/download-command.ts')
      await finish(download(options, terminal))
    })
  command(program, 'convert-candles', 'convert-candles')
    .description('turn a file of candles from CSV into Parquet, or back')
    .argument('<from>', '.csv, .csv.gz or .parquet')
    .argument('<to>', '.csv or .parquet')
    .action(async (from: string, to: string) => {
      const { convert } = await import('./download/convert-command.ts')
      await finish(convert(from, to, terminal))
    })
}

function addConfigCommands(program: Command, terminal: Terminal, finish: Finish): void {
  command(program, 'check-config', 'check-config')
    .description('check the configuration without starting anything')
    .option(...configFlag)
    .action((options: { config?: string }) => finish(checkConfig(options, terminal)))
  command(program, 'config-schema', 'config-schema')
    .description('print the JSON Schema of flotilla.yaml, for editors')
    .action(() => finish(printConfigSchema(terminal)))
}

function addStrategyCommand(program: Command, terminal: Terminal, finish: Finish): void {
  command(program, 'new-strategy', 'new-strategy')
    .description('write a strategy that works, with its test and its page, to begin with')
    .argument('<name>', 'lower case and hyphens, such as my-idea')
    .action(async (name: string) => {
      const { newStrategy } = await import('./new-strategy/new-strategy-command.ts')
      await finish(Promise.resolve(newStrategy(name, terminal)))
    })
}
