// A process of the chain benchmark: one real agent over RabbitMQ, or (`all`) the agents together over
// the in-process bus, with the candles told from within.
import { stdoutJsonSink } from '@flotilla/runtime'
import { hostChain, type OnOrder } from './chain-agents.ts'
import { candleCourse, Range, type Hits, type Shots } from './chain-drive.ts'
import { chainAgents, type ChainAgent, type ChainPlace } from './chain-world.ts'

export type Command =
  | { readonly kind: 'leap' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'shoot'; readonly shots: Shots }

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'order'; readonly name: string; readonly at: number }
  | { readonly kind: 'hits'; readonly hits: Hits }
  | { readonly kind: 'failed'; readonly reason: string }

const [which, encoded] = process.argv.slice(2) as [ChainAgent | 'all', string]
const place = JSON.parse(encoded) as ChainPlace
const report = (message: Report): void => void process.send!(message)

const range = new Range()
const tell: OnOrder = (name, at) =>
  which === 'all' ? range.ended(name, at) : report({ kind: 'order', name, at })
const chain = await hostChain({
  names: which === 'all' ? chainAgents : [which],
  place,
  sink: stdoutJsonSink(),
  onOrder: tell,
})
const { bus } = chain
const course =
  bus === null
    ? null
    : candleCourse(place.startMs, (message) => {
        void bus.publish(message)
      })

process.on('message', (command: Command) => {
  obey(command).catch((error: unknown) => report({ kind: 'failed', reason: String(error) }))
})
process.on('disconnect', () => process.exit(0))
report({ kind: 'ready' })

async function obey(command: Command): Promise<void> {
  switch (command.kind) {
    case 'leap':
      return chain.leap()
    case 'stop':
      await chain.stop()
      return process.disconnect()
    case 'shoot':
      if (course === null) throw new Error('only the fleet of one process is told to shoot')
      report({ kind: 'hits', hits: await range.shoot(course, command.shots) })
  }
}
