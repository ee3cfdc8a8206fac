import { describe, expect, test } from 'vitest'
import { openAmqpRelay, type AmqpRelay, type Cut } from '../../../../test/support/amqp-relay.ts'
import { freshVhost, sharedRabbit } from '../../../../test/support/rabbitmq-shared.ts'
import { eventually, Recorder, takeIntents } from '../conformance/scene.ts'
import { intent, symbolPerPartition } from '../testing.ts'
import { connectRabbit } from './rabbit-bus.ts'

// The line to the broker dies at every kind of answer, at the first and at the last of its kind, the
// answer unheard or just heard: whatever was being waited for, the agent goes on over the next one.

const rabbit = await sharedRabbit()
const symbols = symbolPerPartition(4)

/** An agent connects, declares, consumes and publishes, one after the other, and stops. */
async function agentLife(url: URL, cut: Cut | null): Promise<AmqpRelay> {
  const target = { host: url.hostname, port: Number(url.port) }
  const relay = await openAmqpRelay(target, cut)
  const through = new URL(url)
  through.port = String(relay.port)
  const bus = await connectRabbit({ url: through.href, publishTimeoutMs: 150_000 })
  const recorder = new Recorder()
  try {
    await takeIntents(bus, recorder)
    // One by one, so that the broker does not confirm several in one answer.
    for (const n of [0, 1, 2, 3]) await bus.publish(intent(n, symbols[n]))
    await eventually(() => expect(new Set(recorder.numbers).size).toBe(4))
  } finally {
    await bus.close()
    await relay.close()
  }
  return relay
}

describe.skipIf(rabbit === null)('a line that dies', async () => {
  const url = rabbit === null ? null : new URL(await freshVhost(rabbit))
  // The first life makes what the later ones find.
  if (url !== null) await agentLife(url, null)
  const answers = url === null ? new Map<string, number>() : (await agentLife(url, null)).answers

  test('may die at every kind of answer', () => {
    expect([...answers.keys()]).toEqual(
      expect.arrayContaining([
        'connection.open-ok',
        'channel.open-ok',
        'channel.close-ok',
        'exchange.declare-ok',
        'queue.declare-ok',
        'confirm.select-ok',
        'basic.consume-ok',
        'basic.deliver',
        'basic.ack',
      ]),
    )
  })

  for (const [answer, count] of answers) {
    // The last goodbye is waited for only so long: a slow broker may not get to answer it.
    if (answer === 'connection.close-ok') continue
    for (const nth of new Set([0, count - 1])) {
      for (const when of ['before', 'after'] as const) {
        test(`${when} ${answer} ${nth + 1} is survived`, async () => {
          const relay = await agentLife(url!, { answer, nth, when })
          expect(relay.hasCut()).toBe(true)
        })
      }
    }
  }
})
