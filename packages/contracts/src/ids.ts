// Deterministic ids. The id of a message follows from what caused it, so that doing the same work
// twice makes the same id and the second one is recognised as a duplicate.
import { hash } from 'node:crypto'

/** The root of all our names: a version 4 UUID, chosen once. */
const NAMESPACE = Buffer.from('7b0c4f5e9d1a4c0fb1f6a9f3c2d85e67', 'hex')

/** What is hashed lies here: the namespace, and behind it the name. */
const room = Buffer.alloc(4_096)
NAMESPACE.copy(room)

/**
 * A version 5 UUID (RFC 9562, section 5.5) of the given parts. Parts are kept apart: `('ab', 'c')`
 * and `('a', 'bc')` are different ids.
 */
export function deriveId(...parts: readonly string[]): string {
  let name = ''
  for (const part of parts) name += `${part.length}:${part}`
  const digest = hash('sha1', bytesOf(name), 'hex')
  const version = `5${digest.slice(13, 16)}`
  // The two highest bits of this digit say which variant it is.
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16)
  const clock = `${variant}${digest.slice(17, 20)}`
  return [digest.slice(0, 8), digest.slice(8, 12), version, clock, digest.slice(20, 32)].join('-')
}

function bytesOf(name: string): Buffer {
  // A character takes three bytes at most.
  if (name.length * 3 > room.length - NAMESPACE.length) {
    return Buffer.concat([NAMESPACE, Buffer.from(name, 'utf8')])
  }
  return room.subarray(0, NAMESPACE.length + room.write(name, NAMESPACE.length, 'utf8'))
}
