import { ParameterReader, refuse, type Parameters } from '../core/index.ts'
import type { ListenKeys } from '../streams/listen-keys.ts'
import { reply, type Endpoint } from './endpoint.ts'

/**
 * Listen keys were retired in 2026 and answer 410: the account's events come by the WebSocket API. With
 * `legacyListenKey` they work as they did, for clients that know nothing else.
 */
export function listenKeyEndpoints(keys: ListenKeys | null): readonly Endpoint[] {
  const shared = { path: '/api/v3/userDataStream', weight: 2 } as const
  if (keys === null) {
    return (['POST', 'PUT', 'DELETE'] as const).map((method) => ({
      ...shared,
      method,
      security: 'none',
      parameters: ['listenKey', 'apiKey'],
      handle: () => refuse(-1020, 'This operation is not supported.', 410),
    }))
  }
  const named = (method: 'PUT' | 'DELETE', act: (key: string) => boolean): Endpoint => ({
    ...shared,
    method,
    security: 'key',
    parameters: ['listenKey', 'apiKey'],
    handle: ({ parameters }) => answerFor(parameters, act),
  })
  return [
    {
      ...shared,
      method: 'POST',
      security: 'key',
      parameters: ['apiKey'],
      handle: () => reply({ listenKey: keys.open() }),
    },
    named('PUT', (key) => keys.extend(key)),
    named('DELETE', (key) => keys.close(key)),
  ]
}

function answerFor(parameters: Parameters, act: (key: string) => boolean) {
  const reader = new ParameterReader(parameters)
  const key = reader.mandatoryText('listenKey')
  if (reader.refusal !== null) return reader.refusal
  return act(key) ? reply({}) : refuse(-1125, 'This listenKey does not exist.')
}
