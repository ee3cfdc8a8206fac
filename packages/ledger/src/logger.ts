/** What the ledger needs of a logger; pino's is one. */
export type LedgerLogger = {
  info(values: object, phrase: string): void
  warn(values: object, phrase: string): void
  error(values: object, phrase: string): void
}

export const silentLogger: LedgerLogger = { info: ignore, warn: ignore, error: ignore }

function ignore(): void {}
