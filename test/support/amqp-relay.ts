// A line to a broker that reads along what the broker answers, and dies once at an answer that a test names: before
// it is passed on, or right behind it. It counts the answers of all connections together.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** The methods of AMQP 0-9-1 by which a broker answers, as class and method number. */
const names: Readonly<Record<string, string>> = {
  '10.10': 'connection.start',
  '10.30': 'connection.tune',
  '10.41': 'connection.open-ok',
  '10.51': 'connection.close-ok',
  '20.11': 'channel.open-ok',
  '20.40': 'channel.close',
  '20.41': 'channel.close-ok',
  '40.11': 'exchange.declare-ok',
  '50.11': 'queue.declare-ok',
  '50.21': 'queue.bind-ok',
  '60.11': 'basic.qos-ok',
  '60.21': 'basic.consume-ok',
  '60.31': 'basic.cancel-ok',
  '60.60': 'basic.deliver',
  '60.80': 'basic.ack',
  '85.11': 'confirm.select-ok',
}
const METHOD_FRAME = 1
/** Type, channel and length before a frame's content, one octet behind it. */
const HEADER = 7
const FRAME_OVERHEAD = 8

export type Cut = {
  readonly answer: string
  /** Counted from 0. */
  readonly nth: number
  readonly when: 'before' | 'after'
}

export type AmqpRelay = {
  readonly port: number
  /** How often the broker has given each answer. */
  readonly answers: ReadonlyMap<string, number>
  readonly hasCut: () => boolean
  close(): Promise<void>
}

export async function openAmqpRelay(
  target: { host: string; port: number },
  cut: Cut | null,
): Promise<AmqpRelay> {
  const sockets = new Set<Socket>()
  const answers = new Map<string, number>()
  let hasCut = false
  /** How much of the bytes goes through before the line dies there; null when it does not. */
  const cutWithin = (bytes: Buffer, frames: readonly Frame[]): number | null => {
    for (const { name, from, to } of frames) {
      const nth = answers.get(name) ?? 0
      answers.set(name, nth + 1)
      if (hasCut || name !== cut?.answer || nth !== cut.nth) continue
      hasCut = true
      return cut.when === 'before' ? from : Math.min(to, bytes.length)
    }
    return null
  }
  const server = createServer((near) => {
    const far = connect(target)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // The other end is told by the close that follows every error.
      socket.on('error', () => undefined)
    }
    near.pipe(far)
    const read = frameReader()
    far.on('data', (bytes: Buffer) => {
      const end = cutWithin(bytes, read(bytes))
      if (end === null) near.write(bytes)
      else {
        far.removeAllListeners('data').resume()
        // In one piece with what came before, so that the end is there when the answer is read.
        near.end(bytes.subarray(0, end), () => far.destroy())
      }
    })
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    answers,
    hasCut: () => hasCut,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A method frame that ends within the bytes; `from` and `to` are places in them. */
type Frame = { readonly name: string; readonly from: number; readonly to: number }

function frameReader(): (bytes: Buffer) => Frame[] {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    const before = rest.length
    const all = Buffer.concat([rest, bytes])
    const frames: Frame[] = []
    let at = 0
    while (all.length >= at + HEADER) {
      const end = at + FRAME_OVERHEAD + all.readUInt32BE(at + 3)
      if (all.length < end) break
      if (all[at] === METHOD_FRAME) {
        const method = `${all.readUInt16BE(at + HEADER)}.${all.readUInt16BE(at + HEADER + 2)}`
        const name = names[method] ?? method
        frames.push({ name, from: Math.max(0, at - before), to: end - before })
      }
      at = end
    }
    rest = all.subarray(at)
    return frames
  }
}
