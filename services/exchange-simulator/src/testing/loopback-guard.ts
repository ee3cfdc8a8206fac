import { Socket } from 'node:net'

/** Nothing leaves this machine while it is set: a connection to anywhere else fails and is noted. */
export type LoopbackGuard = {
  /** Host and port of every attempt. */
  readonly attempts: readonly string[]
  lift(): void
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1|\[::1\])$/

/**
 * Every TCP connection of a Node process begins with `connect` of a socket, before any name is looked
 * up, whether by HTTP, TLS, WebSocket or fetch.
 */
export function guardLoopback(): LoopbackGuard {
  const attempts: string[] = []
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its socket below
  const connect = Socket.prototype.connect as (this: Socket, ...values: unknown[]) => Socket
  const guarded = function (this: Socket, ...values: unknown[]): Socket {
    const target = targetOf(values)
    if (target === null || LOOPBACK.test(target.host)) return connect.apply(this, values)
    attempts.push(`${target.host}:${target.port}`)
    queueMicrotask(() => this.destroy(new Error(`${target.host} is not this machine`)))
    return this
  }
  Socket.prototype.connect = guarded as Socket['connect']
  return {
    attempts,
    lift: () => {
      Socket.prototype.connect = connect as Socket['connect']
    },
  }
}

type Target = { readonly host: string; readonly port: string }

/** Null for a file on this machine. The arguments come plain, or gathered into one list. */
function targetOf([first, second]: readonly unknown[]): Target | null {
  const options: unknown = Array.isArray(first) ? first[0] : first
  if (typeof options !== 'object' || options === null) {
    return { host: typeof second === 'string' ? second : 'localhost', port: String(first) }
  }
  const { host, port, path } = options as { host?: string; port?: number | string; path?: string }
  return path !== undefined && port === undefined
    ? null
    : { host: host ?? 'localhost', port: String(port) }
}
