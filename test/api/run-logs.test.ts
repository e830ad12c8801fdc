/** The logs of runs over HTTP, out of a real log store and a real cluster of runs that others write. */
import { get } from 'node:http'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { searchLog } from '../../src/api/logs/search-log.js'
import { createFileLogStore } from '../../src/logs/files.js'
import type { LogKey } from '../../src/logs/log-store.js'
import type { New } from '../../src/resources/meta.js'
import type { PipelineRun, TaskRun, TaskRunStatus } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { serveApi, TOKEN } from './world.js'

const OWN = '/apis/tektite.dev/v1alpha1/namespaces/ci/runs'
const AT = '2026-11-22T14:00:0'

interface Step {
  readonly name: string
  readonly says?: string
  /** Second at which it started. */
  readonly at: number
  readonly exit?: number
}

/** Of a Pod of its own, as our kubelet and reconciler tell it. */
function attempt(pod: string, steps: readonly Step[], succeeded: 'True' | 'False' | 'Unknown'): TaskRunStatus {
  return {
    podName: pod,
    startTime: `${AT}0Z`,
    conditions: [{ type: 'Succeeded', status: succeeded, reason: 'r', message: '', lastTransitionTime: `${AT}0Z` }],
    steps: steps.map(({ name, at, exit }) => ({
      name,
      container: `step-${name}`,
      ...(exit === undefined
        ? { running: { startedAt: `${AT}${at}Z` } }
        : {
            terminated: {
              exitCode: exit,
              reason: 'Completed',
              startedAt: `${AT}${at}Z`,
              finishedAt: `${AT}9Z`,
              containerID: `tektite://uid-${pod}/step-${name}`,
            },
          }),
    })),
  }
}

interface Refusal {
  readonly path?: string
  readonly query?: string
  readonly status: number
  readonly message: string
}

async function world() {
  const store = createFileLogStore({ directory: temporaryDirectory('run-logs') })
  const api = await serveApi({ readLogs: store.read, logSize: store.size, storedPods: store.pods })
  const { cluster, call, port } = api
  const run = await cluster.create('PipelineRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'run', namespace: 'ci' },
    spec: { pipelineSpec: { tasks: [] } },
  } as New<PipelineRun>)
  const keyOf = (pod: string, step: string): LogKey => ({
    namespace: 'ci',
    pod,
    podUid: `uid-${pod}`,
    container: `step-${step}`,
  })
  const { uid } = run.metadata
  return {
    store,
    uid,
    keyOf,
    task: (name: string): Promise<TaskRun> =>
      cluster.create('TaskRun', {
        apiVersion: 'tekton.dev/v1',
        kind: 'TaskRun',
        metadata: {
          name: `run-${name}`,
          namespace: 'ci',
          labels: { 'tekton.dev/pipelineRunUID': uid, 'tekton.dev/pipelineTask': name },
          ownerReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'run', uid, controller: true }],
        },
        spec: { taskSpec: { steps: [] } },
      } as New<TaskRun>),
    async status(taskRun: TaskRun, status: TaskRunStatus) {
      const { namespace, name } = taskRun.metadata
      const now = (await cluster.get('TaskRun', { namespace, name })) as TaskRun
      await cluster.replaceStatus('TaskRun', { ...now, status })
    },
    async endRun(status: 'True' | 'False') {
      const now = (await cluster.get('PipelineRun', { namespace: 'ci', name: 'run' })) as PipelineRun
      const condition = { type: 'Succeeded', status, reason: 'r', message: '', lastTransitionTime: `${AT}9Z` }
      await cluster.replaceStatus('PipelineRun', { ...now, status: { conditions: [condition] } } as PipelineRun)
    },
    async say(pod: string, step: string, text: string) {
      const key = keyOf(pod, step)
      await store.append(key, await store.size(key), Buffer.from(text))
    },
    finish: (pod: string, step: string) => store.finish(keyOf(pod, step)),
    read: (query: string) => call('GET', `${OWN}/${uid}/logs${query}`),
    call,
    /** What has come so far. */
    follow(query: string) {
      const followed = { text: '', ended: false }
      const headers = { authorization: `Bearer ${TOKEN}` }
      const asking = get(
        { host: '127.0.0.1', port, path: `${OWN}/${uid}/logs${query}`, headers, agent: false },
        answer => {
          answer.on('data', (bytes: Buffer) => {
            followed.text += bytes.toString()
          })
          answer.on('end', () => {
            followed.ended = true
          })
        },
      )
      asking.on('error', () => undefined)
      onTestFinished(() => void asking.destroy())
      return followed
    },
  }
}

