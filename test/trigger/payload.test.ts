import { expect, test } from 'vitest'
import { objectProblem, readPayload } from '../../src/trigger/payload.js'
import { cases } from '../helpers/cases.js'

const unreadable = cases<{ readonly bytes: string | readonly number[]; readonly message: string }>({
  'white space only': { bytes: ' \n', message: 'unexpected end of JSON input' },
  truncated: { bytes: '{"a": "b', message: 'unexpected end of JSON input' },
  'a byte order mark': { bytes: '\uFEFF{}', message: "invalid character '\uFEFF'" },
  'invalid UTF-8': {
    bytes: [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
    message: 'invalid UTF-8: send the JSON text encoded as UTF-8',
  },
  'half a surrogate pair': { bytes: '{"a":"\\ud83d"}', message: 'invalid \\u escape: half of a surrogate pair' },
  'half a surrogate pair in a key': { bytes: '{"\\udc00":1}', message: 'invalid \\u escape: half of a surrogate pair' },
  NaN: { bytes: '{"a":NaN}', message: "invalid character 'N'" },
  'a number beyond all doubles': { bytes: '{"a":1e999}', message: 'json: a number does not fit into type float64' },
  'a trailing comma': { bytes: '{"a":1,}', message: "invalid character '}' at offset 7" },
  'text after the value': { bytes: '{} x', message: "invalid character 'x' at offset 3" },
  '100,000 levels': { bytes: '['.repeat(100_000) + ']'.repeat(100_000), message: 'exceeded max depth 1000' },
  'a million members': {
    bytes: `[${'0,'.repeat(1_000_000)}0]`,
    message: 'more than 1000000 values',
  },
})

test.each(unreadable)('a body with %s cannot be read', (_, { bytes, message }) => {
  const payload = readPayload(typeof bytes === 'string' ? Buffer.from(bytes) : Uint8Array.from(bytes))
  expect(payload).toEqual({ is: 'unreadable', message: expect.stringContaining(message) })
})

test('a message never quotes more of the payload than one character', () => {
  const payload = readPayload(Buffer.from('{"a": hunter2}'))
  expect(payload).toHaveProperty('message', expect.not.stringContaining('hunter'))
})

test('of a key that comes twice the last one counts', () => {
  expect(readPayload(Buffer.from('{"a":1,"a":2}'))).toEqual({ is: 'json', value: { a: 2 } })
})

test('whole surrogate pairs, zero bytes and empty keys are text', () => {
  const value = { '': 'a\u0000b', emoji: '🚀' }
  expect(readPayload(Buffer.from(JSON.stringify(value)))).toEqual({ is: 'json', value })
})

test('only an object is an event', () => {
  const problems = ['', '{}', '[]', '"a"', '1', 'true', 'null'].map(text =>
    objectProblem(readPayload(Buffer.from(text))),
  )
  expect(problems).toEqual([
    'unexpected end of JSON input',
    undefined,
    ...['array', 'string', 'number', 'bool', 'null'].map(
      type => `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`,
    ),
  ])
})
