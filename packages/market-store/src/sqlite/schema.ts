// Amounts are text (exact), times are epoch milliseconds, indicator values are the only floats.
export const schema = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS candle (
  venue TEXT NOT NULL,
  symbol TEXT NOT NULL,
  timeframe TEXT NOT NULL,
  open_time INTEGER NOT NULL,
  close_time INTEGER NOT NULL,
  open TEXT NOT NULL,
  high TEXT NOT NULL,
  low TEXT NOT NULL,
  close TEXT NOT NULL,
  base_volume TEXT NOT NULL,
  quote_volume TEXT,
  PRIMARY KEY (venue, symbol, timeframe, open_time)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ticker (
  venue TEXT NOT NULL,
  symbol TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  last TEXT NOT NULL,
  bid TEXT,
  ask TEXT,
  quote_volume_24h TEXT,
  PRIMARY KEY (venue, symbol, observed_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS indicator (
  venue TEXT NOT NULL,
  symbol TEXT NOT NULL,
  timeframe TEXT NOT NULL,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (venue, symbol, timeframe, name, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS equity (
  account TEXT NOT NULL,
  at INTEGER NOT NULL,
  equity TEXT NOT NULL,
  PRIMARY KEY (account, at)
) STRICT, WITHOUT ROWID;
`
