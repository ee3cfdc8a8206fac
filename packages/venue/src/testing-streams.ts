// Coinbase, MEXC and Alpaca as stand-ins on loopback that stream, for tests of who listens to them.
export { openStreamScene, type StreamScene } from './wire-test/spot-streams.ts'
