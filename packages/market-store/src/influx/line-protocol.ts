// Points as line protocol. The client's own builder escapes names and texts; numbers that are prices are
// written as floats for statistics and, exactly, as text.
import { Point as Line } from '@influxdata/influxdb-client'

import type { Decimal } from '@flotilla/money'

import type { Point } from '../points.ts'
import { PointsRefusedError } from '../write-queue.ts'
import { exactText } from './exact-text.ts'

export function lineOf(point: Point): string {
  const line = pointLine(point).toLineProtocol()
  if (line === undefined) throw new PointsRefusedError(`${point.kind} has no fields`)
  return line
}

function pointLine(point: Point): Line {
  switch (point.kind) {
    case 'candle': {
      const { venue, symbol, timeframe, openTime, closeTime, ...figures } = point.row
      const { open, high, low, close, baseVolume, quoteVolume } = figures
      const amounts = [open, high, low, close, baseVolume, quoteVolume]
      const floats = { open, high, low, close, base_volume: baseVolume, quote_volume: quoteVolume }
      const line = withFloats(tagged('ohlcv', { venue, symbol, timeframe }), floats)
      return line.stringField('exact', exactText([...amounts, closeTime])).timestamp(openTime)
    }
    case 'ticker': {
      const { venue, symbol, observedAt, last, bid, ask, quoteVolume24h } = point.row
      const floats = { last, bid, ask, quote_volume_24h: quoteVolume24h }
      const line = withFloats(tagged('ticker', { venue, symbol }), floats)
      const exact = exactText([last, bid, ask, quoteVolume24h])
      return line.stringField('exact', exact).timestamp(observedAt)
    }
    case 'indicator': {
      const { venue, symbol, timeframe, name, at, value } = point.row
      const line = tagged('indicator', { venue, symbol, timeframe, name })
      return line.floatField('value', value).timestamp(at)
    }
    case 'equity': {
      const { account, at, equity } = point.row
      const line = withFloats(tagged('equity', { account }), { equity })
      return line.stringField('exact', exactText([equity])).timestamp(at)
    }
  }
}

/**
 * Line protocol has no way to write these in a tag: a backslash at the end would escape what follows, and control
 * characters would come back as something else.
 */
const unwritable = /\p{Cc}|\\$/u

function tagged(measurement: string, tags: Readonly<Record<string, string>>): Line {
  const line = new Line(measurement)
  for (const [name, value] of Object.entries(tags)) {
    if (unwritable.test(value)) {
      throw new PointsRefusedError(`${name} cannot be written: ${JSON.stringify(value)}`)
    }
    line.tag(name, value)
  }
  return line
}

/** What is null is left out: a float field cannot be empty. */
function withFloats(line: Line, amounts: Readonly<Record<string, Decimal | null>>): Line {
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount !== null) line.floatField(name, amount.toNumber())
  }
  return line
}
