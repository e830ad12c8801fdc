/** What a client reads: the forms, versions and limits of a get and a list. */
import { expect, test } from 'vitest'
import { yaml } from '../helpers/yaml.js'
import { openWatch } from './watch-client.js'
import { CONFIG_MAPS, serveApi } from './world.js'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
/** What kubectl sends. */
const KUBECTL = `${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } })

async function served() {
  const world = await serveApi()
  for (const name of ['one', 'two']) await world.call('POST', CONFIG_MAPS, { body: configMap(name) })
  return world
}

test('kubectl is given tables: what the columns are, and behind each row the metadata', async () => {
  const { call } = await served()
  const { body } = await call('GET', CONFIG_MAPS, { accept: KUBECTL })
  expect(body).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '6' },
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', priority: 0 },
      { name: 'Data', type: 'string', format: '' },
      { name: 'Age' },
    ],
    rows: [
      { cells: ['one', '1', expect.any(String)], object: { kind: 'PartialObjectMetadata', metadata: { name: 'one' } } },
      { cells: ['two', '1', expect.any(String)], object: { kind: 'PartialObjectMetadata', metadata: { name: 'two' } } },
    ],
  })
  expect(JSON.stringify(body)).not.toContain('"data"')
})

test.each([
  ['Object', { kind: 'ConfigMap', data: { a: '1' } }],
  ['Metadata', { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }],
  ['None', undefined],
])('behind the rows of a table is what is asked for: %s', async (includeObject, object) => {
  const { call } = await served()
  const { body } = await call('GET', `${CONFIG_MAPS}/one?includeObject=${includeObject}`, { accept: TABLE })
  const [row] = (body as { rows: { object?: unknown }[] }).rows
  if (object === undefined) expect(row).not.toHaveProperty('object')
  else expect(row?.object).toMatchObject(object)
})

test.each<[accept: string, kind: string, apiVersion: string]>([
  ['', 'ConfigMap', 'v1'],
  ['*/*', 'ConfigMap', 'v1'],
  ['application/json', 'ConfigMap', 'v1'],
  ['application/vnd.kubernetes.protobuf, application/json', 'ConfigMap', 'v1'],
  ['application/json;q=0.1,application/json;as=Table;v=v1;g=meta.k8s.io', 'Table', 'meta.k8s.io/v1'],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'Table', 'meta.k8s.io/v1beta1'],
  ['application/json;as=Table;v=v2;g=meta.k8s.io,application/json', 'ConfigMap', 'v1'],
  ['application/json;as=Chart;v=v1;g=meta.k8s.io,application/json', 'ConfigMap', 'v1'],
  [PARTIAL, 'PartialObjectMetadata', 'meta.k8s.io/v1'],
])('who accepts %j gets a %s', async (accept, kind, apiVersion) => {
  const { call } = await served()
  const answer = await call('GET', `${CONFIG_MAPS}/one`, { accept })
  expect(answer).toMatchObject({ status: 200, body: { kind, apiVersion } })
})

test('who accepts nothing that there is is told what there is, and nothing is written for them', async () => {
  const { call } = await served()
  const refused = {
    status: 406,
    body: { reason: 'NotAcceptable', message: 'only the following media types are accepted: application/json' },
  }
  const accept = 'application/yaml;q=0.9, text/html'
  expect(await call('GET', CONFIG_MAPS, { accept })).toMatchObject(refused)
  expect(await call('POST', CONFIG_MAPS, { accept, body: configMap('three') })).toMatchObject(refused)
  expect(await call('GET', `${CONFIG_MAPS}/three`)).toMatchObject({ status: 404 })
  expect(await call('GET', CONFIG_MAPS, { accept: PARTIAL })).toMatchObject({ status: 406 })
})

test('metadata alone is listed where that is asked for', async () => {
  const { call } = await served()
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const { body } = await call('GET', CONFIG_MAPS, { accept })
  expect(body).toMatchObject({
    kind: 'PartialObjectMetadataList',
    items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'one' } }, { metadata: { name: 'two' } }],
  })
})

test('a watch of a table says once what the columns are', async () => {
  const { call, port } = await served()
  const watching = await openWatch(port, `${CONFIG_MAPS}?watch=true`, KUBECTL)
  await watching.seen('ADDED one', 'ADDED two')
  await call('DELETE', `${CONFIG_MAPS}/one`)
  await watching.seen('ADDED one', 'ADDED two', 'DELETED one')
  const definitions = watching.events.map(({ object }) => object['columnDefinitions'])
  expect(definitions).toEqual([expect.arrayContaining([expect.objectContaining({ name: 'Data' })]), null, null])
})

test('what is not there is told with its group, its resource and its name', async () => {
  const { call } = await served()
  expect(await call('GET', '/apis/tekton.dev/v1/namespaces/default/pipelineruns/nobody')).toMatchObject({
    status: 404,
    body: {
      reason: 'NotFound',
      message: 'pipelineruns.tekton.dev "nobody" not found',
      details: { name: 'nobody', group: 'tekton.dev', kind: 'pipelineruns' },
    },
  })
  expect((await call('GET', `${CONFIG_MAPS}/nobody`)).body).toMatchObject({
    details: { name: 'nobody', kind: 'configmaps' },
  })
  expect((await call('POST', CONFIG_MAPS, { body: configMap('one') })).body).toMatchObject({
    reason: 'AlreadyExists',
    details: { name: 'one', kind: 'configmaps' },
  })
})

test('nothing is newer than the newest, and what is no version is refused', async () => {
  const { call } = await served()
  for (const path of [CONFIG_MAPS, `${CONFIG_MAPS}/one`]) {
    expect(await call('GET', `${path}?resourceVersion=1`)).toMatchObject({ status: 200 })
    expect(await call('GET', `${path}?resourceVersion=0`)).toMatchObject({ status: 200 })
    expect(await call('GET', `${path}?resourceVersion=99`)).toMatchObject({
      status: 504,
      body: { reason: 'Timeout', message: 'Timeout: Too large resource version: 99, current: 6' },
    })
    expect(await call('GET', `${path}?resourceVersion=new`)).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest' },
    })
  }
})

test('an object is shown in the version it is asked for, whichever verb answers with it', async () => {
  const { call, port } = await serveApi()
  const [v1, v1beta1] = ['v1', 'v1beta1'].map(version => `/apis/tekton.dev/${version}/namespaces/default`)
  const body = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Task
    metadata: { name: t }
    spec: { steps: [{ name: s, image: i, script: x, computeResources: { limits: { cpu: '1' } } }] }
  `
  expect((await call('POST', `${v1}/tasks`, { body })).body).toMatchObject({ apiVersion: 'tekton.dev/v1' })
  const old = {
    apiVersion: 'tekton.dev/v1beta1',
    kind: 'Task',
    spec: { steps: [{ resources: { limits: { cpu: '1' } } }] },
  }
  const { body: got } = await call('GET', `${v1beta1}/tasks/t`)
  expect(got).toMatchObject(old)
  expect((await call('GET', `${v1beta1}/tasks`)).body).toMatchObject({ apiVersion: 'tekton.dev/v1beta1', items: [old] })
  const watching = await openWatch(port, `${v1beta1}/tasks?watch=true`)
  await watching.seen('ADDED t')
  expect(watching.events[0]?.object).toMatchObject(old)
  const changed = { ...got, spec: { ...(got as { spec: object }).spec, description: 'changed' } }
  expect((await call('PUT', `${v1beta1}/tasks/t`, { body: changed })).body).toMatchObject(old)
  expect((await call('GET', `${v1}/tasks/t`)).body).toMatchObject({
    apiVersion: 'tekton.dev/v1',
    spec: { description: 'changed', steps: [{ computeResources: { limits: { cpu: '1' } } }] },
  })
})

