/** CloudEvents as a receiver gets them: over HTTP, from passes over runs in a real store. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type CloudEventSenderOptions, createCloudEventSender } from '../../src/events/cloud-event-sender.js'
import type { EventText } from '../../src/events/run-events.js'
import { createRunReporter } from '../../src/events/run-reporter.js'
import { SILENT } from '../../src/lib/log.js'
import type { RunObserver } from '../../src/reconcile/run-observer.js'
import type { CustomRun } from '../../src/resources/tekton.js'
import { until } from '../kubelet/until.js'
import { applyTo } from '../listeners/world.js'
import { PIPELINE_RUN, pipelineRun, storeWith } from '../reconcile/real-store.js'
import { endPod } from '../workers/fake-kubelet.js'
import { finished, startEngine } from '../workers/world.js'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

/** Answers the first so many requests with 503. */
async function startSink(failures = 0) {
  const received: Received[] = []
  let requests = 0
  const server = createServer(async (request, response) => {
    requests += 1
    let text = ''
    for await (const chunk of request) text += chunk
    if (requests <= failures) return void response.writeHead(503).end('not now')
    received.push({ headers: request.headers, body: JSON.parse(text) })
    response.writeHead(202).end('thank you')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
  return { url, received, requests: () => requests }
}

function senderTo(sink: string, change: Partial<CloudEventSenderOptions> = {}) {
  const outcomes: EventText[] = []
  let ids = 0
  const sender = createCloudEventSender({
    sink: () => sink,
    newId: () => `id-${++ids}`,
    now: () => Date.parse('2026-01-02T03:04:05Z'),
    log: SILENT,
    outcome: (_, text) => outcomes.push(text),
    firstPauseMs: 0.1,
    ...change,
  })
  onTestFinished(() => sender.close())
  return { sender, outcomes }
}

const typesOf = (received: readonly Received[], subject: string) =>
  received
    .filter(({ headers }) => headers['ce-subject'] === subject)
    .map(({ headers }) => headers['ce-type'])
    .sort()

test('34.55 each run tells its life, in binary mode and in the shape of v1beta1', async () => {
  const { url, received } = await startSink()
  const { sender, outcomes } = senderTo(url)
  const cluster = await storeWith()
  startEngine(cluster, { observer: createRunReporter({ record: () => {} }, sender) })
  await applyTo(cluster, PIPELINE_RUN)
  await endPod(cluster, 'run-a-pod')
  await endPod(cluster, 'run-b-pod', { exitCode: 1 })
  await finished(cluster, 'run')
  await sender.idle()

  const type = (kind: string, state: string) => `dev.tekton.event.${kind}.${state}.v1`
  const pipelineRun = ['failed', 'queued', 'running', 'started'].map(state => type('pipelinerun', state))
  expect(typesOf(received, 'run')).toEqual(pipelineRun)
  expect(typesOf(received, 'run-a')).toContain(type('taskrun', 'successful'))
  // `unknown` is Pending, which a Pod that ends at once may leave no time to write.
  const told = typesOf(received, 'run-b').filter(one => one !== type('taskrun', 'unknown'))
  expect(told).toEqual(['failed', 'queued', 'started'].map(state => type('taskrun', state)))
  const end = received.find(({ headers }) => headers['ce-type'] === type('pipelinerun', 'failed'))
  expect(end?.headers).toMatchObject({
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-source': '/apis/tekton.dev/v1/namespaces/default/PipelineRun/run',
    'ce-subject': 'run',
    'ce-time': '2026-01-02T03:04:05Z',
  })
  expect(Object.keys(end?.body ?? {})).toEqual(['pipelineRun'])
  expect(end?.body['pipelineRun']).toMatchObject({
    metadata: { name: 'run', namespace: 'default' },
    spec: { serviceAccountName: 'default' },
    status: { conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed' }] },
  })
  expect(end?.body).not.toHaveProperty('pipelineRun.kind')
  expect(end?.body).not.toHaveProperty('pipelineRun.spec.taskRunTemplate')
  const ids = received.map(({ headers }) => headers['ce-id'])
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(outcomes.map(({ reason }) => reason))).toEqual(new Set(['CloudEventSent']))
})

test('the login of a sink goes to the sink, and into no Event', async () => {
  const { url, received } = await startSink()
  const run = await (await storeWith(PIPELINE_RUN)).get('PipelineRun', { namespace: 'default', name: 'run' })
  expect(run).toBeDefined()
  if (run === undefined) return
  const good = senderTo(url.replace('http://', 'http://us%40er:s3cret@'))
  good.sender.send(run, undefined)
  await good.sender.idle()
  const login = `Basic ${Buffer.from('us@er:s3cret').toString('base64')}`
  expect(received.map(({ headers }) => headers.authorization)).toEqual([login])
  for (const sink of ['http://user:s3cret@127.0.0.1:1/x', 'user:s3cret@sink', 'http//user:s3cret@sink']) {
    const { sender, outcomes } = senderTo(sink)
    sender.send(run, undefined)
    await sender.idle()
    expect(outcomes.map(({ reason }) => reason)).toEqual(['CloudEventFailed'])
    expect(JSON.stringify(outcomes)).not.toContain('s3cret')
  }
})

test('a CustomRun is told by whoever sees it, each state once', async () => {
  const { url, received } = await startSink()
  const { sender } = senderTo(url)
  const reporter: RunObserver = createRunReporter({ record: () => {} }, sender)
  const cluster = await storeWith()
  startEngine(cluster, { observer: reporter })
  const made = await cluster.create('CustomRun', {
    apiVersion: 'tekton.dev/v1beta1',
    kind: 'CustomRun',
    metadata: { name: 'wait', namespace: 'default' },
    spec: { customRef: { apiVersion: 'example.dev/v1', kind: 'Wait' } },
  })
  const conditions = [{ type: 'Succeeded', status: 'True', reason: 'Waited', message: '' }]
  const done = await cluster.replaceStatus('CustomRun', { ...made, status: { conditions } } as CustomRun)
  reporter.customRunSeen?.(done)
  await until('both events', () => received.length === 2)
  await sender.idle()
  expect(typesOf(received, 'wait')).toEqual([
    'dev.tekton.event.customrun.started.v1',
    'dev.tekton.event.customrun.successful.v1',
  ])
  expect(received[1]?.body).toHaveProperty('customRun.spec.customRef.kind', 'Wait')
})

test('a sink that is away for a while gets the event, once', async () => {
  const { url, received } = await startSink(3)
  const { sender, outcomes } = senderTo(url)
  const run = await pipelineRun(await storeWith(PIPELINE_RUN))
  sender.send(run, undefined)
  sender.send(run, undefined)
  await sender.idle()
  expect(received.map(({ headers }) => headers['ce-id'])).toEqual(['id-1'])
  expect(outcomes).toEqual([
    { type: 'Normal', reason: 'CloudEventSent', message: 'Sent dev.tekton.event.pipelinerun.queued.v1' },
  ])
})

test('a sink that never answers well is given up after ten more tries, with a Warning', async () => {
  const { url, requests } = await startSink(1_000)
  const { sender, outcomes } = senderTo(url)
  sender.send(await pipelineRun(await storeWith(PIPELINE_RUN)), undefined)
  await sender.idle()
  expect(requests()).toBe(11)
  expect(outcomes).toEqual([{ type: 'Warning', reason: 'CloudEventFailed', message: 'the sink answered 503' }])
})

test('without a sink nothing is sent, and nothing is remembered as sent', async () => {
  const { url, received } = await startSink()
  let sink = ''
  const { sender } = senderTo('', { sink: () => sink })
  const run = await pipelineRun(await storeWith(PIPELINE_RUN))
  sender.send(run, undefined)
  await sender.idle()
  sink = url
  sender.send(run, undefined)
  await sender.idle()
  expect(received).toHaveLength(1)
})

test('a redirect is not followed: the receiver is who was named', async () => {
  const other = await startSink()
  const server = createServer((_, response) => response.writeHead(307, { location: other.url }).end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { sender, outcomes } = senderTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  sender.send(await pipelineRun(await storeWith(PIPELINE_RUN)), undefined)
  await sender.idle()
  server.closeAllConnections()
  expect(outcomes.map(({ message }) => message)).toEqual(['the sink answered 307'])
  expect(other.received).toEqual([])
})
