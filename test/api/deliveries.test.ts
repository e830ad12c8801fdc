/** The history over HTTP, from a real inbox. */
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DeliveryList } from '../../src/api/deliveries.js'
import type { Delivery, Dispatcher, Inbox, Verdict } from '../../src/inbox/inbox.js'
import type { DeliveryObject } from '../../src/resources/deliveries.js'
import type { Problem } from '../../src/resources/problem.js'
import { decode } from '../../src/resources/shape.js'
import { DELIVERY_SPEC, DELIVERY_STATUS } from '../../src/resources/shapes-deliveries.js'
import { inboxFor } from '../listeners/world.js'
import { type ApiWorld, serveApi } from './world.js'

const ALL = '/apis/tektite.dev/v1alpha1/deliveries'
const IN_CI = '/apis/tektite.dev/v1alpha1/namespaces/ci/deliveries'
const verdict = (is: Verdict['is'], more: Partial<Verdict> = {}): Verdict => ({
  trigger: 'push',
  namespace: 'ci',
  is,
  by: '',
  created: is === 'fired' ? ['PipelineRun/ci/build-x2x2x'] : [],
  message: is === 'fired' ? '' : 'because',
  ...more,
})

function delivery(name: string, change: Partial<Delivery> = {}): Delivery {
  return {
    id: `ci/app/x-github-delivery/${name}`,
    eventId: `${name}-e`,
    receivedAt: Date.parse('2026-01-02T03:04:05.678Z'),
    to: { kind: 'EventListener', namespace: 'ci', name: 'app', uid: 'uid' },
    url: '/hooks/ci/app?token=in-the-url&x=1',
    headers: {
      'x-github-event': ['push'],
      authorization: ['Bearer in-the-header'],
      'x-gitlab-token': ['in-the-token'],
      cookie: ['a=in-the-cookie'],
    },
    body: Buffer.from('{"in":"the-body"}'),
    subject: 'acme/app main',
    ...change,
  }
}

interface World extends Pick<ApiWorld, 'call'> {
  readonly inbox: Inbox
  readonly list: (path: string) => Promise<DeliveryList>
  readonly names: (path: string) => Promise<readonly string[]>
  readonly ended: (name: string, replay?: number) => Promise<void>
}

async function world(dispatcher: Dispatcher = async () => [verdict('fired')]): Promise<World> {
  const inbox = inboxFor({ pauses: { firstMs: 1, maxMs: 2 }, maxAttempts: 2 })
  const { call } = await serveApi({ inbox })
  const worker = inbox.dispatch(dispatcher, { concurrency: 4 })
  onTestFinished(() => worker.close())
  const list = async (path: string) => {
    const { status, body, text } = await call('GET', path)
    if (status !== 200) throw new Error(text)
    return body as unknown as DeliveryList
  }
  return {
    inbox,
    call,
    list,
    names: async path => (await list(path)).items.map(({ metadata }) => metadata.name),
    ended: async (name, replay = 0) => {
      await vi.waitFor(
        async () => {
          const record = await inbox.get(delivery(name).id)
          expect([record?.state.is === 'pending', record?.replay]).toEqual([false, replay])
        },
        { timeout: 10_000 },
      )
    },
  }
}

