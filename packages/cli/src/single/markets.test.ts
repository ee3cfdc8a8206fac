import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRecordedSymbols, symbolOfRecording } from './markets.ts'

test.each([
  ['binance_BTC-USDT_1m_2024-08.csv.gz', 'BTC/USDT'],
  ['binance-usdm_1000PEPE-USDT_1h_2024.csv', '1000PEPE/USDT'],
  ['candles.csv', null],
  ['binance_btc-usdt_1m.csv', null],
])('the recording %s holds %s', (file, symbol) => {
  expect(symbolOfRecording(file)).toBe(symbol)
})

test('a recording says its symbols by its name or by a column, or what is wrong with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-recordings-'))
  try {
    const write = (name: string, text: string): string => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    }
    const good = write('binance_BTC-USDT_1m_2024-08.csv', '')
    const rows = 'symbol,timestamp_ms,price\nETH/USDT,1,2\nSOL/USDT,1,2\nETH/USDT,2,3\n'
    const several = write('several.csv', rows)
    const nameless = write('candles.csv', 'timestamp_ms,price\n1,2\n')
    const broken = write('candles.parquet', 'PAR1 and nothing that follows')
    const symbolsOf = async (...files: string[]) => {
      const read = await readRecordedSymbols(files)
      return read.kind === 'symbols' ? read.symbols : read.problem
    }
    expect(await symbolsOf(good, several)).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
    expect(await symbolsOf(good, join(folder, 'absent.csv'))).toMatch(/no file .*absent\.csv/)
    expect(await symbolsOf(nameless)).toMatch(/candles\.csv does not say its symbol, nor has it/)
    expect(await symbolsOf(broken)).toMatch(/candles\.parquet cannot be read: /)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
