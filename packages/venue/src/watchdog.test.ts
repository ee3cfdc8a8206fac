// Silence on real sockets, with a time that is turned by hand.
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { openSocket, type Socket } from './ccxt/socket.ts'
import { Watchdog } from './watchdog.ts'
import { createManualTimer, type ManualTimer } from './wire-test/manual-timer.ts'

const patience = { timeout: 30_000, interval: 5 }
const minute = 60_000

let timer: ManualTimer
beforeEach(() => {
  timer = createManualTimer()
})

describe('a watchdog', () => {
  it('barks once, when nothing was heard for as long as was said', () => {
    const barks: string[] = []
    const onSilence = (reason: string): void => void barks.push(reason)
    const watchdog = new Watchdog({ silenceMaxMs: minute, onSilence, timer })
    timer.advance(minute - 1)
    watchdog.heard()
    timer.advance(minute - 1)
    expect(barks).toEqual([])
    timer.advance(1)
    expect(barks).toEqual(['nothing came for 60000 ms'])
    timer.advance(10 * minute)
    expect(barks).toHaveLength(1)
  })

  it('that was stopped says nothing and waits for nothing', () => {
    const onSilence = (): void => expect.unreachable()
    new Watchdog({ silenceMaxMs: minute, onSilence, timer }).stop()
    timer.advance(10 * minute)
    expect(timer.waiting).toBe(0)
  })
})

describe('a socket', () => {
  let server: WebSocketServer
  let theirs: WebSocket
  let ours: Socket
  let ends: string[]
  let texts: string[]

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await new Promise<void>((done) => void server.once('listening', done))
    const connected = new Promise<WebSocket>((done) => void server.once('connection', done))
    ends = []
    texts = []
    const { port } = server.address() as AddressInfo
    ours = await openSocket({
      url: `ws://127.0.0.1:${String(port)}`,
      openWithinMs: 30_000,
      silenceMaxMs: minute,
      onText: (text) => void texts.push(text),
      onEnd: (reason) => void ends.push(reason),
      timer,
    })
    theirs = await connected
  })
  afterEach(async () => {
    ours.close()
    theirs.terminate()
    await new Promise((done) => server.close(done))
  })

  it('on which nothing comes for a minute is ended, and the other side sees it', async () => {
    const closed = new Promise((done) => void theirs.once('close', done))
    timer.advance(minute - 1)
    expect(ends).toEqual([])
    timer.advance(1)
    expect(ends).toEqual(['nothing came for 60000 ms'])
    await closed
  })

  it('is kept by pings alone, for as long as they come', async () => {
    for (let ping = 0; ping < 5; ping += 1) {
      const answered = new Promise((done) => void theirs.once('pong', done))
      theirs.ping()
      await answered
      timer.advance(minute - 1)
    }
    expect(ends).toEqual([])
    timer.advance(1)
    expect(ends).toHaveLength(1)
  })

  it('is kept by messages', async () => {
    timer.advance(minute - 1)
    theirs.send('one')
    await expect.poll(() => texts, patience).toEqual(['one'])
    timer.advance(minute - 1)
    expect(ends).toEqual([])
  })
})
