// The command as a user meets it: help, slips, a bad configuration, a whole fleet that trades, is
// killed, goes on, and stops when it is told to.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeFolder } from './flotilla-command.ts'
import type { Folder, Run } from './flotilla-command.ts'

/** A fleet on two busy cores takes its time. */
const patience = { timeout: 240_000 }

describe('without a fleet', () => {
  let folder: Folder
  beforeEach(() => {
    folder = makeFolder()
  })
  afterEach(() => folder.remove())

  async function outcome(...words: string[]) {
    const run = folder.run(words)
    const code = await run.ended
    return { code, out: run.lines.join('\n'), err: run.errors.join('\n') }
  }

  test('help shows every command with one example', patience, async () => {
    const { code, out } = await outcome('--help')
    expect(code).toBe(0)
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]*)(?: \[| <| {2})/gm)].map(
      ([, name]) => name,
    )
    const expected = ['start', 'up', 'logs', 'control', 'dead-letters', 'check-config']
    expect(commands).toEqual(expect.arrayContaining([...expected, 'config-schema']))
    for (const name of commands.filter((each) => each !== 'help')) {
      expect(out).toMatch(new RegExp(`\\$ npm run .*flotilla -- ${name}\\b`))
    }
  })

  test('an unknown command and an unknown flag suggest the nearest', patience, async () => {
    const command = await outcome('strat')
    expect([command.code, command.err]).toEqual([1, expect.stringMatching(/Did you mean start\?/)])
    const flag = await outcome('start', '--durration', '5')
    expect([flag.code, flag.err]).toEqual([1, expect.stringMatching(/Did you mean --duration\?/)])
  })

  test(
    'a bad configuration ends with 1, names file, line and fix, starts nothing',
    patience,
    async () => {
      writeFileSync(join(folder.path, 'flotilla.yaml'), 'mode: paper\nrisk:\n  balanceShar: 0.1\n')
      for (const command of ['start', 'check-config']) {
        const { code, out, err } = await outcome(command)
        expect(code).toBe(1)
        expect(err).toContain('flotilla.yaml:3:3 risk.balanceShar: is not a known setting')
        expect(err).toContain('did you mean "balanceShare"?')
        expect(out).toBe('')
      }
      expect(existsSync(join(folder.path, '.flotilla'))).toBe(false)
    },
  )

  test('a setting from the environment is checked as one of the file', patience, async () => {
    const run = folder.run(['check-config'], { FLOTILLA_SIMULATOR__SPEED: '-3' })
    expect(await run.ended).toBe(1)
    expect(run.errors[0]).toMatch(
      /^FLOTILLA_SIMULATOR__SPEED simulator\.speed: -3 is below the limit of 0\.1; use at least/,
    )
  })

  test('a setting that does nothing at the venue is a warning and no fault', patience, async () => {
    const run = folder.run(['check-config'], {
      FLOTILLA_VENUE__KIND: 'binance',
      FLOTILLA_VENUE__TESTNET: 'true',
      FLOTILLA_EXECUTION__CONVERT: 'exits',
    })
    expect(await run.ended).toBe(0)
    expect(run.errors.join('\n')).toMatch(
      /^warning: execution\.convert: exits does nothing at binance/,
    )
  })

  test('the shipped configuration is good', patience, async () => {
    const { code, out } = await outcome('check-config')
    expect([code, out]).toEqual([0, expect.stringMatching(/is good: paper trading of BTC\/USDT/)])
  })

  test('the schema of the configuration knows every section', patience, async () => {
    const { code, out } = await outcome('config-schema')
    expect(code).toBe(0)
    const schema = JSON.parse(out) as { properties: Record<string, unknown> }
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining([
        'mode',
        'venue',
        'data',
        'analysis',
        'strategy',
        'risk',
        'execution',
        'gateway',
      ]),
    )
  })

  test('without a fleet there is nothing to command and nothing to read', patience, async () => {
    const command = await outcome('control', 'pause')
    expect([command.code, command.err]).toEqual([1, expect.stringMatching(/no fleet runs here/)])
    const logs = await outcome('logs')
    expect([logs.code, logs.err]).toEqual([1, expect.stringMatching(/start the fleet first/)])
  })
})