interface Listed {
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
}

const namesOf = (body: unknown) => (body as Listed).items.map(each => each.metadata.name)
const metadataOf = (body: unknown) => (body as Listed).metadata

test('a list comes in pages of one moment, whatever happens in between', async () => {
  const { call } = await serveApi()
  for (const name of ['a', 'b', 'c', 'd', 'e']) await call('POST', CONFIG_MAPS, { body: configMap(name) })
  const first = (await call('GET', `${CONFIG_MAPS}?limit=2`)).body
  expect(namesOf(first)).toEqual(['a', 'b'])
  expect(metadataOf(first)).toMatchObject({ resourceVersion: '9', remainingItemCount: 3, continue: expect.any(String) })
  await call('DELETE', `${CONFIG_MAPS}/c`)
  await call('POST', CONFIG_MAPS, { body: configMap('cc') })
  const second = (await call('GET', `${CONFIG_MAPS}?limit=2&continue=${metadataOf(first).continue}`)).body
  expect(namesOf(second)).toEqual(['c', 'd'])
  expect(metadataOf(second)).toMatchObject({ resourceVersion: '9', remainingItemCount: 1 })
  const last = (await call('GET', `${CONFIG_MAPS}?limit=2&continue=${metadataOf(second).continue}`)).body
  expect(namesOf(last)).toEqual(['e'])
  expect(metadataOf(last)).toEqual({ resourceVersion: '9' })
  expect(namesOf((await call('GET', CONFIG_MAPS)).body)).toEqual(['a', 'b', 'cc', 'd', 'e'])
})

