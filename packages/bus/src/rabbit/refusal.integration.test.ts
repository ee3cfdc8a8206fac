import { randomBytes } from 'node:crypto'
import { connect } from 'amqplib'
import type { AgentName } from '@flotilla/contracts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createUser } from '../../../../test/support/rabbitmq.ts'
import { freshVhost, sharedRabbit } from '../../../../test/support/rabbitmq-shared.ts'
import { ack, deadLetter, TopologyError, type Bus } from '../bus.ts'
import { eventually, intentQueue, Recorder, takeIntents } from '../conformance/scene.ts'
import { permissionsOf } from '../permissions.ts'
import { intent, tradingState } from '../testing.ts'
import { rabbitDeadLetters } from './dead-letters.ts'
import { provisionRabbit } from './provision.ts'
import { connectRabbit } from './rabbit-bus.ts'

// What a broker refuses is said once, clearly, and is not tried for ever.

const rabbit = await sharedRabbit()

describe.skipIf(rabbit === null)('a broker that refuses', () => {
  let url: string
  let opened: Bus[]
  const onFatal = vi.fn()

  beforeEach(async () => {
    url = await freshVhost(rabbit)
    opened = []
    onFatal.mockReset()
  })
  afterEach(async () => {
    await Promise.all(opened.map((bus) => bus.close()))
  })

  async function open(address = url): Promise<Bus> {
    const bus = await connectRabbit({ url: address, onFatal, publishTimeoutMs: 20_000 })
    opened.push(bus)
    return bus
  }

  test('a wrong password ends the start', async () => {
    const wrong = url.replace('guest:guest', 'guest:wrong')
    const refused = connectRabbit({ url: wrong, onFatal })
    await expect(refused).rejects.toThrow(TopologyError)
    await expect(refused).rejects.toThrow(/refuses the user or its password/)
    await expect(refused).rejects.not.toThrow(/wrong@/)
    expect(onFatal).toHaveBeenCalled()
  })

  test('a queue declared with other arguments is an error, not a loop', async () => {
    const model = await connect(url, { noDelay: true })
    const channel = await model.createChannel()
    await channel.assertQueue(intentQueue(0), { durable: true })
    await model.close()
    const bus = await open()
    const refused = takeIntents(bus, new Recorder())
    await expect(refused).rejects.toThrow(TopologyError)
    await expect(refused).rejects.toThrow(/declared differently at the broker/)
    expect(onFatal).toHaveBeenCalledOnce()
  })

  test('provisioning twice is provisioning once, and then nothing is unroutable', async () => {
    await provisionRabbit(url)
    await provisionRabbit(url)
    const bus = await open()
    await bus.publishAll([intent(1), tradingState(2)])
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    await recorder.hasSeen(1)
  })

  describe('with a user of its own for each agent', () => {
    async function userOf(agent: AgentName): Promise<string> {
      const user = `${agent}-${randomBytes(4).toString('hex')}`
      await createUser(rabbit!, {
        user,
        vhost: new URL(url).pathname.slice(1),
        ...permissionsOf(agent),
      })
      return url.replace('guest:guest', `${user}:secret`)
    }

    test('agents do their work, dead letters included', async () => {
      await provisionRabbit(url)
      const strategy = await open(await userOf('strategy'))
      const riskManager = await open(await userOf('risk-manager'))
      const recorder = new Recorder(async ({ message }) => {
        return message.payload === null || recorder.deliveries.length > 1 ? ack : deadLetter('no')
      })
      await takeIntents(riskManager, recorder)
      await strategy.publishAll([intent(1), intent(2)])
      await recorder.hasSeen(2)
      await eventually(async () => {
        expect(await rabbitDeadLetters(url).list()).toHaveLength(1)
      })
      expect(onFatal).not.toHaveBeenCalled()
    })

    test('an agent that says what is not its own to say is stopped', async () => {
      await provisionRabbit(url)
      const strategy = await open(await userOf('strategy'))
      await expect(strategy.publish(tradingState(1))).rejects.toThrow(/no permission/)
      expect(onFatal).toHaveBeenCalledOnce()
    })

    test('an agent that wants the queue of another is refused', async () => {
      await provisionRabbit(url)
      const strategy = await open(await userOf('strategy'))
      await expect(takeIntents(strategy, new Recorder())).rejects.toThrow(/no permission/)
    })
  })
})
