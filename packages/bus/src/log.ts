/** The part of a logger that the bus needs; fixed phrases, values in the fields. */
export type BusLog = {
  info(fields: object, phrase: string): void
  warn(fields: object, phrase: string): void
  error(fields: object, phrase: string): void
}