test('a delivery is an object with a name that a URL can hold, and everything that is known of it', async () => {
  const { inbox, call, ended } = await world(async () => [
    verdict('fired'),
    verdict('filtered', { trigger: 'main', by: 'interceptors[0] cel' }),
  ])
  await inbox.accept(delivery('a'))
  await inbox.accept(delivery('a'))
  await ended('a')
  const created = [{ kind: 'PipelineRun', namespace: 'ci', name: 'build-x2x2x' }]
  const { status, body } = await call('GET', `${IN_CI}/a-e`)
  expect(status).toBe(200)
  expect(body).toEqual({
    apiVersion: 'tektite.dev/v1alpha1',
    kind: 'Delivery',
    metadata: {
      name: 'a-e',
      namespace: 'ci',
      uid: 'a-e',
      creationTimestamp: '2026-01-02T03:04:05Z',
      labels: { 'triggers.tekton.dev/eventlistener': 'app' },
    },
    spec: {
      id: 'ci/app/x-github-delivery/a',
      target: { kind: 'EventListener', name: 'app' },
      source: 'github',
      event: 'push',
      subject: 'acme/app main',
      receivedAt: '2026-01-02T03:04:05.678Z',
      url: '/hooks/ci/app?token=***&x=1',
      headers: { 'x-github-event': ['push'], authorization: ['***'], 'x-gitlab-token': ['***'], cookie: ['***'] },
      body: { bytes: 17, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
    status: {
      phase: 'Dispatched',
      replay: 0,
      dispatchedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      durationMs: expect.any(Number),
      verdicts: { fired: 1, filtered: 1, failed: 0 },
      created,
      copies: 2,
      triggers: [
        { name: 'push', namespace: 'ci', verdict: 'fired', by: '', created, message: '' },
        {
          name: 'main',
          namespace: 'ci',
          verdict: 'filtered',
          by: 'interceptors[0] cel',
          created: [],
          message: 'because',
        },
      ],
    },
  })
})

test('nothing secret and no body is shown, but the body to who asks for it', async () => {
  const { inbox, call, ended } = await world()
  const bytes = Uint8Array.from([0xff, 0x00, 0xfe])
  await inbox.accept(delivery('a'))
  await inbox.accept(delivery('b', { body: bytes }))
  await ended('b')
  for (const path of [ALL, IN_CI, `${ALL}?prefix=a`, `${IN_CI}/a-e`, `${IN_CI}/a-e?body=false`]) {
    expect((await call('GET', path)).text, path).not.toMatch(/in-the|the-body/)
  }
  const shown = async (name: string) =>
    (await call('GET', `${IN_CI}/${name}?body=true`)).body as unknown as DeliveryObject
  expect((await shown('a-e')).spec.body.text).toBe('{"in":"the-body"}')
  expect((await shown('b-e')).spec.body.base64).toBe(Buffer.from(bytes).toString('base64'))
  expect((await call('GET', `${IN_CI}/a-e`, { authorization: '' })).status).toBe(401)
})

test('lists go on where the page before ended, also those that look for something', async () => {
  const { inbox, list, names, ended } = await world(async ({ delivery: { eventId } }) => {
    if (eventId === '3-e') throw new Error('broken')
    return [verdict(Number.parseInt(eventId, 10) % 2 === 0 ? 'filtered' : 'fired')]
  })
  for (let i = 0; i < 10; i++) await inbox.accept(delivery(`${i}`))
  for (let i = 0; i < 10; i++) await ended(`${i}`)
  const walk = async (query: string) => {
    const pages: string[][] = []
    for (let next: string | undefined = ''; next !== undefined && pages.length < 20; ) {
      const page: DeliveryList = await list(`${ALL}?${query}${next === '' ? '' : `&continue=${next}`}`)
      pages.push(page.items.map(({ metadata }) => metadata.name))
      next = page.metadata.continue
      if (pages.length === 1) await inbox.accept(delivery(`later-${query}`))
    }
    return pages
  }
  expect((await walk('limit=4')).flat()).toEqual([...'9876543210'].map(name => `${name}-e`))
  const fired = (await walk('limit=2&verdict=fired')).flat().filter(name => !name.startsWith('later'))
  expect(fired).toEqual(['9-e', '7-e', '5-e', '1-e'])
  expect(await names(`${ALL}?verdict=failed`)).toEqual(['3-e'])
  expect((await names(`${IN_CI}?verdict=filtered`)).slice(-5)).toEqual(['8-e', '6-e', '4-e', '2-e', '0-e'])
  await vi.waitFor(async () => expect(await names(`${ALL}?verdict=pending`)).toEqual([]), { timeout: 10_000 })
  expect(await names(`${ALL}?prefix=7`)).toEqual(['7-e'])
  expect(await names(`${ALL}?id=delivery/7`)).toEqual(['7-e'])
  expect(await names(`${ALL}?search=DELIVERY/7%20github`)).toEqual(['7-e'])
  expect(await names(`${ALL}?search=7%20gitlab`)).toEqual([])
})

test('lists are of a namespace, a listener, a Schedule', async () => {
  const { inbox, names } = await world()
  const to = (kind: 'EventListener' | 'Schedule', namespace: string, name: string) => ({
    to: { kind, namespace, name, uid: 'uid' },
  })
  await inbox.accept(delivery('1', to('EventListener', 'ci', 'app')))
  await inbox.accept(delivery('2', to('Schedule', 'ci', 'app')))
  await inbox.accept(delivery('3', to('EventListener', 'other', 'app')))
  await inbox.accept(delivery('4', to('EventListener', 'ci', 'second')))
  expect(await names(ALL)).toEqual(['4-e', '3-e', '2-e', '1-e'])
  expect(await names(IN_CI)).toEqual(['4-e', '2-e', '1-e'])
  expect(await names(`${IN_CI}?listener=app`)).toEqual(['1-e'])
  expect(await names(`${IN_CI}?schedule=app`)).toEqual(['2-e'])
  expect(await names(`${ALL}?listener=app`)).toEqual(['3-e', '1-e'])
  expect(await names(`${IN_CI}?prefix=3`)).toEqual([])
})

test('a replay is asked for with a POST and shows beside what was before it', async () => {
  const { inbox, call, ended } = await world(async ({ replay }) => [
    verdict('fired', { created: [`TaskRun/ci/run-${replay}`] }),
  ])
  await inbox.accept(delivery('a'))
  await ended('a')
  const { status, body } = await call('POST', `${IN_CI}/a-e/replay`)
  expect(status).toBe(201)
  expect(body).toMatchObject({ metadata: { name: 'a-e' }, status: { replay: 1 } })
  await ended('a', 1)
  const shown = (await call('GET', `${IN_CI}/a-e?body=true`)).body
  expect(shown).toMatchObject({
    spec: { body: { text: '{"in":"the-body"}' } },
    status: {
      replay: 1,
      created: [{ name: 'run-1' }],
      earlier: [{ phase: 'Dispatched', replay: 0, created: [{ name: 'run-0' }], verdicts: { fired: 1 } }],
    },
  })
  const problems: Problem[] = []
  decode({ fields: { spec: DELIVERY_SPEC, status: DELIVERY_STATUS }, open: true }, shown, '', problems)
  expect(problems).toEqual([])
})

test('what cannot be done is refused in words', async () => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const { inbox, call } = await world(async () => {
    await held
    return []
  })
  await inbox.accept(delivery('a'))
  const { body: _, ...meta } = delivery('rejected')
  inbox.reject(meta.to, () => ({ delivery: meta, bodyBytes: 1, bodyHash: 'ab', refusals: [] }))
  await vi.waitFor(async () => expect(await inbox.find('rejected-e')).toHaveLength(1), { timeout: 10_000 })
  const refused = async (method: string, path: string) => {
    const answer = await call(method, path)
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status })
    return `${answer.status} ${(answer.body as { message?: string }).message}`
  }
  expect(await refused('POST', `${IN_CI}/a-e/replay`)).toMatch(/^409 .*still to be dispatched/)
  expect(await refused('POST', `${IN_CI}/rejected-e/replay`)).toMatch(/^409 .*body was not kept: mend/)
  expect(await refused('POST', `${IN_CI}/nobody/replay`)).toMatch(/^404 delivery "nobody" not found in namespace "ci"/)
  expect(await refused('GET', '/apis/tektite.dev/v1alpha1/namespaces/other/deliveries/a-e')).toMatch(/^404 /)
  expect(await refused('GET', `${ALL}/a-e`)).toMatch(/^404 /)
  expect(await refused('GET', `${ALL}?limit=0`)).toMatch(/^400 limit is "0"; it must be a whole number from 1 to 500/)
  expect(await refused('GET', `${ALL}?continue=x`)).toMatch(/^400 continue is "x"/)
  expect(await refused('GET', `${ALL}?verdict=maybe`)).toMatch(/^400 verdict is "maybe"; it must be one of fired, /)
  expect(await refused('GET', `${ALL}?watch=true`)).toMatch(/^405 watch/)
  expect(await refused('DELETE', `${IN_CI}/a-e`)).toMatch(/^405 DELETE/)
  expect(await refused('GET', `${IN_CI}/a-e/log`)).toMatch(/^405 /)
  release()
})

