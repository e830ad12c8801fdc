import { expect, test } from 'vitest'
import { widget, widgets } from '../helpers/custom-resources.js'
import { until } from '../kubelet/until.js'
import { openWatch, type WatchEvent } from './watch-client.js'
import { type ApiWorld, CONFIG_MAPS, serveApi } from './world.js'

interface Written {
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
}

function writer({ cluster }: ApiWorld, namespace = 'default') {
  const configMap = (name: string, data: Record<string, string>, labels: Record<string, string>) => ({
    apiVersion: 'v1' as const,
    kind: 'ConfigMap' as const,
    metadata: { name, namespace, labels },
    data,
  })
  return {
    create: (name: string, labels = {}): Promise<Written> => cluster.create('ConfigMap', configMap(name, {}, labels)),
    async change(name: string, labels = {}): Promise<Written> {
      const stored = await cluster.get('ConfigMap', { namespace, name })
      const { metadata, data } = stored!
      const next = { ...stored!, metadata: { ...metadata, labels }, data: { n: `${Number(data?.['n'] ?? 0) + 1}` } }
      return cluster.replace('ConfigMap', next)
    },
    remove: (name: string) => cluster.delete('ConfigMap', { namespace, name }),
  }
}

function versions(events: readonly WatchEvent[]): readonly number[] {
  return events.map(({ object }) => Number(object.metadata.resourceVersion))
}

test('a watch without a version begins with what is there; then come creations, changes and deletions', async () => {
  const world = await serveApi()
  const { create, change, remove } = writer(world)
  await create('b')
  await create('a')
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true`)
  expect(watching).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
  await watching.seen('ADDED a', 'ADDED b')
  await change('a')
  await remove('b')
  await create('c')
  await watching.seen('ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b', 'ADDED c')
  expect(watching.events[2]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { n: '1' } })
  expect(watching.events.filter(each => each.type === 'BOOKMARK')).toEqual([])
  // A deletion has a version of its own, to go on from.
  expect(versions(watching.events.slice(2))).toEqual([7, 8, 9])
})

test('from a version come exactly the events behind it', async () => {
  const world = await serveApi()
  const { create, change, remove } = writer(world)
  await create('a')
  const { metadata } = await change('a')
  await create('b')
  await remove('a')
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`
  const watching = await openWatch(world.port, path)
  await create('c')
  await watching.seen('ADDED b', 'DELETED a', 'ADDED c')
})

test('a list and the watch from its version leave no gap and repeat nothing', async () => {
  const world = await serveApi()
  const { create } = writer(world)
  await create('a')
  const { body } = await world.call('GET', CONFIG_MAPS)
  const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true&resourceVersion=${resourceVersion}`)
  await create('b')
  await watching.seen('ADDED b')
})

test('who selects by labels sees objects come and go as their labels change', async () => {
  const world = await serveApi()
  const { create, change, remove } = writer(world)
  const watching = await openWatch(
    world.port,
    `${CONFIG_MAPS}?watch=true&labelSelector=${encodeURIComponent('app in (x)')}`,
  )
  await create('a', { app: 'y' })
  await change('a', { app: 'x' })
  await change('a', { app: 'x' })
  const left = await change('a', { app: 'z' })
  await change('a', { app: 'x' })
  await remove('a')
  await watching.seen('ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a')
  // Its last state that was selected, under the version of the change that took it away.
  expect(watching.events[2]?.object).toMatchObject({
    metadata: { labels: { app: 'x' }, resourceVersion: left.metadata.resourceVersion },
    data: { n: '2' },
  })
})

test('one object is watched by its name', async () => {
  const world = await serveApi()
  const { create, remove } = writer(world)
  await create('a')
  await create('b')
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Db`)
  await remove('a')
  await remove('b')
  await watching.seen('ADDED b', 'DELETED b')
})

test('a watch is of one namespace, or of all', async () => {
  const world = await serveApi()
  const [one, all] = [
    await openWatch(world.port, `${CONFIG_MAPS}?watch=true`),
    await openWatch(world.port, '/api/v1/configmaps?watch=true'),
  ]
  await writer(world, 'other').create('a')
  await writer(world).create('b')
  await one.seen('ADDED b')
  await all.seen('ADDED a', 'ADDED b')
})

test('a streamed list: what is there, a bookmark that says so, then the changes', async () => {
  const world = await serveApi()
  const { create } = writer(world)
  await create('a')
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?${query}`)
  await until('the bookmark', () => watching.events.length >= 2)
  expect(watching.events[1]).toEqual({
    type: 'BOOKMARK',
    object: {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: '5', creationTimestamp: null, annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  })
  await create('b')
  await watching.seen('ADDED a', 'ADDED b')
})

test('many objects are there at the start: each comes once, all of one moment, and then what changed meanwhile', async () => {
  const world = await serveApi()
  const { create, remove } = writer(world)
  const names = Array.from({ length: 1_100 }, (_, n) => `n${`${n}`.padStart(4, '0')}`)
  await Promise.all(names.map(name => create(name)))
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true`)
  watching.pause()
  await remove('n1099')
  watching.resume()
  await watching.seen(...names.map(name => `ADDED ${name}`), 'DELETED n1099')
})

