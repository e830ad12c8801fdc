/** Objects of custom kinds: what their schema and its rules say of them, in apiextensions' words, and what they become. */
import { expect, test } from 'vitest'
import { admitCustom, type CustomOptions } from '../../src/admission/custom/admit-custom.js'
import { isOfFormat } from '../../src/admission/custom/formats.js'
import { problemText } from '../../src/resources/problem.js'
import { kindOfWidgets, widget } from '../helpers/custom-resources.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly schema: object
  readonly spec: object
  readonly old?: object
  readonly stored?: object
  readonly unknown?: readonly string[]
  readonly problems?: readonly string[]
}

function problemsOf({ schema, spec, old }: Case, options: CustomOptions = {}) {
  const given = { ...options, ...(old !== undefined && { old: widget('w', old) }) }
  const admission = admitCustom(kindOfWidgets(schema), 'v1', widget('w', spec), given)
  return admission.is === 'refused' ? admission.problems.map(problemText) : []
}

test.each(yamlCases<Case>(new URL('custom-objects.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const { schema, spec, stored, unknown = [], problems = [] } = one
  expect(problemsOf(one)).toEqual(problems)
  if (stored === undefined) return
  const admission = admitCustom(kindOfWidgets(schema), 'v1', widget('w', spec))
  expect(admission).toMatchObject({
    is: 'ok',
    object: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'default' } },
    warnings: unknown.map(path => ({ message: `unknown field "${path}"` })),
  })
  expect(admission).toHaveProperty('object.spec', stored)
  const strict = problemsOf(one, { fieldValidation: 'Strict' })
  const listed = unknown.map(path => `unknown field "${path}"`).join(', ')
  expect(strict).toEqual(unknown.length > 0 ? [`strict decoding error: ${listed}`] : [])
})

test.each(yamlCases<Case>(new URL('custom-rules.cases.yaml', import.meta.url)))('rules: %s', (_, one) => {
  expect(problemsOf(one)).toEqual(one.problems ?? [])
})

test.each([
  ['date-time', '2024-02-30T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['date', '2023-02-29', '2024-02-29'],
  ['ipv4', '1.2.3.256', '1.2.3.4'],
  ['ipv6', '1::2::3', '::ffff:1.2.3.4'],
  ['cidr', '1.2.3.4/33', '10.0.0.0/8'],
  ['uuid', 'x', '123e4567-e89b-12d3-a456-426614174000'],
  ['uri', 'a b', 'https://example.com/x'],
  ['email', 'x', 'x@example.com'],
  ['hostname', '-x', 'example.com'],
  ['byte', '@', 'YQ=='],
  ['duration', 'ten', '1h30m'],
  ['mac', 'x', '00:00:5e:00:53:01'],
])('format %s', (format, wrong, right) => {
  expect([isOfFormat(wrong, format), isOfFormat(right, format)]).toEqual([false, true])
})

test('formats that Kubernetes does not know restrict nothing', () => {
  expect(isOfFormat('anything', 'frobnicated')).toBe(true)
})

test('a status that has a path of its own is left out of what an author writes', () => {
  const entry = kindOfWidgets({ type: 'object', properties: { a: { type: 'string' } } })
  const object = { ...widget('w', { a: 'x' }), status: { wrong: true } }
  expect(admitCustom(entry, 'v1', object, { fieldValidation: 'Strict' })).toMatchObject({ is: 'ok' })
  expect(admitCustom(entry, 'v1', object, { fieldValidation: 'Strict', subresource: 'status' })).toMatchObject({
    problems: [{ message: 'strict decoding error: unknown field "status.wrong"' }],
  })
})

test('metadata is held to what every object is held to', () => {
  const entry = kindOfWidgets({ type: 'object' })
  const object = { ...widget('Not A Name', {}), metadata: { name: 'Not A Name', labels: { a: '!' } } }
  const admission = admitCustom(entry, 'v1', object)
  expect(admission.is === 'refused' && admission.problems.map(({ message }) => message.slice(0, 50))).toEqual([
    'metadata.name: Invalid value: "Not A Name": a lowe',
    'metadata.labels: Invalid value: "!": a valid label',
  ])
})
