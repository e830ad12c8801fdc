/** Pods' logs over HTTP, out of a real log store: what is cut and stamped, and what is said when there is none. */
import { once } from 'node:events'
import { createConnection } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { logOutput } from '../../src/api/logs/log-output.js'
import { createFileLogStore } from '../../src/logs/files.js'
import type { LogKey, LogStore } from '../../src/logs/log-store.js'
import { timestampOf } from '../../src/logs/log-times.js'
import type { ContainerStatus, Pod } from '../../src/resources/core.js'
import { cases } from '../helpers/cases.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { type ApiWorld, serveApi, TOKEN } from './world.js'

const PATH = '/api/v1/namespaces/ci/pods/p/log'
const STARTED = '2026-11-22T14:00:00Z'
const AT = Date.parse(STARTED)

interface LogWorld extends ApiWorld {
  readonly store: LogStore
  readonly key: LogKey
}

const running: ContainerStatus['state'] = { running: { startedAt: STARTED } }

/** A Pod `p` with these containers, which all run. */
async function world(
  spec: {
    readonly containers?: readonly string[]
    readonly init?: readonly string[]
    readonly annotations?: object
  } = {},
  state: ContainerStatus['state'] = running,
): Promise<LogWorld> {
  const store = createFileLogStore({ directory: temporaryDirectory('logs') })
  const api = await serveApi({ readLogs: store.read, logSize: store.size })
  const { containers = ['step-a'], init = [], annotations = {} } = spec
  const named = (names: readonly string[]) => names.map(name => ({ name, image: 'i' }))
  const pod = (await api.cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ci', name: 'p', annotations },
    spec: { containers: named(containers), ...(init.length > 0 && { initContainers: named(init) }) },
  } as never)) as Pod
  const statuses = (names: readonly string[]) =>
    names.map(name => ({ name, image: 'i', ready: true, restartCount: 0, state }))
  await api.cluster.replaceStatus('Pod', {
    ...pod,
    status: { phase: 'Running', containerStatuses: statuses(containers), initContainerStatuses: statuses(init) },
  } as never)
  const key = { namespace: 'ci', pod: 'p', podUid: pod.metadata.uid, container: containers[0] ?? '' }
  return { ...api, store, key }
}

async function say(store: LogStore, key: LogKey, text: string, times = ''): Promise<void> {
  await store.append(key, await store.size(key), Buffer.from(text))
  const part = { ...key, part: 'times' } as const
  if (times !== '') await store.append(part, await store.size(part), Buffer.from(times))
}

test.each(
  cases({
    'all of it': { query: '', text: 'one\ntwo\nthree' },
    'the last line, which has no newline': { query: '?tailLines=1', text: 'three' },
    'the last two': { query: '?tailLines=2', text: 'two\nthree' },
    'none of it': { query: '?tailLines=0', text: '' },
    'more lines than there are': { query: '?tailLines=9', text: 'one\ntwo\nthree' },
    'some bytes': { query: '?limitBytes=5', text: 'one\nt' },
    'since a time': { query: '?sinceTime=2026-11-22T14:00:05Z', text: 'two\nthree' },
    'since a time within a line': { query: '?sinceTime=2026-11-22T14:00:06Z', text: 'three' },
    'since a time after all': { query: '?sinceTime=2026-11-22T15:00:00%2B00:00', text: '' },
    'the last of what came since': { query: '?sinceTime=2026-11-22T14:00:05Z&tailLines=1', text: 'three' },
    'times, each of when the line began': {
      query: '?timestamps=true',
      text: '2026-11-22T14:00:01.000000000Z one\n2026-11-22T14:00:05.000000000Z two\n2026-11-22T14:00:07.250000000Z three',
    },
    'times and some bytes': { query: '?timestamps=true&limitBytes=33', text: '2026-11-22T14:00:01.000000000Z on' },
    'flags that say no': { query: '?timestamps=false&follow=0', text: 'one\ntwo\nthree' },
  }),
)('of a log is shown: %s', async (_, { query, text }) => {
  const { call, store, key } = await world()
  await say(store, key, 'one\ntwo\nthree', `0 ${AT + 1_000}\n4 ${AT + 5_000}\n6 ${AT + 6_000}\n8 ${AT + 7_250}\n`)
  const answer = await call('GET', `${PATH}${query}`)
  expect([answer.status, answer.text]).toEqual([200, text])
})

