/** What a listener tells over CloudEvents and metrics, as whoever it tells sees it. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createGuardedPost } from '../../listeners/listener-events.js'
import { startListeners } from '../../listeners/listeners.js'
import { SILENT } from '../../src/lib/log.js'
import { createMetrics } from '../../src/metrics/metrics.js'
import { cases } from '../helpers/cases.js'
import { send, serve } from './http.js'
import { clusterWith, inboxFor } from './world.js'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

async function startSink() {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    received.push({ headers: request.headers, text })
    response.writeHead(202).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, received }
}

function listener(cloudEventURI: string): string {
  const made = (kind: string) =>
    `{ spec: { resourcetemplates: [{ apiVersion: v1, kind: ${kind}, metadata: { generateName: x- } }] } }`
  return `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  cloudEventURI: ${cloudEventURI}
  triggers:
    - { name: one, template: ${made('ConfigMap')} }
    - { name: two, template: ${made('ConfigMap')} }
    - { name: filtered, interceptors: [{ ref: { name: cel }, params: [{ name: filter, value: 'false' }] }], template: ${made('Secret')} }
    - { triggerRef: gone }
`
}

/** Services of the cluster are on loopback here. */
const resolveName = (
  _: string,
  __: unknown,
  found: (error: null, addresses: { address: string; family: number }[]) => void,
) => found(null, [{ address: '127.0.0.1', family: 4 }])

async function start(cloudEventURI: string) {
  const cluster = await clusterWith(listener(cloudEventURI))
  const inbox = inboxFor()
  const metrics = createMetrics(
    () => new Map(),
    async kind => (await cluster.list(kind)).length,
  )
  const listeners = await startListeners(
    {
      cluster,
      inbox,
      metrics,
      admission: () => ({}),
      log: SILENT,
      now: () => Date.parse('2026-11-22T12:00:00Z'),
      newEventId: () => 'event-1',
      postCloudEvent: createGuardedPost({ cluster, allowedHosts: '', resolveName }),
    },
    { port: 0, host: '127.0.0.1' },
  )
  onTestFinished(() => listeners.close())
  const dispatched = () =>
    vi.waitFor(async () => expect((await inbox.get('ci/app/x-github-delivery/1'))?.state.is).toBe('done'), 10_000)
  return { port: listeners.port, metrics, dispatched }
}

const EVENT = { 'x-github-delivery': '1', 'x-gitlab-token': 'hunter2', 'x-event': ['a', 'b'] }

test('cloudEventURI is told of the start, each trigger that made something, and the end', async () => {
  const sink = await startSink()
  const { port, dispatched } = await start(`http://sink.default.svc:${sink.port}/events`)
  await send(port, '/hooks/ci/app', { headers: EVENT, body: '{}' })
  await dispatched()
  await vi.waitFor(() => expect(sink.received).toHaveLength(4), 10_000)
  const type = (state: string) => `dev.tekton.event.triggers.${state}.v1`
  expect(sink.received.map(({ headers }) => headers['ce-type']).sort()).toEqual(
    ['done', 'started', 'successful', 'successful'].map(type),
  )
  for (const { headers, text } of sink.received) {
    expect(headers).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': 'event-1',
      'ce-subject': 'app processing event-1',
      'ce-source': '/apis/triggers.tekton.dev/v1beta1/namespaces/ci/EventListener/app',
      'ce-time': '2026-11-22T12:00:00Z',
      'content-type': 'application/json',
    })
    if (headers['ce-type'] === type('done')) expect(text).toBe('null')
    else expect(JSON.parse(text)).toMatchObject({ 'X-Event': ['a', 'b'], 'X-Gitlab-Token': ['***'] })
    expect(text).not.toContain('hunter2')
  }
})

test('the author of a listener cannot have this machine told', async () => {
  const sink = await startSink()
  const cluster = await clusterWith()
  const { signal } = new AbortController()
  for (const url of [`http://127.0.0.1:${sink.port}/`, `http://localhost:${sink.port}/`, 'http://169.254.169.254/']) {
    const problem = await createGuardedPost({ cluster, allowedHosts: '' })(url, {}, '{}', signal)
    expect(problem, url).toMatch(/and CloudEvents are sent to public addresses only/)
  }
  const allowed = createGuardedPost({ cluster, allowedHosts: '127.0.0.1' })
  expect(await allowed(`http://127.0.0.1:${sink.port}/`, {}, '{}', signal)).toBeUndefined()
  expect(await allowed('file:///etc/passwd', {}, '{}', signal)).toMatch(/not a valid http/)
  expect(sink.received).toHaveLength(1)
})

const requests = cases({
  'binary mode': [{ 'ce-specversion': '1.0', 'ce-id': 'a', 'ce-type': 't', 'ce-source': '/s' }, true],
  'binary mode of 0.3': [{ 'ce-specversion': '0.3', 'ce-id': 'a' }, true],
  'structured mode': [{ 'content-type': 'application/cloudevents+json; charset=utf-8' }, true],
  'a batch, which Tekton does not know': [{ 'content-type': 'application/cloudevents-batch+json' }, false],
  'a version that nobody knows': [{ 'ce-specversion': '7' }, false],
  'no CloudEvent': [{ 'content-type': 'application/json' }, false],
} as const)

test.each(requests)('a request in %s is answered in kind', async (_, [headers, isAnswered]) => {
  const cluster = await clusterWith(listener("''"))
  const { port } = await serve({ cluster })
  const answer = await send(port, '/hooks/ci/app', { headers, body: '{"a":1}' })
  expect(answer.status).toBe(202)
  const { eventID } = JSON.parse(answer.text)
  const { 'ce-specversion': version, 'ce-id': id, 'ce-type': type, 'ce-source': source } = answer.headers
  const about = answer.headers['ce-subject']
  expect([version, id, type, source, about]).toEqual(
    isAnswered
      ? ['1.0', eventID, 'dev.tekton.event.triggers.accepted.v1', 'app', `ci.app accepted ${eventID}`]
      : [undefined, undefined, undefined, undefined, undefined],
  )
})

test('metrics have the names of Tekton', async () => {
  const { port, metrics, dispatched } = await start("''")
  await send(port, '/hooks/ci/app', { headers: EVENT, body: '{}' })
  await send(port, '/hooks/ci/app', { body: 'no json' })
  await send(port, '/hooks/ci/nobody', { body: '{}' })
  await dispatched()
  await vi.waitFor(async () => expect(await metrics.text()).toContain('triggered_resources_total{kind="ConfigMap"} 2'))
  const text = await metrics.text()
  expect(text).toContain('eventlistener_event_received_total{status="succeeded"} 1\n')
  expect(text).toContain('eventlistener_event_received_total{status="failed"} 1\n')
  expect(text).toContain('eventlistener_http_duration_seconds_count 3\n')
  expect(text).toContain('eventlistener_http_duration_seconds_bucket{le="0.001"}')
  expect(text).toContain('controller_eventlistener_count 1\n')
  expect(text).toContain('controller_triggertemplate_count 0\n')
  expect(text).not.toContain('kind="Secret"')
})
