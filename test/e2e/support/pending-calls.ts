// Counts the calls that agents have under way to the outside world, so that a test can wait until
// there are none instead of guessing how long they take.

export type PendingCalls = {
  /** The same port, its calls counted. */
  watch<Port extends object>(port: Port): Port
  readonly count: number
}

export function createPendingCalls(): PendingCalls {
  let count = 0
  const done = (): void => {
    count -= 1
  }
  return {
    watch: (port) =>
      new Proxy(port, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          return (...values: unknown[]): unknown => {
            const result: unknown = Reflect.apply(value, target, values)
            if (!(result instanceof Promise)) return result
            count += 1
            result.finally(done).catch(() => undefined)
            return result
          }
        },
      }),
    get count() {
      return count
    },
  }
}
