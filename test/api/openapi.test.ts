/** The documents of OpenAPI, as clients fetch them: whole, in agreement, and what kubectl looks for in them. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import { openApiV2, partsV2, v2Schema } from '../../src/api/openapi/document-v2.js'
import { openApiV3, v3Schema } from '../../src/api/openapi/document-v3.js'
import { protobufParts } from '../../src/api/openapi/protobuf.js'
import type { Schema } from '../../src/api/openapi/schema.js'
import { schemaOf } from '../../src/api/openapi/schemas.js'
import { serveOpenApi } from '../../src/api/openapi/serve.js'
import type { ApiRequest } from '../../src/api/request.js'
import type { CustomResourceDefinition } from '../../src/resources/custom-resources.js'
import { BUILT_IN_KINDS, type KindTable, kindTable } from '../../src/resources/kind-table.js'
import { serveApi, TOKEN } from './world.js'

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly consumes?: readonly string[]
  readonly 'x-kubernetes-group-version-kind': object
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

interface DocumentV3 {
  readonly openapi: string
  readonly paths: Paths
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface DocumentV2 {
  readonly swagger: string
  readonly paths: Paths
  readonly definitions: Readonly<Record<string, Schema>>
}

async function served() {
  const { port } = await serveApi()
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } })
  const json = async <T>(path: string) => (await (await ask(path)).json()) as T
  return { ask, json }
}

async function documentsV3(): Promise<ReadonlyMap<string, DocumentV3>> {
  const { json } = await served()
  const { paths } = await json<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3')
  const found = Object.entries(paths).map(
    async ([part, { serverRelativeURL }]): Promise<[string, DocumentV3]> => [part, await json(serverRelativeURL)],
  )
  return new Map(await Promise.all(found))
}

test('v3 has a document for each group and version', async () => {
  const documents = await documentsV3()
  const wanted = BUILT_IN_KINDS.all.flatMap(({ group, served: versions }) =>
    versions.map(version => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
  )
  expect([...documents.keys()].sort()).toEqual([...new Set(wanted)].sort())
  for (const document of documents.values()) expect(document.openapi).toBe('3.0.0')
})

test('every reference of a document leads to somewhere in it', async () => {
  for (const [part, document] of await documentsV3()) {
    const { schemas } = document.components
    expect(referencesIn(document).filter(ref => !Object.hasOwn(schemas, after(ref, '#/components/schemas/')))).toEqual(
      [],
    )
    expect(Object.keys(schemas).length, part).toBeGreaterThan(5)
  }
  const { json } = await served()
  const v2 = await json<DocumentV2>('/openapi/v2')
  expect(v2.swagger).toBe('2.0')
  expect(referencesIn(v2).filter(ref => !Object.hasOwn(v2.definitions, after(ref, '#/definitions/')))).toEqual([])
})

test('the patch of every kind says what kubectl looks for', async () => {
  const documents = await documentsV3()
  const { json } = await served()
  const v2 = await json<DocumentV2>('/openapi/v2')
  for (const { group, kind, plural, namespaced, served: versions } of BUILT_IN_KINDS.all) {
    for (const version of versions) {
      const part = group === '' ? `api/${version}` : `apis/${group}/${version}`
      const path = `/${part}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`
      for (const { paths } of [documents.get(part)!, v2]) {
        const patch = paths[path]?.['patch']
        expect(patch?.['x-kubernetes-group-version-kind'], path).toEqual({ group, version, kind })
        const names = patch?.parameters.map(({ name }) => name)
        expect(names, path).toEqual(expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']))
        const types = patch?.consumes ?? Object.keys(patch?.requestBody?.content ?? {})
        expect(types, path).toContain('application/apply-patch+yaml')
        // kubectl makes strategic merge patches where they are offered; only Kubernetes' own kinds can take them.
        expect(types.includes('application/strategic-merge-patch+json'), path).toBe(!/\.dev$/.test(group))
      }
    }
  }
})

test('no two operations have one name', async () => {
  const { json } = await served()
  const { paths } = await json<DocumentV2>('/openapi/v2')
  const ids = Object.values(paths).flatMap(path => Object.values(path).flatMap(({ operationId }) => operationId ?? []))
  expect(ids).toContain('patchTektonDevV1NamespacedPipelineRun')
  expect(new Set(ids).size).toBe(ids.length)
})

test('v2 as protobuf says what it says as JSON', async () => {
  const { ask, json } = await served()
  const tree = await json<DocumentV2>('/openapi/v2')
  const response = await ask('/openapi/v2', { accept: PROTOBUF })
  expect(response.headers.get('content-type')).toContain('+protobuf')
  const document = fieldsOf(new Uint8Array(await response.arrayBuffer()))
  expect(textOf(document, 1)).toBe('2.0')
  const definitions = namedIn(document, 9, 1)
  expect([...definitions.keys()]).toEqual(Object.keys(tree.definitions))
  for (const [name, bytes] of definitions) expect(schemaFrom(bytes), name).toEqual(tree.definitions[name])
  const paths = namedIn(document, 8, 2)
  expect([...paths.keys()]).toEqual(Object.keys(tree.paths))
  for (const [path, bytes] of paths) {
    const patch = fieldsOf(bytes).get(8)?.[0]
    const wanted = tree.paths[path]?.['patch']
    expect(patch === undefined, path).toBe(wanted === undefined)
    if (patch === undefined) continue
    const names = (fieldsOf(patch).get(8) ?? []).map(parameterName)
    expect(names, path).toEqual(wanted?.parameters.map(({ name }) => name))
    const extensions = extensionsOf(fieldsOf(patch), 13)
    expect(extensions['x-kubernetes-group-version-kind']).toEqual(wanted?.['x-kubernetes-group-version-kind'])
  }
})

test('a document is asked about again by its ETag', async () => {
  const { ask } = await served()
  for (const path of ['/openapi/v2', '/openapi/v3/apis/tekton.dev/v1']) {
    const first = await ask(path)
    const etag = first.headers.get('etag') ?? ''
    const again = await ask(path, { 'if-none-match': `"other", W/${etag}` })
    expect([again.status, await again.text()], path).toEqual([304, ''])
    const zipped = await ask(path, { 'accept-encoding': 'gzip' })
    const plain = await ask(path, { 'accept-encoding': 'identity, gzip;q=0' })
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await zipped.text()).toBe(await plain.text())
    expect((await ask(path, { 'if-none-match': '"other"' })).status).toBe(200)
  }
})

test.each([
  ['/openapi/v3/apis/nothing.dev/v1', undefined, 404],
  ['/openapi/v3/', undefined, 404],
  ['/openapi/v3/__proto__', undefined, 404],
  ['/openapi/v1', undefined, 404],
  ['/openapi/v2', 'text/html', 406],
  ['/openapi/v3', 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf', 406],
])('%s as %s: %i', async (path, accept, status) => {
  const { ask } = await served()
  const response = await ask(path, accept === undefined ? {} : { accept })
  expect([response.status, ((await response.json()) as { kind: string }).kind]).toEqual([status, 'Status'])
})

test('kubectl finds no fields where any may be', () => {
  const open: Schema = {
    type: 'object',
    description: 'x',
    properties: { a: { type: 'string' } },
    'x-kubernetes-preserve-unknown-fields': true,
  }
  expect(v2Schema(open)).toEqual({ description: 'x', 'x-kubernetes-preserve-unknown-fields': true })
  expect(v2Schema({ $ref: '#/definitions/a', 'x-kubernetes-preserve-unknown-fields': true })).toEqual({
    'x-kubernetes-preserve-unknown-fields': true,
  })
  const nullable: Schema = {
    type: 'object',
    required: ['a', 'b'],
    properties: { a: { type: 'string', nullable: true }, b: { type: 'array' } },
  }
  expect(v2Schema(nullable)).toEqual({ type: 'object', required: ['b'], properties: { a: {}, b: {} } })
})

test('in v3 a reference stands alone, or in allOf', () => {
  expect(v3Schema({ $ref: '#/definitions/a' })).toEqual({ $ref: '#/components/schemas/a' })
  expect(v3Schema({ $ref: '#/definitions/a', description: 'x' })).toEqual({
    description: 'x',
    allOf: [{ $ref: '#/components/schemas/a' }],
  })
})

const WIDGET_SCHEMA = {
  type: 'object',
  description: 'A widget.',
  required: ['spec'],
  properties: {
    metadata: { type: 'object' },
    spec: { type: 'object', properties: { size: { type: 'integer', description: 'How large it is.' } } },
  },
}

function widgets(openAPIV3Schema?: object): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com', namespace: '', uid: '1', resourceVersion: '1', creationTimestamp: '' },
    spec: {
      group: 'example.com',
      names: { kind: 'Widget', plural: 'widgets' },
      scope: 'Namespaced',
      versions: [
        { name: 'v1', served: true, storage: true, ...(openAPIV3Schema && { schema: { openAPIV3Schema } as object }) },
      ],
    },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  }
}

test("a custom kind's schema is that of its definition, with what every object has", () => {
  const kinds = kindTable([widgets(WIDGET_SCHEMA)])
  const schema = schemaOf(kinds.of('Widget.example.com')!, 'v1')
  expect(schema).toMatchObject({
    description: 'A widget.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      spec: WIDGET_SCHEMA.properties.spec,
    },
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
  })
  const entries = kinds.all.slice(-1).map(entry => ({ entry, version: 'v1' }))
  const v3 = openApiV3(entries, 'v1') as DocumentV3
  expect(v3.components.schemas['com.example.v1.Widget']?.properties?.['spec']).toEqual(WIDGET_SCHEMA.properties.spec)
  expect(Object.keys(v3.paths)).toContain('/apis/example.com/v1/namespaces/{namespace}/widgets')
  expect([...protobufParts(partsV2(entries, 'v1'))].length).toBeGreaterThan(10)
})

test('a custom kind without a schema is an object of anything, also for kubectl', () => {
  const kinds = kindTable([widgets()])
  const entries = kinds.all.slice(-1).map(entry => ({ entry, version: 'v1' }))
  const { definitions } = openApiV2(partsV2(entries, 'v1'))
  expect(definitions['com.example.v1.Widget']).toMatchObject({ type: 'object' })
  expect(definitions['com.example.v1.Widget']?.properties).toBeUndefined()
})

test('documents are made anew only for groups whose kinds have changed', async () => {
  const etagOf = async (kinds: KindTable, path: string) => {
    const headers: Record<string, unknown> = {}
    const request = { path, headers: {} } as unknown as ApiRequest
    const answer = await serveOpenApi(kinds, request)
    if (typeof answer !== 'function') throw new Error('no document')
    const response = { writeHead: (_: number, more: object) => Object.assign(headers, more), end: () => undefined }
    response.writeHead = (_, more) => {
      Object.assign(headers, more)
      return response
    }
    await answer(response as never)
    return headers['etag']
  }
  const small = kindTable([widgets(WIDGET_SCHEMA)])
  const large = kindTable([widgets({ ...WIDGET_SCHEMA, description: 'A larger widget.' })])
  for (const path of ['/openapi/v3/apis/tekton.dev/v1', '/openapi/v3/api/v1']) {
    expect(await etagOf(large, path)).toBe(await etagOf(small, path))
  }
  const widget = '/openapi/v3/apis/example.com/v1'
  expect(await etagOf(large, widget)).not.toBe(await etagOf(small, widget))
})

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inside]) =>
    name === '$ref' && typeof inside === 'string' ? [inside] : referencesIn(inside),
  )
}

function after(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}

type ProtobufFields = ReadonlyMap<number, readonly Uint8Array[]>

/** Any message: bytes by field number; numbers as a byte. */
function fieldsOf(bytes: Uint8Array): ProtobufFields {
  const reader = new BinaryReader(bytes)
  const fields = new Map<number, Uint8Array[]>()
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    const value = type === WireType.LengthDelimited ? reader.bytes() : Uint8Array.of(reader.uint32())
    fields.set(number, [...(fields.get(number) ?? []), value])
  }
  return fields
}