test('bytes that are no text come as they are, and nothing said is an empty answer', async () => {
  const { port, store, key, call } = await world()
  expect(await call('GET', PATH)).toMatchObject({ status: 200, text: '' })
  const bytes = Buffer.from([0xff, 0x1b, 0x00, 0x0a, 0xc3])
  await store.append(key, 0, bytes)
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: { authorization: `Bearer ${TOKEN}` } })
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes)
  expect(response.headers.get('content-type')).toBe('text/plain')
})

test('output whose times nobody noted is as old as its container', async () => {
  const { call, store, key } = await world()
  await say(store, key, 'one\n')
  expect((await call('GET', `${PATH}?timestamps=true`)).text).toBe('2026-11-22T14:00:00.000000000Z one\n')
  expect((await call('GET', `${PATH}?sinceTime=2026-11-22T13:00:00Z`)).text).toBe('one\n')
  expect((await call('GET', `${PATH}?sinceTime=2026-11-22T15:00:00Z`)).text).toBe('')
  expect((await call('GET', `${PATH}?sinceSeconds=1`)).text).toBe('')
})

test.each(
  cases({
    'no such Pod': { path: '/api/v1/namespaces/ci/pods/none/log', status: 404, message: 'pods "none" not found' },
    'no such container': { query: '?container=x', status: 400, message: 'container x is not valid for pod p' },
    'which container': {
      containers: ['a', 'b'],
      status: 400,
      message: 'a container name must be specified for pod p, choose one of: [a b]',
    },
    'which, or of the first': {
      containers: ['a', 'b'],
      init: ['prepare', 'place'],
      status: 400,
      message:
        'a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [prepare place]',
    },
    'before the one that runs': {
      query: '?previous=true',
      status: 400,
      message: 'previous terminated container "step-a" in pod "p" not found',
    },
    'not started': {
      state: { waiting: { reason: 'PodInitializing' } },
      status: 400,
      message: 'container "step-a" in pod "p" is waiting to start: PodInitializing',
    },
    'not looked at yet': {
      state: {},
      query: '?follow=true',
      status: 400,
      message: 'container "step-a" in pod "p" is waiting to start: ContainerCreating',
    },
    'fewer than no lines': {
      query: '?tailLines=-1',
      status: 422,
      message: 'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    },
    'two wrong things': {
      query: '?limitBytes=0&sinceSeconds=0',
      status: 422,
      message:
        'PodLogOptions "p" is invalid: [limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    },
    'two beginnings': {
      query: '?sinceTime=2026-11-22T14:00:00Z&sinceSeconds=1',
      status: 422,
      message:
        'PodLogOptions "p" is invalid: sinceSeconds: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    },
    'no number': { query: '?tailLines=many', status: 400, message: 'tailLines is "many"; it must be a whole number' },
    'no time': {
      query: '?sinceTime=yesterday',
      status: 400,
      message: 'sinceTime is "yesterday"; it must be a time such as 2026-03-29T00:00:00Z',
    },
  }),
)('asked for %s, the answer says what is wrong', async (_, one) => {
  const { call } = await world(one, 'state' in one ? one.state : running)
  const path = 'path' in one ? one.path : `${PATH}${'query' in one ? one.query : ''}`
  expect(await call('GET', path)).toMatchObject({ status: one.status, body: { kind: 'Status', message: one.message } })
})

test('a status that is no status says that nothing has started', async () => {
  const { call, cluster } = await world()
  const pod = (await cluster.get('Pod', { namespace: 'ci', name: 'p' })) as Pod
  const status = { containerStatuses: [7, null], initContainerStatuses: {} }
  await cluster.replaceStatus('Pod', { ...pod, status } as never)
  expect(await call('GET', PATH)).toMatchObject({
    status: 400,
    body: { message: 'container "step-a" in pod "p" is waiting to start: ContainerCreating' },
  })
})

test('the only container needs no name, nor does the one that an annotation names', async () => {
  const only = await world({ init: ['prepare'] })
  await say(only.store, only.key, 'only\n')
  expect((await only.call('GET', PATH)).text).toBe('only\n')
  const annotations = { 'kubectl.kubernetes.io/default-container': 'b' }
  const many = await world({ containers: ['a', 'b'], annotations })
  await say(many.store, { ...many.key, container: 'b' }, 'of b\n')
  expect((await many.call('GET', PATH)).text).toBe('of b\n')
})

test('who follows is told at once that there is a log, sees lines with their times as they come, and ends with it', async () => {
  const { port, store, key } = await world()
  await store.append(key, 0, Buffer.from(''))
  await say(store, key, 'before\n', `0 ${AT}\n`)
  const response = await fetch(`http://127.0.0.1:${port}${PATH}?follow=true&tailLines=0&timestamps=true`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  })
  expect(response.status).toBe(200)
  let seen = ''
  const reading = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) seen += chunk
  })()
  await say(store, { ...key, part: 'times' }, `7 ${AT + 1_000}\n`)
  await say(store, key, 'fir')
  await until('the first part', () => seen.endsWith('fir'))
  await say(store, { ...key, part: 'times' }, `10 ${AT + 2_000}\n`)
  await say(store, key, 'st\nsecond\n')
  await store.finish(key)
  await reading
  expect(seen).toBe('2026-11-22T14:00:01.000000000Z first\n2026-11-22T14:00:02.000000000Z second\n')
})