test('without initial events a watch begins with what happens next', async () => {
  const world = await serveApi()
  const { create } = writer(world)
  await create('a')
  const query = 'watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan'
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?${query}`)
  await create('b')
  await watching.seen('ADDED b')
})

test('bookmarks say how far a watch is that has nothing else to say, again and again', async () => {
  const world = await serveApi({ watchLimits: { bookmarkMs: 5 } })
  const watching = await openWatch(world.port, '/api/v1/pods?watch=true&allowWatchBookmarks=true')
  const { metadata } = await writer(world).create('a')
  const { resourceVersion } = metadata
  await until('two bookmarks', () => versions(watching.events).filter(each => `${each}` === resourceVersion).length > 1)
  expect(watching.events.map(({ type, object }) => [type, object.kind])).toEqual(
    watching.events.map(() => ['BOOKMARK', 'Pod']),
  )
})

test('a version that is forgotten is told as an event, and so is one that was never given out', async () => {
  const world = await serveApi({}, { keepEvents: 10 })
  const { create } = writer(world)
  await Promise.all(Array.from({ length: 1_100 }, (_, n) => create(`n${n}`)))
  for (const version of ['1', '99999']) {
    const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true&resourceVersion=${version}`)
    expect(await watching.ended).toBe('whole')
    expect(watching.status).toBe(200)
    expect(watching.events).toMatchObject([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          status: 'Failure',
          reason: 'Expired',
          code: 410,
          message: expect.stringMatching(`^too old resource version: ${version} \\(\\d+\\)$`),
        },
      },
    ])
  }
})

test('a streamed list that must be newer than the newest is told to come again', async () => {
  const { port } = await serveApi()
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=7'
  const watching = await openWatch(port, `${CONFIG_MAPS}?${query}`)
  await watching.ended
  expect(watching.events).toMatchObject([
    {
      type: 'ERROR',
      object: {
        reason: 'Timeout',
        code: 504,
        message: 'Timeout: Too large resource version: 7, current: 4',
        details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] },
      },
    },
  ])
})

test('a watch ends when its time is over, with a bookmark for who goes on later', async () => {
  const { port } = await serveApi()
  const watching = await openWatch(port, `${CONFIG_MAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`)
  expect(await watching.ended).toBe('whole')
  expect(watching.events.at(-1)?.type).toBe('BOOKMARK')
})

test('an API that stops ends its watches, so that nobody takes it for a broken network', async () => {
  const world = await serveApi()
  const watching = await openWatch(world.port, `${CONFIG_MAPS}?watch=true`)
  await world.close()
  expect(await watching.ended).toBe('whole')
})

test('who never reads is cut off, and the others miss nothing', async () => {
  const world = await serveApi({ watchLimits: { stalledMs: 50 } })
  const { cluster } = world
  const [idle, reader] = [
    await openWatch(world.port, `${CONFIG_MAPS}?watch=true`),
    await openWatch(world.port, `${CONFIG_MAPS}?watch=true`),
  ]
  idle.pause()
  const data = { large: 'x'.repeat(500_000) }
  let count = 0
  await until('cut off', async () => {
    const metadata = { name: `n${count++}`, namespace: 'default' }
    await cluster.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
    return world.lines.some(line => line.message === 'watch cut off: the client read nothing')
  })
  await until('everything', () => reader.events.length === count)
  expect(reader.isOver()).toBe(false)
  idle.resume()
  expect(await idle.ended).toBe('broken')
  expect(idle.events.length).toBeLessThan(count)
})

test.each([
  [
    'resourceVersion=x',
    400,
    'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  ],
  ['timeoutSeconds=soon', 400, 'strconv.ParseInt: parsing "soon": invalid syntax'],
  [
    'sendInitialEvents=true',
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  ],
  [
    'resourceVersionMatch=Exact',
    422,
    'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
  ],
])('a watch with %s is refused before it begins', async (query, status, message) => {
  const { call } = await serveApi()
  expect(await call('GET', `${CONFIG_MAPS}?watch=true&${query}`)).toMatchObject({ status, body: { message } })
})

test('a watch of a kind ends when its definition is another one, or gone', async () => {
  const { call, port } = await serveApi()
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const path = '/apis/example.com/v1/namespaces/default/widgets'
  const { body: made } = await call('POST', definitions, { body: widgets({}) })
  await call('POST', path, { body: widget('w') })
  const changed = await openWatch(port, `${path}?watch=true`)
  await changed.seen('ADDED w')
  const { spec } = made as { spec: { names: object } }
  const body = { ...made, spec: { ...spec, names: { ...spec.names, shortNames: ['wdg'] } } }
  expect((await call('PUT', `${definitions}/widgets.example.com`, { body })).status).toBe(200)
  expect(await changed.ended).toBe('whole')
  const gone = await openWatch(port, `${path}?watch=true`)
  await call('DELETE', `${definitions}/widgets.example.com`)
  expect(await gone.ended).toBe('whole')
  expect(gone.texts()).toEqual(['ADDED w', 'DELETED w'])
})
