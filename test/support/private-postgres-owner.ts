// A program for tests: owns a private PostgreSQL until it is killed.
import { startPrivatePostgres } from '@flotilla/ledger'

const server = await startPrivatePostgres({ folder: process.argv[2]! })
console.log(`${server.pid()} ${server.url}`)
setInterval(() => {}, 60_000)
