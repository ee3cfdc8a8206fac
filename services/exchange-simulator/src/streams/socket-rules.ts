/**
 * How the exchange keeps its sockets: a ping every twenty seconds and a minute to answer one, a day of
 * life at the most, few words a second, and not too many at once. All of it is real time.
 */
export type SocketRules = {
  readonly pingMs: number
  readonly pongMs: number
  readonly lifetimeMs: number
  /** Frames that a client may send in a second: messages of a market stream, pings, pongs. */
  readonly framesPerSecond: number
  /** Streams of one connection. */
  readonly streamsMax: number
  readonly connectionsMax: number
  readonly connectionsMs: number
}

const documented: SocketRules = {
  pingMs: 20_000,
  pongMs: 60_000,
  lifetimeMs: 86_400_000,
  framesPerSecond: 5,
  streamsMax: 1_024,
  connectionsMax: 300,
  connectionsMs: 300_000,
}

/** A market that runs faster lets its clients speak faster; one that is moved by hand sets no limit. */
export function socketRules({ clock, speed }: { clock: string; speed: number }): SocketRules {
  const scale = clock === 'manual' ? Infinity : Math.max(1, speed)
  return {
    ...documented,
    framesPerSecond: documented.framesPerSecond * scale,
    connectionsMax: documented.connectionsMax * scale,
  }
}

/** Counts within spans of time that follow each other; true as long as it is not too much. */
export function createQuota(most: number, lengthMs: number): (now: number) => boolean {
  let start = -Infinity
  let count = 0
  return (now) => {
    if (now - start >= lengthMs) {
      start = now
      count = 0
    }
    count += 1
    return count <= most
  }
}
