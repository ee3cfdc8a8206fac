// The stand-in must be as strict as the server, or what passes here fails there.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { annotatedCsv } from './annotated-csv.ts'
import { parseLine } from './line-parser.ts'
import { startInfluxStandIn, type InfluxStandIn } from './stand-in.ts'

describe('line protocol', () => {
  it('is read with its escapes', () => {
    const line = parseLine(
      String.raw`m\,x\ y,k\=1=a\,b\=c\ d,z=\q f\ 1=1.5e-3,i=-7i,b=T,s="a\"b\\c, =" -5`,
    )
    expect(line.measurement).toBe('m,x y')
    expect(Object.fromEntries(line.tags)).toEqual({ 'k=1': 'a,b=c d', z: '\\q' })
    expect(Object.fromEntries(line.fields)).toEqual({
      'f 1': { type: 'float', value: 0.0015 },
      i: { type: 'integer', value: -7n },
      b: { type: 'boolean', value: true },
      s: { type: 'string', value: 'a"b\\c, =' },
    })
    expect(line.time).toBe(-5n)
  })

  it.each([
    ['no measurement', ',a=b f=1 5'],
    ['no fields', 'm,a=b 5'],
    ['no fields but a space', 'm,a=b  5'],
    ['an empty tag value', 'm,a= f=1 5'],
    ['an empty tag key', 'm,=b f=1 5'],
    ['a tag without a value', 'm,a f=1 5'],
    ['a tag given twice', 'm,a=1,a=2 f=1 5'],
    ['an equals sign in a tag', 'm,a=b=c f=1 5'],
    ['a tag that ends with a backslash', 'm,a=b\\ f=1 5'],
    ['a field without a value', 'm f= 5'],
    ['NaN', 'm f=NaN 5'],
    ['infinity', 'm f=Infinity 5'],
    ['a word', 'm f=abc 5'],
    ['text without an end', 'm f="abc 5'],
    ['an integer too large', 'm f=9223372036854775808i 5'],
    ['a decimal integer', 'm f=1.5i 5'],
    ['no time', 'm f=1'],
    ['a time with a fraction', 'm f=1 5.5'],
    ['something after the time', 'm f=1 5 6'],
    ['a comma before the fields', 'm, f=1 5'],
    ['an empty line', ''],
  ])('is refused with %s', (_title, line) => {
    expect(() => parseLine(line)).toThrow(/unable to parse/)
  })
})

describe('answers', () => {
  const columns = new Map([
    ['_field', 'close'],
    ['_measurement', 'ohlcv'],
    ['symbol', 'a,"b"'],
  ])
  const range = { start: 0, stop: 86_400_000 }

  it('carry annotations, the name of the result as a default, and quoted cells', () => {
    const value = { type: 'float', value: 1e21 } as const
    const row = { time: 1_500, value }
    const tables = [{ columns, range, isGrouped: true, rows: [row] }]
    expect(annotatedCsv([{ name: '_result', tables }]).split('\r\n')).toEqual([
      '#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string',
      '#group,false,false,true,true,false,false,true,true,true',
      '#default,_result,,,,,,,,',
      ',result,table,_start,_stop,_time,_value,_field,_measurement,symbol',
      ',,0,1970-01-01T00:00:00Z,1970-01-02T00:00:00Z,1970-01-01T00:00:01.500Z,1000000000000000000000,close,ohlcv,"a,""b"""',
      '',
      '',
    ])
  })

  it('have no time after an aggregate, and are a lone line break when there is nothing', () => {
    const row = { time: null, value: { type: 'integer', value: 3n } } as const
    const tables = [{ columns, range, isGrouped: true, rows: [row] }]
    expect(annotatedCsv([{ name: '_result', tables }])).not.toContain('_time')
    expect(annotatedCsv([{ name: '_result', tables: [] }])).toBe('\r\n')
  })
})

describe('the stand-in', () => {
  let server: InfluxStandIn

  beforeEach(async () => {
    server = await startInfluxStandIn()
  })
  afterEach(() => server.close())

  async function post(path: string, body: string, token = server.token) {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Token ${token}` },
      body,
    })
    return { status: answer.status, text: await answer.text() }
  }
  const writePath = '/api/v2/write?org=flotilla&bucket=market&precision=ms'
  const query = (script: string) =>
    post('/api/v2/query?org=flotilla', JSON.stringify({ query: script }))

  it('refuses a write with one bad line as a whole', async () => {
    const answer = await post(writePath, 'm f=1 5\nm f=x 6')
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid' })
    expect(server.storage.all()).toEqual([])
  })

  it('refuses a field that has another type, and writes the rest', async () => {
    expect((await post(writePath, 'm f=1 5')).status).toBe(204)
    expect((await post(writePath, 'm f=2i 6\nm f=3 7')).status).toBe(422)
    expect(server.storage.all()[0]?.points.size).toBe(2)
  })

  it('refuses a wrong token, organization, bucket and path', async () => {
    expect((await post(writePath, 'm f=1 5', 'wrong')).status).toBe(401)
    expect((await post(writePath.replace('flotilla', 'other'), 'm f=1 5')).status).toBe(404)
    expect((await post(writePath.replace('market', 'other'), 'm f=1 5')).status).toBe(404)
    expect((await post('/api/v1/anything', '')).status).toBe(404)
  })

  it('refuses what is not Flux, and Flux that it would have to guess', async () => {
    const range = 'range(start: time(v: "2020-01-01T00:00:00Z"))'
    expect((await query(`from(bucket: "market") |> ${range} |> lst()`)).text).toContain(
      'compilation',
    )
    const unknown = await query(`from(bucket: "market") |> ${range} |> median()`)
    expect(unknown.status).toBe(200)
    await post(writePath, 'm f=1 1600000000000')
    const guessed = await query(`from(bucket: "market") |> ${range} |> median()`)
    expect(guessed).toMatchObject({ status: 400 })
    expect(guessed.text).toContain('does not know median')
  })
})
