import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRealClock } from './clock.ts'
import { formatLogLine } from './log-format.ts'
import { atLeast, fileSink } from './log-sinks.ts'
import { followLogs, printTail, tailProblem } from './log-tail.ts'
import { createLogger } from './logger.ts'
import { captureLogs } from './testing/index.ts'

describe('redaction', () => {
  test('blanks a secret by its name at any depth, whatever its value, and leaves the rest', () => {
    const { logger, records } = captureLogs()
    const deep = { a: { b: [{ c: { apiSecret: { half: 'x1' }, Token: 7, kept: 'yes' } }] } }
    logger.info({ deep, note: 'the word "password": is no key here' }, 'phrase')
    const [record] = records
    expect(record).toMatchObject({
      deep: { a: { b: [{ c: { apiSecret: '[redacted]', Token: '[redacted]', kept: 'yes' } }] } },
      note: 'the word "password": is no key here',
      msg: 'phrase',
    })
  })

  test.each([
    ['a key by its name', { apiKey: 'k' }],
    ['a key inside', { venue: { apiSecret: 'k', token: 'k' } }],
    ['a key two levels inside', { config: { store: { password: 'k' } } }],
    ['a header', { headers: { authorization: 'k', 'X-MBX-APIKEY': 'k' } }],
  ])('%s is taken out', (_name, values) => {
    const logs = captureLogs()
    logs.logger.info(values, 'connected')
    expect(JSON.stringify(logs.records)).toContain('[redacted]')
    expect(JSON.stringify(logs.records)).not.toContain('"k"')
  })

  test('a secret value is taken out of any text, errors included', () => {
    const logs = captureLogs({ secrets: ['hunter"dozen'] })
    logs.logger.error({ err: new Error('bad key hunter"dozen') }, 'refused')
    logs.logger.warn({ query: 'x=hunter"dozen&y=1' }, 'refused')
    expect(JSON.stringify(logs.records)).not.toMatch(/hunter|dozen/)
  })

  test('the password of an address is taken out, the rest is kept', () => {
    const logs = captureLogs()
    logs.logger.info({ url: 'amqp://risk:pa%24s@host:5672/x' }, 'connected')
    expect(logs.records[0]).toMatchObject({ url: 'amqp://risk:[redacted]@host:5672/x' })
  })
})

describe('a readable line', () => {
  test('says time, agent, level, phrase and values, ids shortened', () => {
    const line = JSON.stringify({
      level: 'info',
      time: '2026-11-21T15:04:05.678Z',
      agent: 'risk-manager',
      instance: '1',
      msg: 'intent approved',
      symbol: 'BTC/USDT',
      correlationId: '0b5e7d4c-7a55-5d3c-9d53-0123456789ab',
      reason: 'two words',
      sizes: ['1'],
    })
    expect(formatLogLine(line, { colors: false })).toBe(
      '15:04:05 risk-manager       INFO  intent approved symbol=BTC/USDT ' +
        'correlationId=0b5e7d4c reason="two words" sizes=["1"]',
    )
  })

  test('market time is shown where there is one', () => {
    const line =
      '{"level":"warn","time":"2026-11-21T15:04:05.678Z","marketTime":"2026-01-05T00:01:00.000Z","msg":"x"}'
    expect(formatLogLine(line, { colors: false })).toMatch(/^00:01:00 flotilla +WARN {2}x$/)
  })

  test('what is no JSON passes as it is', () => {
    expect(formatLogLine('Error: boom\n', { colors: true })).toBe('Error: boom')
  })
})

describe('files', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-logs-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const loggerTo = (agent: string, bytesMax?: number) =>
    createLogger({
      agent,
      instance: '1',
      level: 'info',
      sinks: [fileSink(join(folder, `${agent}.log`), bytesMax)],
    })

  test('each agent has its own, and a full one is put aside', () => {
    const logger = loggerTo('strategy', 200)
    for (let index = 0; index < 5; index += 1) logger.info({ index }, 'signal seen')
    const current = readFileSync(join(folder, 'strategy.log'), 'utf8')
    const before = readFileSync(join(folder, 'strategy.log.1'), 'utf8')
    expect(current).toContain('"index":4')
    expect(before.split('\n').length + current.split('\n').length).toBeLessThanOrEqual(7)
  })

  test('the tail of several is merged by time and cut to the last lines', () => {
    const lineAt = (second: number, msg: string): string =>
      `{"level":"info","time":"2026-01-05T00:00:0${second}.000Z","agent":"a","msg":"${msg}"}\n`
    writeFileSync(join(folder, 'strategy.log'), lineAt(1, 'one') + lineAt(3, 'three'))
    writeFileSync(join(folder, 'risk-manager.log'), lineAt(2, 'two'))
    const out: string[] = []
    const agents = ['risk-manager', 'strategy']
    const write = (text: string) => void out.push(text)
    printTail({ folder, agents, lines: 2, colors: false, write })
    expect(out.map((line) => line.trim().split(' ').at(-1))).toEqual(['two', 'three'])
  })

  test('following prints what comes', async () => {
    const logger = loggerTo('strategy')
    logger.info('before')
    const abort = new AbortController()
    const { promise: seen, resolve } = Promise.withResolvers<string>()
    const write = (text: string) => {
      if (text.includes('after')) resolve(text)
    }
    const options = { folder, agents: ['strategy'], lines: 10, colors: false, write }
    const positions = printTail(options)
    const clock = createRealClock()
    const following = followLogs(positions, { ...options, clock, signal: abort.signal })
    logger.info('after')
    expect(await seen).toContain('strategy')
    abort.abort()
    await following
  })

  test('an unknown agent is answered with the nearest', () => {
    expect(tailProblem(folder, [])).toMatch(/start the fleet first/)
    loggerTo('risk-manager').info('x')
    expect(tailProblem(folder, ['risk-manger'])).toMatch(/did you mean risk-manager\?/)
    expect(tailProblem(folder, ['risk-manager'])).toBeNull()
  })
})

test('a sink may ask for the higher levels only', () => {
  const lines: string[] = []
  const sink = atLeast('warn', { write: (line) => void lines.push(line) })
  const logger = createLogger({ agent: 'a', instance: '1', level: 'debug', sinks: [sink] })
  logger.info('quiet')
  logger.warn('heard')
  logger.fatal('heard too')
  expect(lines).toHaveLength(2)
})
