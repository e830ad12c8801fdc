/** Schemas of all kinds, held to the rules of Kubernetes and to our own: everything is described, nothing is dangling. */
import { expect, test } from 'vitest'
import { isOurs } from '../../src/api/openapi/documented-kinds.js'
import { kubernetesDefinition, kubernetesDefinitions } from '../../src/api/openapi/kubernetes-definitions.js'
import type { Schema } from '../../src/api/openapi/schema.js'
import { nameIn } from '../../src/api/openapi/schema.js'
import { definitionNamed, resolve, schemaOf, shapeDefinitions } from '../../src/api/openapi/schemas.js'
import { DESCRIPTIONS, KIND_DESCRIPTIONS } from '../../src/resources/descriptions.js'
import { specShape } from '../../src/resources/kind-shapes.js'
import { BUILT_IN_KINDS } from '../../src/resources/kind-table.js'
import type { Kind } from '../../src/resources/kinds.js'
import type { Shape } from '../../src/resources/shape.js'
import { statusShape } from '../../src/resources/shapes-status.js'

const kinds = BUILT_IN_KINDS.all.flatMap(entry => entry.served.map(version => ({ entry, version })))
const definitions = new Map([
  ...shapeDefinitions(),
  ...[...kubernetesDefinitions()].map((name): [string, Schema] => [name, kubernetesDefinition(name) ?? {}]),
])

test('every kind has a schema in every version it is served in', () => {
  for (const { entry, version } of kinds) {
    const schema = schemaOf(entry, version)
    const wanted = [{ group: entry.group, version, kind: entry.kind }]
    expect(schema?.['x-kubernetes-group-version-kind'], `${entry.kind} ${version}`).toEqual(wanted)
    expect(Object.keys(schema?.properties ?? {}), entry.kind).toEqual(
      expect.arrayContaining(['apiVersion', 'kind', 'metadata']),
    )
    expect(schema?.properties?.['status'] !== undefined, `${entry.kind} ${version} status`).toBe(entry.status)
  }
})

test('a version that is not served has none', () => {
  expect(schemaOf(BUILT_IN_KINDS.of('Pod')!, 'v2')).toBeUndefined()
})

test('every reference leads to a definition', () => {
  const dangling = [...definitions].flatMap(([name, schema]) =>
    inside(schema)
      .filter(({ $ref }) => $ref !== undefined && definitionNamed(nameIn($ref)) === undefined)
      .map(({ $ref }) => `${name}: ${$ref}`),
  )
  expect(dangling).toEqual([])
})

test('every schema has a type, or says why it has none', () => {
  const untyped = [...definitions].flatMap(([name, schema]) =>
    inside(schema)
      .filter(each => each.type === undefined && each.$ref === undefined && name.startsWith('dev.'))
      .filter(each => !each['x-kubernetes-preserve-unknown-fields'] && !each['x-kubernetes-int-or-string'])
      .map(() => name),
  )
  expect(untyped).toEqual([])
})

test('lists of maps have keys, which their items have', () => {
  const wrong = [...definitions].flatMap(([name, schema]) =>
    Object.entries(schema.properties ?? {})
      .filter(([, { 'x-kubernetes-list-type': listType }]) => listType === 'map')
      .filter(([, field]) => {
        const item = resolve(field.items ?? {})
        return (field['x-kubernetes-list-map-keys'] ?? ['?']).some(key => item.properties?.[key] === undefined)
      })
      .map(([field]) => `${name}.${field}`),
  )
  expect(wrong).toEqual([])
})

test('lists of Tekton, Triggers and Tektite are atomic, as in their CustomResourceDefinitions', () => {
  const lists = [...shapeDefinitions().values()].flatMap(inside).filter(({ type }) => type === 'array')
  expect(lists.length).toBeGreaterThan(50)
  expect(new Set(lists.map(each => each['x-kubernetes-list-type']))).toEqual(new Set(['atomic']))
})

