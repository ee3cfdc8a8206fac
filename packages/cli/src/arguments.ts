import { MarketSymbol } from '@flotilla/contracts'
import { nearest } from '@flotilla/runtime'
import { InvalidArgumentError } from 'commander'

/** Reads what was typed after a flag; a refusal says what is wanted. */
export function numberFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
    }
    return value
  }
}

export function wholeNumberFrom(min: number, max: number): (text: string) => number {
  const read = numberFrom(min, max)
  return (text) => {
    const value = read(text)
    if (!Number.isInteger(value)) {
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

/** One of a few words; a mistyped one is answered with the nearest. */
export function oneOf<const Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const meant = nearest(text, words)
    throw new InvalidArgumentError(
      meant === null ? `Give one of ${words.join(', ')}.` : `(Did you mean ${meant}?)`,
    )
  }
}

export function symbolOf(text: string): string {
  const symbol = text.toUpperCase()
  if (!MarketSymbol.safeParse(symbol).success) {
    throw new InvalidArgumentError('Give a symbol like BTC/USDT.')
  }
  return symbol
}

/** A day, a moment (UTC unless it says otherwise) or epoch milliseconds; as epoch milliseconds. */
export function momentOf(text: string): number {
  if (/^\d{12,14}$/.test(text)) return Number(text)
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)
  const hasZone = isDay || /(Z|[+-]\d{2}:\d{2})$/.test(text)
  const time = isDay || isMoment ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('Give a day or a moment, as 2024-01-31 or 2024-01-31T12:00Z.')
  }
  return time
}

/** For flags that may be given several times. */
export function collect(text: string, before: readonly string[]): string[] {
  return [...before, text]
}
