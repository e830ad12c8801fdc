import { expect, test } from 'vitest'
import { createDecoder } from '../../src/cluster/embedded/decode.js'

const state = (version: number, chars: number) => ({
  version,
  json: JSON.stringify({ metadata: { name: `x${version}` }, data: 'x'.repeat(chars) }),
})

test('what was read is kept until it is forgotten', () => {
  const decoder = createDecoder()
  const object = decoder.decode(state(1, 10), 'keep')
  expect(decoder.decode(state(1, 10))).toBe(object)
  decoder.forget(1)
  expect(decoder.decode(state(1, 10))).not.toBe(object)
})

test('of large objects few are kept, the last ones', () => {
  const decoder = createDecoder()
  const sizes = Array.from({ length: 20 }, (_, version) => state(version, 1024 * 1024))
  const objects = sizes.map(each => decoder.decode(each, 'keep'))
  const kept = sizes.filter((each, index) => decoder.decode(each) === objects[index]).map(({ version }) => version)
  expect(kept).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
})
