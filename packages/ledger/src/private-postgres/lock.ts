// One owner per folder. The lock is a listening socket without a file (Linux's abstract names):
// the kernel lets go of it when its process ends, however it ends, so that it can never be stale.
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { waitFor } from '../clock.ts'

export type FolderLock = { release(): Promise<void> }

export class FolderInUseError extends Error {
  constructor(folder: string) {
    super(
      `another Flotilla is running on ${folder}; stop it first, or give this one its own folder`,
    )
    this.name = 'FolderInUseError'
  }
}

/** Waits a moment for an owner that is just stopping. */
export async function lockFolder(folder: string, withinMs: number): Promise<FolderLock> {
  const name = `\0flotilla-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  const server = await waitFor(() => listen(name), { withinMs, everyMs: 50 })
  if (server === null) throw new FolderInUseError(folder)
  server.unref()
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen({ path, exclusive: true }, () => resolve(server))
  })
}
