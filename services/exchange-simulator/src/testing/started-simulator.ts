import { createSimulator, type Simulator, type SimulatorConfigInput } from '../index.ts'
import { wireClient, type WireClient } from './wire-client.ts'

/** In the middle of a minute, and far from the end of an hour and of a day. */
export const START = Date.UTC(2026, 10, 2, 12, 0, 30)

/** Far below the market, so that it rests. */
export const restingBuy = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01',
  price: '40000',
} as const

export type Started = { readonly simulator: Simulator; readonly client: WireClient }

/** With a client that signs by its clock. In memory only, unless it is given a folder. */
export async function startSimulator(
  config: SimulatorConfigInput,
  folder: string | null = null,
): Promise<Started> {
  const simulator = createSimulator({ config, folder })
  await simulator.start()
  return { simulator, client: wireClient({ url: simulator.url, now: () => simulator.now() }) }
}

/** The same at `START`, where its time stands until a test moves it. */
export function startSimulatorByHand(
  config: SimulatorConfigInput = {},
  folder: string | null = null,
): Promise<Started> {
  return startSimulator({ clock: 'manual', startAt: START, ...config }, folder)
}
