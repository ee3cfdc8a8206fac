// The limit: all five indicators in one loop over typed arrays, nothing but local variables, sums
// carried along instead of taken anew. Nobody would keep a trading system in this form.

type Prices = Readonly<Record<'high' | 'low' | 'close', Float64Array>>

export function plainLoop({ high, low, close }: Prices) {
  const warm = 60
  const base = close[0]!
  const state = { ...seedAverages(close, warm), gain: 0, loss: 0, range: 0, sum: 0, squares: 0 }
  let last = 0
  const go = (from: number, to: number): void => {
    let { twenty, twelve, twentySix, signal, gain, loss, range, sum, squares } = state
    for (let index = Math.max(1, from); index < to; index += 1) {
      const price = close[index]!
      const before = close[index - 1]!
      const change = price - before
      const up = change > 0 ? change : 0
      const down = change < 0 ? -change : 0
      const top = high[index]!
      const bottom = low[index]!
      const trueRange = (top > before ? top : before) - (bottom < before ? bottom : before)
      if (index <= 14) {
        gain += up / 14
        loss += down / 14
        range += trueRange / 14
      } else {
        gain += (up - gain) / 14
        loss += (down - loss) / 14
        range += (trueRange - range) / 14
      }
      const shifted = price - base
      sum += shifted
      squares += shifted * shifted
      if (index >= 20) {
        const gone = close[index - 20]! - base
        sum -= gone
        squares -= gone * gone
      }
      if (index >= warm) {
        twenty += (2 / 21) * (price - twenty)
        twelve += (2 / 13) * (price - twelve)
        twentySix += (2 / 27) * (price - twentySix)
        signal += (2 / 10) * (twelve - twentySix - signal)
      }
      const mean = sum / 20
      const width = 2 * Math.sqrt(squares / 20 - mean * mean)
      const strength = (100 * gain) / (gain + loss)
      last = twenty + strength + range + base + mean + width + (twelve - twentySix - signal)
    }
    Object.assign(state, { twenty, twelve, twentySix, signal, gain, loss, range, sum, squares })
  }
  return { go, check: () => last }
}

/** The seeds are no matter of speed: the averages as they stand before candle `until`. */
function seedAverages(close: Float64Array, until: number) {
  const average = (values: readonly number[], period: number): number[] => {
    let value = values.slice(0, period).reduce((sum, each) => sum + each, 0) / period
    return values.slice(period - 1).map((each, index) => {
      if (index > 0) value += (2 / (period + 1)) * (each - value)
      return value
    })
  }
  const seen = [...close.subarray(0, until)]
  const slow = average(seen, 26)
  const fast = average(seen.slice(14), 12)
  const lines = slow.map((each, index) => fast[index]! - each)
  return {
    twenty: average(seen, 20).at(-1)!,
    twelve: fast.at(-1)!,
    twentySix: slow.at(-1)!,
    signal: average(lines, 9).at(-1)!,
  }
}
