/** The expected hashes are `printf %s TEXT | md5sum`. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { childName, claimName, podName, taskRunName } from '../../src/run/names.js'
import { cases } from '../helpers/cases.js'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const a = (count: number) => 'a'.repeat(count)

test.each(
  cases({
    'short enough stays readable': { parent: 'build-7', suffix: '-test', name: 'build-7-test' },
    '63 characters are short enough': { parent: a(58), suffix: '-test', name: `${a(58)}-test` },
    'one more and the parent is cut and hashed': {
      parent: a(59),
      suffix: '-test',
      name: `${a(26)}${md5(a(59))}-test`,
    },
    'a suffix of 30 leaves one character of the parent': {
      parent: a(40),
      suffix: `-${'s'.repeat(29)}`,
      name: `a${md5(a(40))}-${'s'.repeat(29)}`,
    },
    'from a suffix of 31 on both are hashed together': {
      parent: a(40),
      suffix: `-${'s'.repeat(30)}`,
      name: `${a(31)}${md5(`${a(40)}-${'s'.repeat(30)}`)}`,
    },
    'a short parent leaves room for the beginning of the suffix': {
      parent: 'p',
      suffix: `-${'s'.repeat(70)}`,
      name: `p${md5(`p-${'s'.repeat(70)}`)}-${'s'.repeat(29)}`,
    },
    'an end that no name may have is cut off': {
      parent: a(30),
      suffix: `-${'s'.repeat(70)}`,
      name: `${a(30)}${md5(`${a(30)}-${'s'.repeat(70)}`)}`,
    },
  }),
)('child names follow kmeta: %s', (_, { parent, suffix, name }) => expect(childName(parent, suffix)).toBe(name))

test('a hash is the md5 that everybody else computes', () => {
  expect(childName(a(64), '-pod')).toBe(`${a(27)}014842d480b571495a4a0363793f7367-pod`)
})

test('runs, pods and claims are named after what they belong to', () => {
  expect(taskRunName('build-7', 'lint')).toBe('build-7-lint')
  expect(podName('build-7-lint', 0)).toBe('build-7-lint-pod')
  expect(podName('build-7-lint', 2)).toBe('build-7-lint-pod-retry2')
  const hash = createHash('sha256').update('sourcesome-uid').digest('hex').slice(0, 10)
  expect(claimName('cache', 'source', 'some-uid')).toBe(`cache-${hash}`)
  expect(claimName(undefined, 'source', 'some-uid')).toBe(`pvc-${hash}`)
  expect(claimName('', 'source', 'some-uid')).toBe(`pvc-${hash}`)
})

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label = (maxLength: number) =>
  fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?$/).map(text => text.slice(0, maxLength).replace(/-+$/, ''))

test('child names are at most 63 characters, DNS labels, and the same every time', () => {
  fc.assert(
    fc.property(label(63), label(63), (parent, task) => {
      const name = taskRunName(parent, task)
      expect(name.length).toBeLessThanOrEqual(63)
      expect(name).toMatch(LABEL)
      expect(taskRunName(parent, task)).toBe(name)
      for (const attempt of [0, 1, 1_000]) {
        expect(podName(name, attempt)).toMatch(LABEL)
        expect(podName(name, attempt).length).toBeLessThanOrEqual(63)
      }
    }),
  )
})

test('two tasks of one run, and two runs of one task, never share a name', () => {
  fc.assert(
    fc.property(label(63), label(63), label(63), (one, two, three) => {
      if (two !== three) expect(taskRunName(one, two)).not.toBe(taskRunName(one, three))
      // Not hyphens alone: "a" + "-b-c" is "a-b" + "-c", in Tekton too.
      if (one !== two && one.length === two.length) expect(taskRunName(one, three)).not.toBe(taskRunName(two, three))
    }),
  )
})
