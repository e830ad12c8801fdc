import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { internalValue, parseTerminationMessage, publicMessage } from '../../src/status/termination-message.js'
import { cases } from '../helpers/cases.js'

describe('reading', () => {
  test.each(
    cases({
      nothing: { text: undefined, entries: [] },
      'the empty text': { text: '', entries: [] },
      'an empty list': { text: '[]', entries: [] },
      'one entry': {
        text: '[{"key":"digest","value":"sha256:1\\n","type":1}]',
        entries: [{ key: 'digest', value: 'sha256:1\n', type: 1 }],
      },
      'entries are sorted by key': {
        text: '[{"key":"b","value":"1","type":1},{"key":"StartedAt","value":"t","type":3},{"key":"a","value":"2","type":4}]',
        entries: [
          { key: 'StartedAt', value: 't', type: 3 },
          { key: 'a', value: '2', type: 4 },
          { key: 'b', value: '1', type: 1 },
        ],
      },
      'the last value of a key wins': {
        text: '[{"key":"a","value":"1","type":1},{"key":"b","value":"x","type":1},{"key":"a","value":"2","type":1}]',
        entries: [
          { key: 'a', value: '2', type: 1 },
          { key: 'b', value: 'x', type: 1 },
        ],
      },
      'entries of different types are different entries': {
        text: '[{"key":"r","value":"step","type":4},{"key":"r","value":"task","type":1},{"key":"r","value":"ours","type":3}]',
        entries: [
          { key: 'r', value: 'task', type: 1 },
          { key: 'r', value: 'ours', type: 3 },
          { key: 'r', value: 'step', type: 4 },
        ],
      },
      'other fields are left out, unknown types are not': {
        text: '[{"key":"a","value":"1","type":10,"resourceName":"x"}]',
        entries: [{ key: 'a', value: '1', type: 10 }],
      },
      'a key that is a name of JavaScript’s': {
        text: '[{"key":"__proto__","value":"1","type":1},{"key":"constructor","value":"2","type":1}]',
        entries: [
          { key: '__proto__', value: '1', type: 1 },
          { key: 'constructor', value: '2', type: 1 },
        ],
      },
    }),
  )('%s', (_, { text, entries }) => {
    expect(parseTerminationMessage(text)).toEqual({ entries })
  })

  test.each(
    cases({
      'a text that is no JSON': {
        text: 'Killed by the OOM killer',
        error: 'termination message is not JSON (24 characters): Killed by the OOM killer',
      },
      'a message that was cut shows its end': {
        text: `[{"key":"r","value":"${'x'.repeat(4000)}`,
        error: `termination message is not JSON (4021 characters): …${'x'.repeat(80)}`,
      },
      'a JSON text that is no array': { text: '{"key":"a"}', error: 'termination message is no array: {"key":"a"}' },
      null: { text: 'null', error: 'termination message is no array: null' },
    }),
  )('is an error, not an exception: %s', (_, { text, error }) => {
    expect(parseTerminationMessage(text)).toEqual({ entries: [], error })
  })

  test('entries that are none are passed over, and said', () => {
    const bad = [
      'null',
      '1',
      '[]',
      '{}',
      '{"key":"a","value":1,"type":1}',
      '{"key":"","value":"x","type":1}',
      '{"key":"a","value":"x","type":"1"}',
      '{"key":"a","value":"x","type":1.5}',
    ]
    const { entries, error } = parseTerminationMessage(`[${bad.join()},{"key":"good","value":"x","type":1}]`)
    expect(entries).toEqual([{ key: 'good', value: 'x', type: 1 }])
    expect(error).toBe(
      'termination message has entries without key, value and type: [0], [1], [2], [3], [4], [5], [6], [7]',
    )
  })
})

describe('what the step said of itself', () => {
  const { entries } = parseTerminationMessage(
    '[{"key":"StartedAt","value":"2026-08-22T10:00:00.123Z","type":3},{"key":"Reason","value":"mine","type":1},{"key":"ExitCode","value":"11","type":3}]',
  )

  test('is found by its key', () => {
    expect(internalValue(entries, 'StartedAt')).toBe('2026-08-22T10:00:00.123Z')
    expect(internalValue(entries, 'ExitCode')).toBe('11')
  })

  test('is not a result that has the same name', () => {
    expect(internalValue(entries, 'Reason')).toBeUndefined()
  })
})

describe('the message in the status', () => {
  test('has everything but what the step said of itself, as compact JSON', () => {
    const text =
      '[{"key":"StartedAt","value":"t","type":3}, {"key":"b","value":"\\u00e9<\\n","type":4}, {"type":1,"value":"x","key":"a"}]'
    expect(publicMessage(parseTerminationMessage(text).entries)).toBe(
      '[{"key":"a","value":"x","type":1},{"key":"b","value":"é<\\n","type":4}]',
    )
  })

  test('is empty when there is nothing else', () => {
    expect(publicMessage(parseTerminationMessage('[{"key":"StartedAt","value":"t","type":3}]').entries)).toBe('')
    expect(publicMessage([])).toBe('')
  })

  test('reads as what it was made from', () => {
    const { entries } = parseTerminationMessage(
      '[{"key":"a","value":"\\"\\\\\\u0000","type":1},{"key":"b","value":"","type":6}]',
    )
    expect(entries).toHaveLength(2)
    expect(parseTerminationMessage(publicMessage(entries))).toEqual({ entries })
  })
})

describe('a compressed message', () => {
  const compressed = (text: string) => `tknz:${deflateRawSync(text).toString('base64').replace(/=+$/, '')}`
  const entry = (value: string) => ({ key: 'r', value, type: 1 })

  test('is read as what was compressed', () => {
    const entries = [entry('x'.repeat(20_000))]
    const text = compressed(JSON.stringify(entries))
    expect(text.length).toBeLessThan(200)
    expect(parseTerminationMessage(text)).toEqual({ entries })
  })

  test('of up to 128 KiB is read, one byte more is refused', () => {
    const envelope = JSON.stringify([entry('')]).length
    const fits = compressed(JSON.stringify([entry('x'.repeat(128 * 1024 - envelope))]))
    expect(parseTerminationMessage(fits).entries).toHaveLength(1)
    const over = compressed(JSON.stringify([entry('x'.repeat(128 * 1024 - envelope + 1))]))
    expect(parseTerminationMessage(over)).toEqual({
      entries: [],
      error: expect.stringMatching(/^termination message cannot be decompressed: /),
    })
  })

  test.each(['tknz:', 'tknz:!', 'tknz:AAAA', `${compressed('[]').slice(0, -2)}`])(
    'that is broken says so: %s',
    text => {
      const { entries, error } = parseTerminationMessage(text)
      expect(entries).toEqual([])
      expect(error).toMatch(/^termination message (cannot be decompressed|is not JSON)/)
    },
  )
})

test('what is longer than Kubernetes lets a container say is not shown a second time', () => {
  const shown = (length: number) => publicMessage([{ key: 'r', value: 'x'.repeat(length), type: 1 }])
  expect(shown(4000)).toContain('xxx')
  expect(shown(4096)).toBe('')
})
