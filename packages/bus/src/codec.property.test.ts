import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode, namesIn } from './codec.ts'
import { intent } from './testing.ts'

test('no body whatever makes decoding throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (body) => {
      expect(decode(body).kind).toBe('invalid')
      namesIn(body)
    }),
  )
})

test('a message survives its journey, and one that lost a byte on the way never passes for it', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), fc.nat(), (number, position) => {
      const message = intent(number)
      const body = encode(message)
      expect(decode(body)).toEqual({ kind: 'message', message })
      const cut = body.slice(0, position % body.length)
      expect(decode(cut).kind).toBe('invalid')
    }),
  )
})