/** Two tasks; the first was tried twice, and its second try began after the other task. */
async function finished() {
  const here = await world()
  const build = await here.task('build')
  const lint = await here.task('lint')
  const first = attempt('build-pod', [{ name: 'compile', at: 1, exit: 1 }], 'False')
  const second = attempt(
    'build-pod-retry1',
    [
      { name: 'compile', at: 4, exit: 0 },
      { name: 'pack', at: 4, exit: 0 },
    ],
    'True',
  )
  await here.status(build, { ...second, retriesStatus: [first] })
  await here.status(lint, attempt('lint-pod', [{ name: 'check', at: 2, exit: 0 }], 'True'))
  await here.endRun('True')
  await here.say('build-pod', 'compile', 'broken\nno luck')
  await here.say('build-pod-retry1', 'compile', 'one\ntwo\nthree\n')
  await here.say('lint-pod', 'check', 'fine\n')
  return here
}

test.each(
  cases({
    'a whole run, in the order of starts': { query: '', text: 'broken\nno luck\nfine\none\ntwo\nthree\n' },
    'with what says whose line it is': {
      query: '?prefix=true',
      text: '[build : compile] broken\n[build : compile] no luck\n[lint : check] fine\n[build (retry 1) : compile] one\n[build (retry 1) : compile] two\n[build (retry 1) : compile] three\n',
    },
    'on from a byte': { query: '?prefix=true&offset=42', text: ' no luck\n', limit: '&limit=9' },
    'one task': { query: '?task=lint&prefix=1', text: '[lint : check] fine\n' },
    'one TaskRun': { query: '?taskRun=run-build&retry=0', text: 'broken\nno luck\n' },
    'only what failed': { query: '?failed=true', text: 'broken\nno luck\n' },
    'the end of each step': { query: '?tail=1', text: 'no luck\nfine\nthree\n' },
    'one step, its last attempt': { query: '?step=compile', text: 'one\ntwo\nthree\n' },
    'its first attempt, as it is stored': { query: '?step=compile&retry=0', text: 'broken\nno luck' },
    'a step by its container': { query: '?step=step-check', text: 'fine\n' },
    'a range of it': { query: '?step=compile&offset=4&limit=3', text: 'two' },
    'its last bytes': { query: '?step=compile&offset=-6', text: 'three\n' },
    'its last lines': { query: '?step=compile&tail=2', text: 'two\nthree\n' },
    'what is behind its end': { query: '?step=compile&offset=99', text: '' },
    'a step that said nothing': { query: '?step=pack', text: '' },
    times: { query: '?step=check&timestamps=true', text: '2026-11-22T14:00:02.000000000Z fine\n' },
    'followed, though it is over': { query: '?follow=true', text: 'broken\nno luck\nfine\none\ntwo\nthree\n' },
  }),
)('shown is %s', async (_, { query, text, limit = '' }: { query: string; text: string; limit?: string }) => {
  const { read } = await finished()
  expect(await read(query + limit)).toMatchObject({ status: 200, text })
})

test('a step tells how long it is, where the answer begins, and that nothing more will come', async () => {
  const { call, uid } = await finished()
  const path = `${OWN}/${uid}/logs?step=compile&tail=1`
  for (const method of ['GET', 'HEAD']) {
    const { headers } = await call(method, path)
    expect(headers).toMatchObject({
      'x-tektite-log-size': '14',
      'x-tektite-log-offset': '8',
      'x-tektite-log-finished': 'true',
    })
  }
})

test.each(
  cases({
    'no such run': { path: '/none/logs', status: 404, message: 'run "none" not found in namespace "ci"' },
    'no such step': { query: '?step=x', status: 404, message: 'step "x" has not run in run' },
    'a step of several TaskRuns': {
      query: '?step=check&task=',
      status: 400,
      message: 'in several TaskRuns, choose one',
    },
    'an offset that is none': { query: '?offset=x', status: 400, message: 'offset is "x"; it must be a whole number' },
    'a flag that is none': { query: '?follow=maybe', status: 400, message: 'follow is "maybe"' },
    'from the end of a run': {
      query: '?offset=-5',
      status: 400,
      message: 'it may count from the end of one step only',
    },
    'a search for nothing': { query: '/search?q=', status: 400, message: 'q is empty' },
  }),
)('refused is %s', async (_, { path, query = '', status, message }: Refusal) => {
  const { call, uid, task, status: write } = await finished()
  await write(await task('twin'), attempt('twin-pod', [{ name: 'check', at: 3, exit: 0 }], 'True'))
  const answer = await call('GET', path === undefined ? `${OWN}/${uid}/logs${query}` : OWN + path)
  expect([answer.status, answer.body?.['message']]).toEqual([status, expect.stringContaining(message)])
})

