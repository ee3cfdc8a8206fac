import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordingProblem, symbolOfRecording } from './markets.ts'

test.each([
  ['binance_BTC-USDT_1m_2024-08.csv.gz', 'BTC/USDT'],
  ['binance-usdm_1000PEPE-USDT_1h_2024.csv', '1000PEPE/USDT'],
  ['candles.csv', null],
  ['binance_btc-usdt_1m.csv', null],
])('the recording %s holds %s', (file, symbol) => {
  expect(symbolOfRecording(file)).toBe(symbol)
})

test('a recording that cannot be replayed is named, with what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-recordings-'))
  try {
    const good = join(folder, 'binance_BTC-USDT_1m_2024-08.csv')
    const nameless = join(folder, 'candles.csv')
    writeFileSync(good, '')
    writeFileSync(nameless, '')
    expect(recordingProblem([good])).toBeNull()
    expect(recordingProblem([good, join(folder, 'absent.csv')])).toMatch(/no file .*absent\.csv/)
    expect(recordingProblem([nameless])).toMatch(/candles\.csv does not say its symbol; call it/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
