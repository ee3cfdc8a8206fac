import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { cancelOrder, findByName, restoreEngine } from './core/index.ts'
import { openStore } from './store.ts'
import { desktop } from './testing/builders.ts'

/** As the first version wrote them: no word of lists that wait, trailing, icebergs or prevention. */
const sale = (id: number, change: object) => ({
  symbol: 'BTCUSDT',
  id,
  clientOrderId: `old-${id}`,
  side: 'SELL',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '~10500000000',
  stopPrice: '~0',
  quantity: '~500000000',
  quoteQuantity: '~0',
  selfTradeMode: 'EXPIRE_MAKER',
  strategyId: null,
  strategyType: null,
  listId: -1,
  status: 'NEW',
  expiryReason: null,
  executed: '~0',
  executedQuote: '~0',
  locked: '~500000000',
  createdAt: 1,
  updatedAt: 1,
  workingAt: 1,
  trades: [],
  ...change,
})

const trade = {
  symbol: 'BTCUSDT',
  id: 7,
  orderId: 1,
  listId: -1,
  price: '~1',
  quantity: '~1',
  quote: '~1',
  commission: '~0',
  commissionAsset: 'USDT',
  time: 1,
  isBuyer: false,
  isMaker: true,
}

test('a folder of the first version opens, and its orders go on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-old-folder-'))
  const old = new DatabaseSync(join(folder, 'exchange.sqlite'))
  for (const table of ['orders', 'trades']) {
    old.exec(`CREATE TABLE ${table} (
      symbol TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (symbol, id)
    ) WITHOUT ROWID`)
  }
  const put = (table: string, row: { id: number }): void =>
    void old
      .prepare(`INSERT INTO ${table} VALUES ('BTCUSDT', ?, ?)`)
      .run(row.id, JSON.stringify(row))
  put('orders', sale(1, { status: 'FILLED', locked: '~0' }))
  put('orders', sale(2, {}))
  put(
    'orders',
    sale(3, { type: 'STOP_LOSS', price: '~0', stopPrice: '~9500000000', workingAt: -1 }),
  )
  put('trades', trade)
  old.close()

  const store = openStore(folder)
  const desk = desktop({ USDT: 0, BTC: 10 })
  const { engine, market } = desk
  const holding = { free: 0n, locked: 1_000_000_000n, house: 0n, fees: 0n }
  const memory = store.load()
  restoreEngine(engine, { ...memory, holdings: new Map([['BTC', holding]]) })
  expect(market.trades.all().map(({ id }) => id)).toEqual([7])
  expect(findByName(market, 'old-1')?.trades).toHaveLength(1)
  desk.move(107)
  desk.move(94)
  expect(market.orders.all().map(({ status }) => status)).toEqual(['FILLED', 'FILLED', 'FILLED'])
  const name = { symbol: 'BTCUSDT', orderId: 3, clientOrderId: null }
  expect(cancelOrder(engine, name, 9)).toMatchObject({ message: 'Unknown order sent.' })
  store.close()
  rmSync(folder, { recursive: true, force: true })
})
