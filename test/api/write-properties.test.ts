/** What holds of every patch and of every apply. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromFieldsV1, toFieldsV1 } from '../../src/api/apply/field-set.js'
import { afterApply, afterUpdate, type Writer } from '../../src/api/apply/manage.js'
import { type Manager, managedFieldsOf, managersIn } from '../../src/api/apply/managers.js'
import { duplicateFields } from '../../src/api/duplicate-fields.js'
import { schemaOf } from '../../src/api/openapi/schemas.js'
import { jsonPatched } from '../../src/api/patch/json-patch.js'
import { mergePatched } from '../../src/api/patch/merge-patch.js'
import { mergeRulesOf } from '../../src/api/patch/merge-rules.js'
import { strategicallyPatched } from '../../src/api/patch/strategic-merge-patch.js'
import { ApiError } from '../../src/api/status.js'
import { BUILT_IN_KINDS } from '../../src/resources/kind-table.js'
import { isRecord, type Json } from '../../src/resources/shape.js'
import { serveApi } from './world.js'

const POD = schemaOf(BUILT_IN_KINDS.of('Pod')!, 'v1')

const writer = (manager: string, force = false): Writer & { force: boolean } => ({
  manager,
  apiVersion: 'v1',
  hasStatus: true,
  isOfKubernetes: true,
  time: '2026-01-01T00:00:00Z',
  form: apiVersion => (apiVersion === 'v1' ? { schema: POD, show: object => object } : undefined),
  force,
})

const word = fc.constantFrom('a', 'b', 'c', 'd')
const words = (prefix: string) =>
  fc.dictionary(
    word.map(key => `${prefix}${key}`),
    word,
    { maxKeys: 3 },
  )
const container = (prefix: string) =>
  fc.record(
    {
      name: word.map(name => `${prefix}${name}`),
      image: word,
      // Not empty: nobody owns a list of items without any.
      env: fc.uniqueArray(fc.record({ name: word, value: word }), {
        selector: each => each.name,
        minLength: 1,
        maxLength: 3,
      }),
    },
    { requiredKeys: ['name'] },
  )
/** Of one prefix: two of different prefixes have no field in common. */
const config = (prefix: string) =>
  fc
    .record({
      labels: words(prefix),
      annotations: words(prefix),
      containers: fc.uniqueArray(container(prefix), { selector: each => each.name, maxLength: 3 }),
    })
    .map(({ labels, annotations, containers }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default', labels, annotations },
      spec: { containers },
    }))

interface State {
  readonly object: Json | undefined
  readonly managers: readonly Manager[]
}

function applied({ object, managers }: State, manager: string, wanted: Json, force = false): State {
  const result = afterApply(object, wanted, managers, writer(manager, force))
  if (result.is === 'conflicts') throw new Error(JSON.stringify(result.conflicts))
  return { object: result.object, managers: managersIn(managedFieldsOf(result.managers))! }
}

const NOTHING: State = { object: undefined, managers: [] }

test('an apply that is done again changes nothing', () => {
  fc.assert(
    fc.property(config('x'), config('y'), (one, two) => {
      const once = applied(applied(NOTHING, 'one', one), 'two', two)
      expect(applied(once, 'two', two)).toEqual(once)
    }),
  )
})

test('two who apply what has nothing in common come to the same in either order, but for the order of lists', () => {
  fc.assert(
    fc.property(config('x'), config('y'), (one, two) => {
      const [a, b] = [
        applied(applied(NOTHING, 'one', one), 'two', two),
        applied(applied(NOTHING, 'two', two), 'one', one),
      ]
      expect(sorted(a.object)).toEqual(sorted(b.object))
      expect(managedFieldsOf(a.managers)).toEqual(managedFieldsOf(b.managers))
    }),
  )
})

test('what one applies no more goes, and what the other applies stays', () => {
  fc.assert(
    fc.property(config('x'), config('x'), config('y'), (before, after, other) => {
      const both = applied(applied(applied(NOTHING, 'one', before), 'two', other), 'one', after)
      const only = applied(applied(NOTHING, 'two', other), 'one', after)
      expect(sorted(both.object)).toEqual(sorted(only.object))
    }),
  )
})

test('a forced apply always gets what it says', () => {
  fc.assert(
    fc.property(config('x'), config('x'), (one, two) => {
      const { object } = applied(applied(NOTHING, 'one', one), 'two', two, true)
      expect(object).toMatchObject({ metadata: { labels: two.metadata.labels } })
      const containers = (object!['spec'] as Json | undefined)?.['containers'] ?? []
      expect(containers).toEqual(
        expect.arrayContaining(two.spec.containers.map(each => expect.objectContaining({ name: each.name }))),
      )
    }),
  )
})