test.each([
  ['PodSpec', 'containers', 'map', ['name'], 'merge', 'name'],
  ['PodSpec', 'volumes', 'map', ['name'], 'merge,retainKeys', 'name'],
  ['PodSpec', 'tolerations', 'atomic', undefined, undefined, undefined],
  ['Container', 'ports', 'map', ['containerPort', 'protocol'], 'merge', 'containerPort'],
  ['Container', 'volumeMounts', 'map', ['mountPath'], 'merge', 'mountPath'],
  ['ServiceAccount', 'secrets', 'map', ['name'], 'merge', 'name'],
  ['ServiceAccount', 'imagePullSecrets', 'atomic', undefined, undefined, undefined],
])('%s.%s merges as Kubernetes merges it', (type, field, listType, keys, strategy, mergeKey) => {
  expect(kubernetesDefinition(`io.k8s.api.core.v1.${type}`)?.properties?.[field]).toMatchObject({
    type: 'array',
    'x-kubernetes-list-type': listType,
    ...(keys && { 'x-kubernetes-list-map-keys': keys }),
    ...(strategy && { 'x-kubernetes-patch-strategy': strategy }),
    ...(mergeKey && { 'x-kubernetes-patch-merge-key': mergeKey }),
  })
})

test('finalizers are a set, owners are told apart by their uid', () => {
  const { properties } = kubernetesDefinition('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') ?? {}
  expect(properties?.['finalizers']?.['x-kubernetes-list-type']).toBe('set')
  expect(properties?.['ownerReferences']?.['x-kubernetes-list-map-keys']).toEqual(['uid'])
})

test('every type and field of Tekton, Triggers and Tektite says what it is for', () => {
  const silent = [...shapeDefinitions()].flatMap(([name, { description, properties = {} }]) => [
    ...(description ? [] : [name]),
    ...Object.entries(properties)
      .filter(([, field]) => !field.description)
      .map(([field]) => `${name}.${field}`),
  ])
  expect(silent).toEqual([])
})

test('nothing is described that no version has', () => {
  const fields = new Map<string, Set<string>>()
  for (const [name, { properties = {} }] of shapeDefinitions()) {
    const type = name.slice(name.lastIndexOf('.') + 1)
    fields.set(type, new Set([...(fields.get(type) ?? []), ...Object.keys(properties)]))
  }
  const superfluous = Object.entries(DESCRIPTIONS).flatMap(([type, description]) =>
    Object.keys(description.fields)
      .filter(field => !fields.get(type)?.has(field))
      .map(field => `${type}.${field}`),
  )
  expect(superfluous).toEqual([])
  const described = [...shapeDefinitions().values()].flatMap(each => each['x-kubernetes-group-version-kind'] ?? [])
  expect(Object.keys(KIND_DESCRIPTIONS).sort()).toEqual([...new Set(described.map(({ kind }) => kind))].sort())
})

test('types of one name are one type: a second shape would be lost without a word', () => {
  const fields = new Map<string, Set<string>>()
  const visit = (shape: Shape, version: string, seen: Set<Shape>): void => {
    if (typeof shape === 'string' || seen.has(shape)) return
    seen.add(shape)
    if (typeof shape === 'function') visit(shape(), version, seen)
    else if ('list' in shape) visit(shape.list, version, seen)
    else if ('map' in shape) visit(shape.map, version, seen)
    else if (shape.kubernetes === undefined) {
      const name = `${version} ${shape.type}`
      fields.set(name, (fields.get(name) ?? new Set()).add(Object.keys(shape.fields).sort().join()))
      for (const field of Object.values(shape.fields)) visit(field, version, seen)
    }
  }
  for (const { entry, version } of kinds.filter(({ entry: { group } }) => isOurs(group))) {
    const groupVersion = `${entry.group}/${version}`
    visit(specShape(entry.id as Kind, version) ?? 'any', groupVersion, new Set())
    visit(statusShape(entry.id, version) ?? 'any', groupVersion, new Set())
  }
  expect(fields.size).toBeGreaterThan(80)
  expect([...fields].filter(([, each]) => each.size > 1)).toEqual([])
})

test('what is inline is explained down to its steps', () => {
  const pipelineRun = schemaOf(BUILT_IN_KINDS.of('PipelineRun')!, 'v1')
  const path = ['spec', 'pipelineSpec', 'tasks', 'taskSpec', 'steps', 'script']
  const script = path.reduce<Schema | undefined>((schema, field) => {
    const found = schema?.properties?.[field]
    const inner = found && resolve(found)
    return inner?.items ? resolve(inner.items) : inner
  }, pipelineRun)
  expect(script).toMatchObject({ type: 'string', description: expect.stringContaining('#!') })
})

function inside(schema: Schema): readonly Schema[] {
  const { properties = {}, items, additionalProperties } = schema
  const parts = [...Object.values(properties), ...(items ? [items] : [])]
  if (typeof additionalProperties === 'object') parts.push(additionalProperties)
  return [schema, ...parts.flatMap(inside)]
}
