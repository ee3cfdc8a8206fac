// A line between two that a test can cut: whoever is connected through it is cut off, and nobody gets through
// until it is mended.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export type TcpRelay = {
  readonly port: number
  /** Ends every connection at once, and refuses new ones. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

export async function openRelay(target: { host: string; port: number }): Promise<TcpRelay> {
  const sockets = new Set<Socket>()
  let isCut = false
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // The other end is told by the close that follows every error.
    socket.on('error', () => undefined)
  }
  const server = createServer((near) => {
    keep(near)
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(target)
    keep(far)
    near.pipe(far).pipe(near)
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true
      end()
    },
    mend: () => {
      isCut = false
    },
    close: async () => {
      end()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
