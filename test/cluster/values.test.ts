import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deepFreeze, frozenCopy } from '../../src/cluster/embedded/values.js'

test('what has not changed is not copied', () => {
  const before = deepFreeze({ spec: { tasks: [{ name: 'a' }, { name: 'b' }] }, list: [{ n: 1 }, { n: 2 }] })
  const after = frozenCopy({ ...before, list: [before.list[0], { n: 3 }] }, before)
  expect(after.spec).toBe(before.spec)
  expect(after.list[0]).toBe(before.list[0])
  expect(after.list[1]).toEqual({ n: 3 })
  expect(Object.isFrozen(after.list[1])).toBe(true)
})

test('an equal object that is not the stored one is copied: its owner may change it later', () => {
  const before = deepFreeze({ inner: { n: 1 } })
  const given = { inner: { n: 1 } }
  const after = frozenCopy(given, before)
  given.inner.n = 2
  expect(after).toEqual({ inner: { n: 1 } })
})

test('a copy is what JSON would make of the value, whatever it is copied beside', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, like) => {
      const copy = frozenCopy(value, deepFreeze(like))
      expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
    }),
  )
})
