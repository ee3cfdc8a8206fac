import type { TextResponse } from '../http/server.ts'
import type { FaultArguments, FaultKind, FaultSpec } from './fault-kinds.ts'
import type { Fault } from './fault-registry.ts'

/** What a struck request is answered, or what becomes of its answer. */
const UNKNOWN =
  'Timeout waiting for response from backend server. Send status unknown; execution status unknown.'

const messages: Readonly<Record<number, string>> = {
  [-1000]: 'An unknown error occurred while processing the request.',
  [-1001]: 'Internal error; unable to process your request. Please try again.',
  [-1006]: 'An unexpected response was received from the message bus. Execution status unknown.',
  [-1008]: 'Server is currently overloaded with other requests. Please try again in a few minutes.',
}

const reset: TextResponse = { status: 0, headers: {}, body: '', fate: 'reset' }
const hang: TextResponse = { status: 0, headers: {}, body: '', fate: 'hang' }

type Answers<Result> = {
  readonly [Kind in FaultKind]?: (args: FaultArguments[Kind], response: TextResponse) => Result
}

const instead: Answers<TextResponse | null> = {
  F1: ({ fate }) => (fate === 'reset' ? reset : hang),
  F9: ({ retryAfterSeconds }) => ({
    ...refusal(429, -1003, 'Too much request weight used; please use WebSocket Streams.'),
    headers: { ...json, 'Retry-After': String(retryAfterSeconds) },
  }),
  F11: () => page(403, 'Forbidden'),
  F12: ({ status, lands }) => (lands ? null : page(status, 'Bad day')),
  F13: ({ code, lands }) => (lands ? null : internalError(code)),
  F19: ({ status, code, message }) => refusal(status, code, message),
}

const distortions: Answers<TextResponse> = {
  F2: () => reset,
  F3: () => hang,
  F4: ({ status }) => page(status, 'Service Unavailable'),
  F5: ({ isPage }) => (isPage ? page(504, 'Gateway Time-out') : refusal(504, -1007, UNKNOWN)),
  F6: ({ body }, response) => unreadable(body, response),
  F12: ({ status }) => page(status, 'Bad day'),
  F13: ({ code }) => internalError(code),
}

/** Answers that come without the request getting any further; null lets it pass. */
export function answerInstead({ spec }: Fault): TextResponse | null {
  return pick(instead, spec.kind)?.(spec.args, hang) ?? null
}

/** The request has landed; this is what its sender gets to see of the answer. */
export function distort({ spec }: Fault, response: TextResponse): TextResponse {
  return pick(distortions, spec.kind)?.(spec.args, response) ?? response
}

type Answer<Result> = (args: FaultSpec['args'], response: TextResponse) => Result

/** Kind and arguments belong together since the fault was read. */
function pick<Result>(answers: Answers<Result>, kind: FaultKind): Answer<Result> | undefined {
  return answers[kind] as Answer<Result> | undefined
}

const json = { 'Content-Type': 'application/json;charset=UTF-8' }

function internalError(code: number): TextResponse {
  return refusal(code === -1008 ? 503 : 500, code, messages[code] ?? '')
}

function refusal(status: number, code: number, msg: string): TextResponse {
  return { status, headers: json, body: JSON.stringify({ code, msg }) }
}

function page(status: number, title: string): TextResponse {
  return {
    status,
    headers: { 'Content-Type': 'text/html' },
    body: `<html><head><title>${status} ${title}</title></head><body>${title}</body></html>`,
  }
}

function unreadable(kind: 'truncated' | 'empty' | 'page', response: TextResponse): TextResponse {
  if (kind === 'page') return page(200, 'OK')
  const { body } = response
  return { ...response, body: kind === 'empty' ? '' : body.slice(0, Math.floor(body.length / 2)) }
}