test('after an update no field has an owner for a value that somebody else wrote', () => {
  fc.assert(
    fc.property(config('x'), config('x'), (before, after) => {
      const first = afterUpdate(undefined, before, [], writer('one'))
      const second = afterUpdate(before, after, first, writer('two'))
      for (const manager of second) expect(fromFieldsV1(toFieldsV1(manager.fields))).toEqual(manager.fields)
      expect(
        managersIn(managedFieldsOf(second))!
          .map(({ name }) => name)
          .sort(),
      ).toEqual(second.map(({ name }) => name).sort())
    }),
  )
})

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, withoutNulls(each)]),
  )
}

function mergePatchFrom(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after
  const gone = Object.keys(before)
    .filter(key => !Object.hasOwn(after, key))
    .map(key => [key, null] as const)
  const kept = Object.entries(after).map(
    ([key, value]) => [key, Object.hasOwn(before, key) ? mergePatchFrom(before[key], value) : value] as const,
  )
  return Object.fromEntries([...gone, ...kept])
}

test('a merge patch from one object to another leads there', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })).map(value => withoutNulls(value) as Json)
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(mergePatched(before, mergePatchFrom(before, after))).toEqual(after)
    }),
  )
})

test('any patch at all gives a value, or says no', () => {
  const patch = fc.oneof(
    fc.jsonValue(),
    fc.array(
      fc.record(
        {
          op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
          path: fc.oneof(
            fc.string(),
            fc.constantFrom('/spec', '/spec/containers/0', '/metadata/labels/a', '/__proto__/x', '/-', ''),
          ),
          from: fc.constantFrom('/spec', '/metadata', '/spec/containers/-', '/constructor'),
          value: fc.jsonValue({ maxDepth: 1 }),
        },
        { requiredKeys: ['op'] },
      ),
    ),
    fc.dictionary(
      fc.constantFrom(
        'spec',
        'metadata',
        '$patch',
        '$setElementOrder/x',
        '$retainKeys',
        '$deleteFromPrimitiveList/finalizers',
        'containers',
      ),
      fc.jsonValue({ maxDepth: 3 }),
    ),
  )
  fc.assert(
    fc.property(patch, config('x'), (given, object) => {
      for (const patched of [
        () => jsonPatched(object, given),
        () => mergePatched(object, given),
        () => strategicallyPatched(object, given, mergeRulesOf(POD)),
      ]) {
        try {
          patched()
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError)
          expect([400, 413, 422]).toContain((error as ApiError).code)
        }
      }
      expect(({} as Json)['x']).toBeUndefined()
    }),
  )
})

test('keys that are given twice are found, and no others', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(duplicateFields(JSON.stringify(value))).toEqual([])
    }),
  )
  expect(duplicateFields('{"a":{"b":[{"c":1},{"c":1,"c":2}]},"a":0,"\\u0061":1,"d":"\\"a\\":"}')).toEqual([
    'a.b[1].c',
    'a',
    'a',
  ])
})

test('any JSON at all is taken or refused, and never breaks the server', async () => {
  const { call, lines } = await serveApi()
  const path = '/api/v1/namespaces/default/configmaps'
  await call('POST', path, { body: { metadata: { name: 'c' } } })
  const contentTypes = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml']
  const body = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom('metadata', 'data', 'binaryData', 'immutable', 'kind', 'apiVersion'), fc.jsonValue()),
    fc.record({
      metadata: fc.dictionary(
        fc.constantFrom('labels', 'managedFields', 'finalizers', 'ownerReferences', 'uid'),
        fc.jsonValue(),
      ),
    }),
  )
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom(...contentTypes), async (given, type) => {
      const text = JSON.stringify(given)
      const answers = [
        await call('PATCH', `${path}/c?fieldManager=m&force=${type.startsWith('apply')}`, {
          body: text,
          contentType: `application/${type}`,
        }),
        await call('PATCH', `${path}/c?fieldManager=m`, { body: text, contentType: `application/${type}` }),
        await call('POST', path, { body: text }),
        await call('PUT', `${path}/c`, { body: text }),
        await call('DELETE', `${path}/none`, { body: text }),
      ]
      for (const { status } of answers) expect([200, 201, 400, 404, 409, 413, 415, 422]).toContain(status)
    }),
    { numRuns: 60 },
  )
  expect(lines).toEqual([])
})

/** Labels and containers by name: in which order lists come is not part of what they say. */
function sorted(object: Json | undefined): unknown {
  const containers = ((object?.['spec'] as Json | undefined)?.['containers'] ?? []) as readonly { name: string }[]
  const metadata = object?.['metadata'] as { labels?: object; annotations?: object } | undefined
  return {
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    containers: [...containers].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