function textOf(fields: ProtobufFields, number: number): string | undefined {
  const bytes = fields.get(number)?.[0]
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** The message in `outer`, which may come in pieces, and in which a repeated field holds names and values. */
function namedIn(fields: ProtobufFields, outer: number, inner: number): ReadonlyMap<string, Uint8Array> {
  const entries = (fields.get(outer) ?? []).flatMap(each => (fieldsOf(each).get(inner) ?? []).map(fieldsOf))
  return new Map(entries.map(entry => [textOf(entry, 1) ?? '', entry.get(2)?.[0] ?? new Uint8Array()]))
}

function extensionsOf(fields: ProtobufFields, number: number): Readonly<Record<string, unknown>> {
  const entries = (fields.get(number) ?? []).map(fieldsOf).map((entry): [string, unknown] => {
    const value = fieldsOf(entry.get(2)?.[0] ?? new Uint8Array())
    return [textOf(entry, 1) ?? '', JSON.parse(textOf(value, 2) ?? 'null')]
  })
  return Object.fromEntries(entries)
}

function parameterName(bytes: Uint8Array): string | undefined {
  const parameter = fieldsOf(fieldsOf(bytes).get(1)?.[0] ?? new Uint8Array())
  const body = parameter.get(1)?.[0]
  if (body !== undefined) return textOf(fieldsOf(body), 2)
  const other = fieldsOf(parameter.get(2)?.[0] ?? new Uint8Array())
  return textOf(fieldsOf((other.get(3) ?? other.get(4))?.[0] ?? new Uint8Array()), 4)
}

/** Back to what it was made of, as far as our documents use it. */
function schemaFrom(bytes: Uint8Array): Schema {
  const fields = fieldsOf(bytes)
  const inside = (number: number) => fields.get(number)?.map(fieldsOf)[0]?.get(1)?.[0]
  const [items, additional, type] = [inside(23), inside(21), inside(22)]
  const defaultValue = fields.get(5)?.map(fieldsOf)[0]
  const decoded = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)
  return Object.fromEntries(
    Object.entries({
      $ref: textOf(fields, 1),
      format: textOf(fields, 2),
      description: textOf(fields, 4),
      default: defaultValue && JSON.parse(textOf(defaultValue, 2) ?? 'null'),
      required: fields.get(19)?.map(decoded),
      additionalProperties: additional && schemaFrom(additional),
      type: decoded(type),
      items: items && schemaFrom(items),
      properties: fields.has(25)
        ? Object.fromEntries([...namedIn(fields, 25, 1)].map(([name, each]) => [name, schemaFrom(each)]))
        : undefined,
      ...extensionsOf(fields, 31),
    }).filter(([, value]) => value !== undefined),
  ) as Schema
}
