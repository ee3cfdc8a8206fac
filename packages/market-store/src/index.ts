// The door of the package: the port and its two implementations.
export * from './port.ts'
export {
  openSqliteMarketStore,
  type SqliteMarketStoreOptions,
} from './sqlite/sqlite-market-store.ts'
export {
  openInfluxMarketStore,
  type InfluxMarketStoreOptions,
} from './influx/influx-market-store.ts'
