/**
 * One example for each command, shown by `flotilla --help` and by the command's own help. They can be
 * pasted as they are, in the checkout.
 */
export const examples = {
  start: 'npm run flotilla -- start --speed 120 --duration 60',
  up: 'npm run flotilla -- up --config distributed.yaml',
  logs: 'npm run flotilla -- logs risk-manager --lines 50 --follow',
  control: 'npm run flotilla -- control pause --symbol BTC/USDT --reason "news at three"',
  compare: 'npm run flotilla -- compare main cautious --period 60',
  equity: 'npm run flotilla -- equity --account main --since 2026-01-05',
  decisions: 'npm run flotilla -- decisions --symbol BTC/USDT --code no_price --since 2026-01-05',
  trades: 'npm run --silent flotilla -- trades --since 2026-01-05 --csv > trades.csv',
  holdings: 'npm run flotilla -- holdings --account main',
  reservations: 'npm run flotilla -- reservations --account main',
  commands: 'npm run flotilla -- commands --account main',
  why: 'npm run flotilla -- why BTC/USDT',
  download:
    'npm run flotilla -- download --symbol BTC/USDT --timeframe 1h --from 2024-01-01 --to 2024-02-01',
  'convert-candles':
    'npm run flotilla -- convert-candles binance_BTC-USDT_1h.csv binance_BTC-USDT_1h.parquet',
  'dead-letters': 'npm run flotilla -- dead-letters list --agent execution',
  'new-strategy': 'npm run flotilla -- new-strategy my-idea',
  'check-config': 'npm run flotilla -- check-config --config flotilla.yaml',
  'config-schema': 'npm run --silent flotilla -- config-schema > flotilla.schema.json',
  provision:
    'npm run flotilla -- provision --rabbitmq http://127.0.0.1:15672 --secrets /run/secrets',
} as const

export type CommandName = keyof typeof examples

export function examplesText(): string {
  const lines = Object.values(examples).map((example) => `  $ ${example}`)
  return `\nExamples:\n${lines.join('\n')}\n`
}

export function exampleText(name: CommandName): string {
  return `\nExample:\n  $ ${examples[name]}\n`
}
