// The five indicators as one would write them by hand, for nothing but these five: the baseline that
// the general ones are measured against. TA-Lib's definitions, a class each.

export class HandEma {
  value = Number.NaN
  #period: number
  #smoothing: number
  #count = 0
  #sum = 0

  constructor(period: number) {
    this.#period = period
    this.#smoothing = 2 / (period + 1)
  }

  update(price: number): number {
    if (this.#count >= this.#period) {
      this.value += this.#smoothing * (price - this.value)
      return this.value
    }
    this.#sum += price
    this.#count += 1
    if (this.#count === this.#period) this.value = this.#sum / this.#period
    return this.value
  }
}

export class HandRsi {
  value = Number.NaN
  #period: number
  #count = -1
  #previous = 0
  #gain = 0
  #loss = 0

  constructor(period: number) {
    this.#period = period
  }

  update(price: number): number {
    const change = price - this.#previous
    this.#previous = price
    this.#count += 1
    if (this.#count === 0) return this.value
    const gain = change > 0 ? change : 0
    const loss = change < 0 ? -change : 0
    if (this.#count <= this.#period) {
      this.#gain += gain / this.#period
      this.#loss += loss / this.#period
      if (this.#count < this.#period) return this.value
    } else {
      this.#gain += (gain - this.#gain) / this.#period
      this.#loss += (loss - this.#loss) / this.#period
    }
    const total = this.#gain + this.#loss
    this.value = total === 0 ? 50 : (100 * this.#gain) / total
    return this.value
  }
}

export class HandAtr {
  value = Number.NaN
  #period: number
  #count = -1
  #close = 0
  #sum = 0

  constructor(period: number) {
    this.#period = period
  }

  update(high: number, low: number, close: number): number {
    const range = Math.max(high, this.#close) - Math.min(low, this.#close)
    this.#close = close
    this.#count += 1
    if (this.#count === 0) return this.value
    if (this.#count > this.#period) {
      this.value += (range - this.value) / this.#period
      return this.value
    }
    this.#sum += range
    if (this.#count === this.#period) this.value = this.#sum / this.#period
    return this.value
  }
}

/** Sums its window anew, as a value that is the same after a restart has to. */
export class HandBollinger {
  middle = Number.NaN
  upper = Number.NaN
  lower = Number.NaN
  #prices: Float64Array
  #multiplier: number
  #count = 0

  constructor(period: number, multiplier: number) {
    this.#prices = new Float64Array(period)
    this.#multiplier = multiplier
  }

  update(price: number): number {
    const prices = this.#prices
    const period = prices.length
    prices[this.#count % period] = price
    this.#count += 1
    if (this.#count < period) return this.middle
    let sum = 0
    for (let index = 0; index < period; index += 1) sum += prices[index]!
    const mean = sum / period
    let squares = 0
    for (let index = 0; index < period; index += 1) squares += (prices[index]! - mean) ** 2
    const width = this.#multiplier * Math.sqrt(squares / period)
    this.middle = mean
    this.upper = mean + width
    this.lower = mean - width
    return mean
  }
}

export class HandMacd {
  line = Number.NaN
  signal = Number.NaN
  histogram = Number.NaN
  #fast: HandEma
  #slow: HandEma
  #average: HandEma
  #late: number

  constructor(fast: number, slow: number, signal: number) {
    this.#fast = new HandEma(fast)
    this.#slow = new HandEma(slow)
    this.#average = new HandEma(signal)
    this.#late = slow - fast
  }

  update(price: number): number {
    const slow = this.#slow.update(price)
    if (this.#late > 0) {
      this.#late -= 1
      return this.line
    }
    const fast = this.#fast.update(price)
    if (slow !== slow) return this.line
    this.line = fast - slow
    this.signal = this.#average.update(this.line)
    this.histogram = this.line - this.signal
    return this.line
  }
}
