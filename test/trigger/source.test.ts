import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceOf, subjectOf } from '../../src/trigger/source.js'
import { anyText } from '../helpers/any-text.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly source: string
  readonly event: string
  readonly subject: string
}

const to = { kind: 'EventListener', namespace: 'ci', name: 'app', uid: 'uid' } as const

test.each(yamlCases<Case>(new URL('source.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const headers = Object.fromEntries(Object.entries(one.headers).map(([name, value]) => [name, [value]]))
  expect(sourceOf({ to, headers })).toEqual({ source: one.source, event: one.event })
  expect(subjectOf(one.body)).toBe(one.subject)
})

test('a tick of a Schedule is one whatever its headers', () => {
  expect(sourceOf({ to: { ...to, kind: 'Schedule' }, headers: { 'x-github-event': ['push'] } })).toEqual({
    source: 'schedule',
    event: '',
  })
})

test('any payload has a subject of one short line', () => {
  const value = fc.letrec(tie => ({
    json: fc.oneof({ maxDepth: 4 }, anyText(), fc.integer(), fc.constant(null), tie('object')),
    object: fc.dictionary(
      fc.constantFrom(
        'repository',
        'full_name',
        'ref',
        'sender',
        'login',
        'pull_request',
        'number',
        'action',
        '__proto__',
      ),
      tie('json'),
    ),
  }))
  fc.assert(
    fc.property(value.object, body => {
      const subject = subjectOf(body)
      expect(subject.length).toBeLessThanOrEqual(200)
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
    }),
  )
})
