import { expect, test } from 'vitest'
import type { ParamValue, PipelineResult } from '../../src/resources/tekton.js'
import { parseResultReference } from '../../src/run/result-references.js'
import { findResult, type Producer, pipelineResults } from '../../src/run/results.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const producer = (succeeded: boolean, results: Readonly<Record<string, ParamValue>>): Producer => ({
  ended: true,
  succeeded,
  results: new Map(Object.entries(results)),
})

const BUILD = producer(true, { digest: 'sha', tags: ['a', 'b'], meta: { url: 'u' }, json: '["x","y"]' })

test.each(
  cases({
    'a text': { expression: 'tasks.build.results.digest', finds: 'sha' },
    'single quotes': { expression: "tasks.build.results['digest']", finds: 'sha' },
    'double quotes': { expression: 'tasks.build.results["digest"]', finds: 'sha' },
    'a whole array': { expression: 'tasks.build.results.tags[*]', finds: ['a', 'b'] },
    'an element': { expression: 'tasks.build.results.tags[1]', finds: 'b' },
    'a whole object': { expression: 'tasks.build.results.meta[*]', finds: { url: 'u' } },
    'a member': { expression: 'tasks.build.results.meta.url', finds: 'u' },
    "a custom task's list": { expression: 'tasks.build.results.json[*]', finds: ['x', 'y'] },
    "an element of a custom task's list": { expression: 'tasks.build.results.json[1]', finds: 'y' },
    'the text of that list': { expression: 'tasks.build.results.json', finds: '["x","y"]' },
    'no such result': { expression: 'tasks.build.results.none', finds: Symbol('missing') },
    'no such member': { expression: 'tasks.build.results.meta.constructor', finds: Symbol('unfit') },
    'a text taken for an array': { expression: 'tasks.build.results.digest[0]', finds: Symbol('unfit') },
    'a text taken for a whole array': { expression: 'tasks.build.results.digest[*]', finds: Symbol('unfit') },
  }),
)('result: %s', (_, { expression, finds }) => {
  const reference = parseResultReference(expression)
  const found = reference && findResult(reference, BUILD)
  expect(found).toEqual(typeof finds === 'symbol' ? { is: finds.description } : { is: 'found', value: finds })
})

test('an element beyond the end', () => {
  const reference = parseResultReference('tasks.build.results.tags[5]')!
  const message = 'array Result Index 5 for Task build Result tags is out of bound of size 2'
  expect(findResult(reference, BUILD)).toEqual({ is: 'outOfBounds', message })
})

test.each(['tasks.build.status', 'params.x', 'tasks.build.results', 'tasks.build.results.a.b.c', 'steps.s.results.r'])(
  'no reference to a result: %s',
  expression => {
    expect(parseResultReference(expression)).toBeUndefined()
  },
)

test('pipeline results: put together, left out, invalid', () => {
  const declared = yaml<PipelineResult[]>`
    - { name: both, value: $(tasks.build.results.digest)-$(finally.notify.results.id) }
    - { name: list, value: ["$(tasks.build.results.tags[0])", plain] }
    - { name: object, value: { url: $(tasks.build.results.meta.url) } }
    - { name: whole, value: "$(tasks.build.results.tags[*])" }
    - { name: of-skipped, value: $(tasks.skipped.results.r) }
    - { name: of-failed, value: $(tasks.failed.results.written) }
    - { name: not-written, value: $(tasks.failed.results.not-written) }
    - { name: broken, value: $(tasks.build.results.none) }
    - { name: twice, value: $(tasks.build.results.none)$(tasks.build.results.meta.none) }
    - { name: no-key, value: $(tasks.failed.results.object.none) }
    - { name: too-far-in-failed, value: "$(tasks.failed.results.list[1])" }
    - { name: nobody, value: $(tasks.nobody.results.r) }
    - { name: first-of-list, value: $(tasks.build.results.tags) }
    - { name: whole-object, value: $(tasks.build.results.meta) }
    - { name: text-as-list, value: "$(tasks.build.results.digest[*])" }
    - { name: too-far, value: "$(tasks.build.results.tags[9])" }
  `
  const failed = producer(false, { written: 'before it failed', object: {}, list: ['a'] })
  const producers = new Map([
    ['tasks.build', BUILD],
    ['tasks.failed', failed],
    ['tasks.skipped', producer(false, {})],
    ['finally.notify', producer(true, { id: '7' })],
  ])
  expect(pipelineResults(declared, ({ from, task }) => producers.get(`${from}.${task}`))).toEqual({
    results: [
      { name: 'both', value: 'sha-7' },
      { name: 'list', value: ['a', 'plain'] },
      { name: 'object', value: { url: 'u' } },
      { name: 'whole', value: ['a', 'b'] },
      { name: 'of-failed', value: 'before it failed' },
      { name: 'first-of-list', value: 'a' },
      { name: 'whole-object', value: { url: 'u' } },
      { name: 'text-as-list', value: 'sha' },
    ],
    invalid: ['broken', 'twice', 'twice', 'no-key', 'too-far-in-failed', 'nobody', 'too-far'],
  })
})
