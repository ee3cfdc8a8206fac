import type { Bus } from '@flotilla/bus'
import type { AnyMessage } from '@flotilla/contracts'

export type Hear = (message: AnyMessage) => void

/** The same bus; whoever listens hears every message as it goes out. */
export function observed(bus: Bus, hear: Hear): Bus {
  return {
    publish: (message) => {
      hear(message)
      return bus.publish(message)
    },
    publishAll: (messages) => {
      for (const message of messages) hear(message)
      return bus.publishAll(messages)
    },
    subscribe: (options) => bus.subscribe(options),
    health: () => bus.health(),
    close: () => bus.close(),
  }
}

/** How many ids are remembered: more than go out while one waits for its confirmation. */
const rememberedMax = 20_000

/** A message goes out again when its confirmation was lost; it is still one fact, heard once. */
export function onceEach(hear: Hear): Hear {
  const seen = new Set<string>()
  return (message) => {
    if (seen.has(message.messageId)) return
    seen.add(message.messageId)
    const oldest = seen.values().next()
    if (seen.size > rememberedMax && oldest.done !== true) seen.delete(oldest.value)
    hear(message)
  }
}