test('discovery names the deliveries', async () => {
  const { call } = await world()
  expect((await call('GET', '/apis/tektite.dev/v1alpha1')).body).toMatchObject({
    kind: 'APIResourceList',
    groupVersion: 'tektite.dev/v1alpha1',
    resources: expect.arrayContaining([
      expect.objectContaining({ name: 'deliveries', kind: 'Delivery', namespaced: true, verbs: ['get', 'list'] }),
      expect.objectContaining({ name: 'deliveries/replay', verbs: ['create'] }),
    ]),
  })
})

test('kubectl is given deliveries as a table, in pages like any list', async () => {
  const { inbox, call, ended } = await world()
  for (const name of ['a', 'b']) {
    await inbox.accept(delivery(name))
    await ended(name)
  }
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const { body } = await call('GET', `${IN_CI}?limit=1`, { accept })
  expect(body).toMatchObject({
    kind: 'Table',
    metadata: { continue: expect.any(String) },
    columnDefinitions: expect.arrayContaining([expect.objectContaining({ name: 'Phase' })]),
    rows: [
      { cells: ['b-e', 'eventlistener/app', 'push', 'Dispatched', 1, 0, expect.any(String), 'acme/app main', ''] },
    ],
  })
  expect((await call('GET', `${IN_CI}/a-e`, { accept })).body).toMatchObject({ kind: 'Table', rows: [{}] })
})