test('who goes away while following ends the following', async () => {
  let ended = 0
  let following = false
  const own = await world()
  await say(own.store, own.key, 'so far\n')
  const { cluster } = own
  const api = await serveApi({
    cluster,
    logSize: own.store.size,
    async readLogs(key, options, signal) {
      const output = await own.store.read(key, options, signal)
      return (async function* () {
        try {
          following = true
          if (output !== undefined) yield* output
        } finally {
          ended += 1
        }
      })()
    },
  })
  const socket = createConnection(api.port, '127.0.0.1')
  socket.write(`GET ${PATH}?follow=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`)
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toContain('200 OK')
  await until('the follower to wait', () => following)
  expect(ended).toBe(0)
  socket.destroy()
  await until('the follower to be told', () => ended === 1)
  expect(api.lines).toEqual([])
})

test('of a log that its reader does not read, no more is read than is buffered', async () => {
  const own = await world()
  let read = 0
  const api = await serveApi({
    cluster: own.cluster,
    async readLogs() {
      return (async function* () {
        for (; read < 2_000; read += 1) yield Buffer.alloc(65_536, 'x')
      })()
    },
  })
  const socket = createConnection(api.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.pause()
  socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`)
  // It stops: the same count in two looks, with requests of others answered in between.
  let before = -1
  await until('reading to stop', async () => {
    const isSame = before === read && read > 0
    before = read
    for (let round = 0; round < 20; round += 1) await api.call('GET', '/version')
    return isSame && before === read
  })
  expect(read).toBeLessThan(1_000)
  socket.on('data', () => undefined).resume()
  await until('the rest', () => read === 2_000)
})

const line = fc.string({ unit: fc.constantFrom('a', 'b', '\n', 'ü', '\r'), maxLength: 12 })
const entry = fc.record({ text: line, ms: fc.integer({ min: 0, max: 50 }) })

test('whatever was said when: the lines that are shown are those of a simple model', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 12 }),
      fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
      fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      async (said, tailLines, since, timestamps, pieceBytes) => {
        const ordered = [...said].sort((a, b) => a.ms - b.ms).filter(({ text }) => text !== '')
        const all = Buffer.concat(ordered.map(({ text }) => Buffer.from(text)))
        let offset = 0
        const times = ordered.map(({ text, ms }) => {
          const at = { offset, ms }
          offset += Buffer.byteLength(text)
          return at
        })
        const written = Buffer.from(times.map(time => `${time.offset} ${time.ms}\n`).join(''))
        const source = {
          size: async () => all.length,
          read: async (from: number, { part }: { readonly part: 'output' | 'times' }) =>
            (async function* () {
              const bytes = part === 'times' ? written : all
              for (let at = from; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
            })(),
          startedAt: 0,
        }
        const options = { follow: false, since, tailLines, timestamps, limitBytes: undefined }
        const pieces: Uint8Array[] = []
        for await (const piece of await logOutput(source, options)) pieces.push(piece)

        let position = 0
        const lines = all
          .toString()
          .split(/(?<=\n)/)
          .filter(text => text !== '')
          .map(text => {
            const ms = times.findLast(time => time.offset <= position)?.ms ?? 0
            position += Buffer.byteLength(text)
            return { text, ms }
          })
        const last = tailLines === undefined ? lines : tailLines === 0 ? [] : lines.slice(-tailLines)
        const expected = last
          .filter(({ ms }) => since === undefined || ms >= since)
          .map(({ text, ms }) => (timestamps ? `${timestampOf(ms)} ${text}` : text))
        expect(Buffer.concat(pieces).toString()).toBe(expected.join(''))
      },
    ),
    { numRuns: 500 },
  )
})