test('a run is followed over its retries and what comes last, to its end, and can be followed on from anywhere', async () => {
  const here = await world()
  const followed = here.follow('?follow=true&prefix=true')
  const build = await here.task('build')
  await here.status(build, attempt('build-pod', [{ name: 'compile', at: 1 }], 'Unknown'))
  const first = attempt('build-pod', [{ name: 'compile', at: 1, exit: 1 }], 'False')
  await here.say('build-pod', 'compile', 'broken\n')
  await here.finish('build-pod', 'compile')
  await here.status(build, { ...first, conditions: attempt('p', [], 'Unknown').conditions ?? [] })
  await until('the first attempt', () => followed.text === '[build : compile] broken\n')
  await here.say('build-pod-retry1', 'compile', 'goes')
  const second = (exit?: number) =>
    attempt(
      'build-pod-retry1',
      [{ name: 'compile', at: 3, ...(exit !== undefined && { exit }) }],
      exit === 0 ? 'True' : 'Unknown',
    )
  await here.status(build, { ...second(), retriesStatus: [first] })
  await here.say('build-pod-retry1', 'compile', ' well')
  await here.finish('build-pod-retry1', 'compile')
  await here.status(build, { ...second(0), retriesStatus: [first] })
  await until('the second attempt', () => followed.text.endsWith('[build (retry 1) : compile] goes well\n'))
  expect(followed.ended).toBe(false)
  const last = await here.task('clean')
  await here.say('clean-pod', 'rm', 'gone\n')
  await here.finish('clean-pod', 'rm')
  await here.endRun('True')
  await here.status(last, attempt('clean-pod', [{ name: 'rm', at: 5, exit: 0 }], 'True'))
  await until('the end', () => followed.ended)
  expect(followed.text).toMatch(/ well\n\[clean : rm\] gone\n$/)
  const rest = await here.read('?follow=true&prefix=true&offset=30')
  expect(rest.text).toBe(followed.text.slice(30))
})

test('where the lines of a step stand is told without sending them', async () => {
  const here = await world()
  const build = await here.task('build')
  await here.status(build, attempt('build-pod', [{ name: 'compile', at: 1 }], 'Unknown'))
  await here.say('build-pod', 'compile', `${'line\n'.repeat(1_500)}open`)
  const { body } = await here.read('/lines?step=compile')
  expect(body).toMatchObject({
    kind: 'RunLogLines',
    taskRun: 'run-build',
    retry: 0,
    finished: false,
    offsets: [0, 5_000],
    lines: [0, 1_000],
    size: 7_504,
    lineCount: 1_501,
    isLineOpen: true,
  })
  expect((await here.read('/lines')).status).toBe(400)
  expect((await here.read('/lines?step=none')).status).toBe(404)
})

describe('a search', () => {
  test('says where each line is, over all steps', async () => {
    const { call, uid } = await finished()
    const { body } = await call('GET', `${OWN}/${uid}/logs/search?q=${encodeURIComponent('O')}`)
    const of = { taskRun: 'run-build', task: 'build', step: 'compile' }
    expect(body).toMatchObject({
      kind: 'RunLogMatches',
      more: false,
      items: [
        { ...of, retry: 0, line: 1, offset: 0, at: 2, text: 'broken' },
        { ...of, retry: 0, line: 2, offset: 7, at: 8, text: 'no luck' },
        { ...of, retry: 1, line: 1, offset: 0, at: 0, text: 'one' },
        { ...of, retry: 1, line: 2, offset: 4, at: 6, text: 'two' },
      ],
    })
    const some = await call('GET', `${OWN}/${uid}/logs/search?q=o&limit=1&step=compile&retry=1`)
    expect(some.body).toMatchObject({ more: true, items: [{ line: 1 }] })
  })

  test('finds what a look at the whole text finds, however it comes', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '\n', '…'.repeat(150)), maxLength: 40 })
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(text, cuts, fc.constantFrom('b', 'ab', 'aab'), async (log, sizes, wanted) => {
        const bytes = Buffer.from(log)
        async function* pieces() {
          for (let at = 0, index = 0; at < bytes.length; index++) {
            const size = sizes[index % sizes.length] ?? 1
            yield bytes.subarray(at, at + size)
            at += size
          }
        }
        const lines = log.split('\n')
        const expected = lines.flatMap((line, index) => {
          const at = line.toLowerCase().indexOf(wanted)
          if (at < 0) return []
          const offset = Buffer.byteLength(
            lines
              .slice(0, index)
              .map(each => `${each}\n`)
              .join(''),
          )
          return [{ offset, line: index + 1, at: offset + Buffer.byteLength(line.slice(0, at)) }]
        })
        const found: object[] = []
        for await (const { text: shown, ...place } of searchLog(pieces(), wanted)) {
          expect(shown.toLowerCase()).toContain(wanted)
          found.push(place)
        }
        expect(found).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})
