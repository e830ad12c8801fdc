import { expect, test } from 'vitest'
import { admitWith } from '../../src/admission/admit.js'
import type { RequestedRun } from '../../src/api/schedules.js'
import type { New } from '../../src/resources/meta.js'
import type { Schedule } from '../../src/resources/schedules.js'
import { readTick } from '../../src/schedule/tick.js'
import { inboxFor } from '../listeners/world.js'
import { serveApi } from './world.js'

const PATH = '/apis/tektite.dev/v1alpha1/namespaces/ci/schedules'
const NOW = Date.parse('2026-01-10T12:00:00.500Z')

async function world(spec: object = {}) {
  const inbox = inboxFor()
  let id = 0
  const runRequests = { inbox, now: () => NOW, newId: () => `${id++}` }
  const api = await serveApi({ inbox, runRequests })
  const admitted = admitWith(
    {},
    {
      apiVersion: 'tektite.dev/v1alpha1',
      kind: 'Schedule',
      metadata: { name: 'nightly', namespace: 'ci' },
      spec: { schedule: '0 6,18 * * *', timeZone: 'Europe/Berlin', template: { ref: 'build' }, ...spec },
    },
  )
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  await api.cluster.create('Schedule', admitted.object as New<Schedule>)
  return { ...api, inbox }
}

test('a run that is asked for is a delivery of its own each time, also while suspended', async () => {
  const { call, inbox } = await world({ suspend: true })
  const first = await call('POST', `${PATH}/nightly/run`)
  const second = await call('POST', `${PATH}/nightly/run`)
  expect([first.status, second.status]).toEqual([201, 201])
  const { items } = await inbox.list()
  expect(items.map(({ delivery }) => delivery.eventId).sort()).toEqual(
    [first, second].map(({ body }) => (body as unknown as RequestedRun).status.delivery).sort(),
  )
  const record = await inbox.get(items[0]!.delivery.id)
  expect(record?.delivery.to).toMatchObject({ kind: 'Schedule', namespace: 'ci', name: 'nightly' })
  const body: unknown = JSON.parse(new TextDecoder().decode(record?.delivery.body))
  expect(body).toEqual({
    schedule: { namespace: 'ci', name: 'nightly' },
    scheduledTime: '2026-01-10T12:00:00Z',
    timeZone: 'Europe/Berlin',
    manual: true,
  })
  expect(readTick(body)).toEqual({ slot: Date.parse('2026-01-10T12:00:00Z'), manual: true })
})

test.each([
  ['POST', '/other/run', 404, 'Schedule "other" not found in namespace "ci"'],
  ['GET', '/nightly/run', 405, `GET of ${PATH}/nightly/run is not supported: POST asks for a run`],
])('%s %s is answered with %i', async (method, path, status, message) => {
  const { call, inbox } = await world()
  expect(await call(method, PATH + path)).toMatchObject({ status, body: { message } })
  expect((await inbox.list()).items).toEqual([])
})

test('without the token nothing runs', async () => {
  const { call, inbox } = await world()
  expect((await call('POST', `${PATH}/nightly/run`, { authorization: '' })).status).toBe(401)
  expect((await inbox.list()).items).toEqual([])
})

test('a wrong schedule is refused with every problem, and a client finds the kind and what it can do', async () => {
  const { call } = await world()
  const wrong = { schedule: '0 0 30 2 *', timeZone: 'Nowhere', template: { ref: 'build' } }
  const refused = await call('POST', PATH, {
    body: { apiVersion: 'tektite.dev/v1alpha1', kind: 'Schedule', metadata: { name: 'wrong' }, spec: wrong },
  })
  expect(refused.status).toBe(400)
  expect(refused.body?.['message']).toContain('would never fire: spec.schedule')
  expect(refused.body?.['message']).toContain('no such time zone: spec.timeZone')
  const { resources } = (await call('GET', '/apis/tektite.dev/v1alpha1')).body as {
    readonly resources: readonly { readonly name: string }[]
  }
  expect(resources.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['schedules', 'schedules/status', 'schedules/run']),
  )
})
