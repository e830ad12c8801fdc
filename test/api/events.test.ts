/** Events are in two groups, and are the same objects in both. */
import { expect, test } from 'vitest'
import { openWatch } from './watch-client.js'
import { serveApi } from './world.js'

const CORE = '/api/v1/namespaces/default/events'
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events'

const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p', uid: 'u' }
const event = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'e' },
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'example.com/robot',
  reportingInstance: 'robot-1',
  action: 'Look',
  reason: 'Seen',
  type: 'Normal',
  regarding,
  note: 'saw it',
}

test('what is written in one is read in the other', async () => {
  const { call } = await serveApi()
  expect(await call('POST', EVENTS, { body: event })).toMatchObject({ status: 201, body: event })
  expect(await call('GET', `${CORE}/e`)).toMatchObject({
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: regarding,
      message: 'saw it',
      reportingComponent: 'example.com/robot',
      action: 'Look',
    },
  })
  const core = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'f' },
    involvedObject: regarding,
    reason: 'Again',
    message: 'saw it twice',
    type: 'Normal',
    count: 2,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:09Z',
    source: { component: 'robot' },
  }
  expect(await call('POST', CORE, { body: core })).toMatchObject({ status: 201, body: core })
  expect(await call('GET', EVENTS)).toMatchObject({
    body: {
      apiVersion: 'events.k8s.io/v1',
      kind: 'EventList',
      items: [
        { apiVersion: 'events.k8s.io/v1', note: 'saw it' },
        {
          regarding,
          note: 'saw it twice',
          deprecatedCount: 2,
          deprecatedFirstTimestamp: core.firstTimestamp,
          deprecatedLastTimestamp: core.lastTimestamp,
          deprecatedSource: core.source,
        },
      ],
    },
  })
})

test('a series is counted up by a patch, and seen in both', async () => {
  const { call, port } = await serveApi()
  await call('POST', EVENTS, { body: event })
  const [old, young] = [await openWatch(port, `${CORE}?watch=true`), await openWatch(port, `${EVENTS}?watch=true`)]
  const body = { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' }, note: 'saw it again' }
  const patched = await call('PATCH', `${EVENTS}/e`, { body, contentType: 'application/merge-patch+json' })
  expect(patched).toMatchObject({ status: 200, body: { ...event, ...body } })
  await old.seen('ADDED e', 'MODIFIED e')
  await young.seen('ADDED e', 'MODIFIED e')
  expect(old.events[1]?.object).toMatchObject({ apiVersion: 'v1', message: 'saw it again', series: { count: 2 } })
  expect(young.events[1]?.object).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'saw it again', regarding })
})