describe('a fleet of one process', () => {
  const words = ['start', '--speed', '600', '--http-port', '0']
  let folder: Folder
  let first: Run
  let url: string

  beforeAll(async () => {
    folder = makeFolder()
    first = folder.run(words)
    const overview = await first.line(/overview +http/)
    url = overview.trim().split(/\s+/).at(-1) ?? ''
  }, 120_000)
  afterAll(() => folder.remove())

  test(
    'trades: intents, decisions, orders, fills, and positions with their stops',
    patience,
    async () => {
      await first.line(/data-collection +closed .*BTC\/USDT [\d.]+/)
      await first.line(/technical-analysis +signal/)
      await first.line(/strategy +.* wishes to buy/)
      await first.line(/risk-manager +.* buy approved .* reserved/)
      await first.line(/execution +.* order sent: entry buy/)
      await first.line(/execution +.* buy (filled|part fill)/)
      await first.line(/execution +.* position .* stop [\d.]+, take-profit [\d.]+/)
    },
  )

  test('says that it is well, at one address, with and without the slash', patience, async () => {
    for (const path of ['health', 'health/', 'health/readiness', 'health/liveness/']) {
      const ask = () => fetch(`${url}/api/v1/${path}`, { redirect: 'manual' })
      await expect.poll(async () => (await ask()).status, { timeout: 60_000 }).toBe(200)
    }
    const metrics = await (await fetch(`${url}/metrics`)).text()
    for (const agent of ['data-collection', 'execution', 'risk-manager', 'strategy']) {
      expect(metrics).toContain(`flotilla_agent_ready{agent="${agent}",instance="1"}`)
    }
  })

  test('has a log for each agent', patience, async () => {
    const logs = folder.run(['logs', 'risk-manager', '--lines', '5'])
    expect(await logs.ended).toBe(0)
    expect(logs.lines.length).toBeGreaterThan(0)
    for (const line of logs.lines) expect(line).toMatch(/risk-manager/)
  })

  test('tells how an order came about, from the candle to the fill', patience, async () => {
    const sent = await first.line(/execution +.* buy filled/)
    const symbol = /[A-Z]+\/USDT/.exec(sent)?.[0] ?? ''
    const running = folder.run(['why', symbol])
    expect([await running.ended, running.errors]).toEqual([0, []])
    const text = running.lines.join('\n')
    expect(text).toMatch(/^from seed-1 \(running\)/)
    expect(text).toMatch(/1m candle .*[^]*wishes to [^]*available-balance[^]*what was said/)
  })

  test('obeys commands from another terminal', patience, async () => {
    const pause = folder.run(['control', 'pause', '--reason', 'lunch'])
    expect(await pause.ended).toBe(0)
    await first.line(/risk-manager +trading paused: .*lunch/)
    const resume = folder.run(['control', 'resume', '--reason', 'back'])
    expect(await resume.ended).toBe(0)
    await first.line(/risk-manager +trading active: .*back/)
  })

  test('killed, it goes on where it was and ends well by itself', patience, async () => {
    first.kill('SIGKILL')
    expect(await first.ended).toBeNull()
    const before = marketTimes(folder.path)
    const second = folder.run([...words, '--duration', '20'])
    expect(await second.ended).toBe(0)
    const after = marketTimes(folder.path).slice(before.length)
    expect(after[0]! >= before.at(-1)!).toBe(true)
    const summary = second.lines.slice(second.lines.indexOf('Summary'))
    const text = summary.join('\n')
    expect(text).toMatch(/candles +[1-9]/)
    expect(text).toMatch(/USDT +[\d.]+ +[\d.]+ +[\d.]+/)
    expect(text).toMatch(/equity [\d.]+ USDT/)
    expect(second.errors).toEqual([])
  })

  test('stops well within five seconds when it is told to', patience, async () => {
    const third = folder.run(words)
    await third.line(/data-collection +closed/)
    const before = performance.now()
    third.kill('SIGTERM')
    expect(await third.ended).toBe(0)
    // The promise is five seconds; the rest is for a machine with other work.
    expect(performance.now() - before).toBeLessThan(30_000)
    expect(third.lines).toContain('Summary')
    expect(existsSync(join(folder.path, '.flotilla', 'seed-1', 'running.json'))).toBe(false)
  })

  test('can be asked about its orders when it has stopped', patience, async () => {
    const first = folder.run(['why', 'BTC/USDT'])
    expect([await first.ended, first.errors]).toEqual([0, []])
    expect(first.lines[0]).toMatch(/^from seed-1 \(stopped; its database is up for this answer/)
    const intent = /intent ([0-9a-f-]{36})/.exec(first.lines.join('\n'))?.[1] ?? ''
    const second = folder.run(['why', intent])
    expect(await second.ended).toBe(0)
    expect(second.lines.join('\n')).toContain(`BTC/USDT intent ${intent}`)
  })
})

test('whoever wants JSON gets nothing else', patience, async () => {
  const folder = makeFolder()
  try {
    const words = ['start', '--speed', '600', '--http-port', '0', '--duration', '5']
    const run = folder.run(words, { FLOTILLA_LOGS__FORMAT: 'json' })
    expect(await run.ended).toBe(0)
    const records = run.lines.map((line) => JSON.parse(line) as { agent: string; msg: string })
    expect(records.map(({ msg }) => msg)).toContain('fleet running')
    expect(new Set(records.map(({ agent }) => agent))).toContain('risk-manager')
  } finally {
    await folder.remove()
  }
})

describe('a folder', () => {
  let folder: Folder
  beforeEach(() => {
    folder = makeFolder()
  })
  afterEach(() => folder.remove())

  test('is left in order by a fleet that is stopped while it starts', patience, async () => {
    const words = ['start', '--speed', '600', '--http-port', '0']
    const hasty = folder.run(words)
    const begun = join(folder.path, '.flotilla', 'seed-1', 'postgres')
    while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 20))
    hasty.kill('SIGTERM')
    expect(await hasty.ended).toBe(0)
    const next = folder.run([...words, '--duration', '1'])
    expect(await next.ended).toBe(0)
  })

  test('belongs to one fleet at a time', patience, async () => {
    const words = ['start', '--speed', '60', '--http-port', '0']
    const first = folder.run(words)
    await first.line(/overview/)
    const second = folder.run(words)
    expect(await second.ended).toBe(1)
    expect(second.errors.join('\n')).toMatch(/^flotilla: .*(in use|another)/)
    const fresh = folder.run([...words, '--fresh'])
    expect(await fresh.ended).toBe(1)
    expect(fresh.errors.join('\n')).toMatch(/^flotilla: a fleet lives in seed-1 .*stop it first/)
    const control = folder.run(['control', 'pause'])
    expect(await control.ended).toBe(0)
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
  })
})

/** Market times of what an agent logged, in the order of its lines. */
function marketTimes(folder: string): string[] {
  const text = readFileSync(join(folder, '.flotilla', 'logs', 'risk-manager.log'), 'utf8')
  return [...text.matchAll(/"marketTime":"([^"]+)"/g)].map(([, time]) => time ?? '')
}