test('a list that selects comes in pages, too, and nobody knows how many are left', async () => {
  const { call } = await serveApi()
  for (const name of ['a', 'b', 'c', 'd']) {
    const metadata = { name, labels: { odd: name === 'a' || name === 'c' ? 'yes' : 'no' } }
    await call('POST', CONFIG_MAPS, { body: { ...configMap(name), metadata } })
  }
  const path = `${CONFIG_MAPS}?limit=1&labelSelector=odd%20in%20(yes,maybe)`
  const { body } = await call('GET', path, { accept: 'application/json' })
  expect(namesOf(body)).toEqual(['a'])
  expect(metadataOf(body)).not.toHaveProperty('remainingItemCount')
  expect(namesOf((await call('GET', `${path}&continue=${metadataOf(body).continue}`)).body)).toEqual(['c'])
  const table = (await call('GET', path, { accept: TABLE })).body
  expect(table).toMatchObject({ kind: 'Table', metadata: { continue: expect.any(String) }, rows: [{}] })
})

test('a list is shown as it was at a version that is asked for exactly', async () => {
  const { call } = await served()
  await call('DELETE', `${CONFIG_MAPS}/one`)
  const at = async (query: string) => (await call('GET', `${CONFIG_MAPS}?${query}`)).body
  expect(namesOf(await at('resourceVersion=5&resourceVersionMatch=Exact'))).toEqual(['one'])
  expect(metadataOf(await at('resourceVersion=6&limit=500'))).toEqual({ resourceVersion: '6' })
  expect(namesOf(await at('resourceVersion=6&limit=500'))).toEqual(['one', 'two'])
  expect(namesOf(await at('resourceVersion=6&resourceVersionMatch=NotOlderThan'))).toEqual(['two'])
  expect(namesOf(await at('resourceVersion=0&limit=500'))).toEqual(['two'])
})

test('what is too old to be listed is 410, with a way to go on where there is one', async () => {
  const { call, cluster } = await serveApi({}, { keepEvents: 10 })
  for (const name of ['a', 'b', 'c']) await call('POST', CONFIG_MAPS, { body: configMap(name) })
  const first = (await call('GET', `${CONFIG_MAPS}?limit=1`)).body
  for (let n = 0; n < 1_100; n++) {
    const metadata = { name: 'x', namespace: 'other' }
    if (n % 2 === 1) await cluster.delete('ConfigMap', metadata)
    else await cluster.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  }
  const expired = await call('GET', `${CONFIG_MAPS}?limit=1&continue=${metadataOf(first).continue}`)
  expect(expired).toMatchObject({
    status: 410,
    body: { reason: 'Expired', message: expect.stringContaining('too old') },
  })
  const token = metadataOf(expired.body).continue
  const second = (await call('GET', `${CONFIG_MAPS}?limit=1&continue=${token}`)).body
  expect(namesOf(second)).toEqual(['b'])
  expect(await call('GET', `${CONFIG_MAPS}?resourceVersion=1&resourceVersionMatch=Exact`)).toMatchObject({
    status: 410,
    body: { reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' },
  })
})

const FORBIDDEN = 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '

test.each([
  ['continue=x', 400, 'invalid continue token: continue key is not valid'],
  ['continue=e30', 400, 'invalid continue token: continue key is not valid'],
  ['limit=many', 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
  [
    'resourceVersionMatch=Exact',
    422,
    `${FORBIDDEN}resourceVersionMatch is forbidden unless resourceVersion is provided`,
  ],
  [
    'resourceVersion=0&resourceVersionMatch=Exact',
    422,
    `${FORBIDDEN}resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
  ],
  [
    'resourceVersion=1&resourceVersionMatch=Newest',
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
  ],
  [
    'sendInitialEvents=true',
    422,
    'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  ],
])('a list with %s is refused in Kubernetes’ words', async (query, status, message) => {
  const { call } = await served()
  expect(await call('GET', `${CONFIG_MAPS}?${query}`)).toMatchObject({ status, body: { message } })
})

test('a token is for the list it was given for', async () => {
  const { call } = await served()
  const token = metadataOf((await call('GET', `${CONFIG_MAPS}?limit=1`)).body).continue
  const version = await call('GET', `${CONFIG_MAPS}?continue=${token}&resourceVersion=1`)
  expect(version).toMatchObject({
    status: 400,
    body: { message: 'specifying resource version is not allowed when using continue' },
  })
  for (const path of [
    '/api/v1/configmaps?',
    '/api/v1/namespaces/default/secrets?',
    `${CONFIG_MAPS}?labelSelector=a&`,
  ]) {
    const answer = await call('GET', `${path}continue=${token}`)
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('was given for another list') },
    })
  }
})
