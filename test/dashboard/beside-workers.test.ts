/** The dashboard as a process beside workers: logs and runs out of the store they write, reruns, and who is there. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apply, callApi, engineOfFile } from '../helpers/engine.js'
import { startPart } from '../helpers/processes.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

const RUN = `
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: correct-horse-battery }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: talks }
spec:
  pipelineSpec:
    tasks:
      - name: speak
        taskSpec:
          steps:
            - name: s
              image: alpine
              env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: login, key: password } } }]
              script: |
                #!/bin/sh
                echo "said with $PASSWORD"
`

/** It goes by itself. */
const SHORT_LIVED = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: short-lived, annotations: { tektite.dev/ttl-seconds-after-success: "1" } }
spec:
  pipelineSpec:
    tasks:
      - name: speak
        taskSpec: { steps: [{ name: s, image: alpine, script: "echo still to be read" }] }
      - name: end
        runAfter: [speak]
        taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
`

const engine = engineOfFile('dashboard-workers', undefined, ['--parts', 'api,kubelet'])
let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

const RUNS = '/apis/tektite.dev/v1alpha1/namespaces/default/runs'

test('it shows logs after their Pod, runs again in the name of who asks, and tells who works', async () => {
  const given = {
    KUBECONFIG: join(engine.data, 'kubeconfig'),
    REDIS_URL: redis.url,
    // Processes of an earlier try may be listed there still.
    TEKTITE_REDIS_PREFIX: `try-${randomUUID()}`,
    TEKTITE_LOG_STORE: `file://${temporaryDirectory('log-store')}`,
  }
  const parts = await Promise.all([
    startPart('workers', [], given),
    startPart('dashboard', [], given),
    startPart('dashboard', [], { ...given, TEKTITE_LOG_STORE: '' }),
  ])
  const [worker, dashboard, withoutStore] = parts
  for (const part of parts) await part.ready()
  const ask = async (path: string, init: RequestInit = {}, at = dashboard!.hooks) => {
    const headers = { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' }
    const answer = await fetch(at + path, { ...init, headers })
    return { code: answer.status, text: await answer.text() }
  }
  const queue = async () => JSON.parse((await ask('/apis/tektite.dev/v1alpha1/queue')).text)
  await until('both to be told of', async () => (await queue()).workers.length === 1)
  expect((await queue()).workers[0]).toMatchObject({ concurrency: 32, version: expect.any(String) })
  expect((await queue()).queues.map(({ name }: { name: string }) => name)).toEqual(['runs', 'deliveries'])

  await apply(engine, RUN)
  await apply(engine, SHORT_LIVED)
  const follow = ask(`${RUNS}/${await uidOf('talks')}/logs?follow=true`)
  await until('the run', async () => JSON.parse((await ask(`${RUNS}/talks`)).text).summary?.status === 'succeeded')
  expect((await follow).text).toBe('said with ***\n')
  // Out of the Pod, as its kubelet gives it: ours has masked it by itself.
  const live = await ask(`${RUNS}/${await uidOf('talks')}/logs`, {}, withoutStore!.hooks)
  expect(live).toEqual({ code: 200, text: 'said with ***\n' })

  await callApi(engine, 'DELETE', '/api/v1/namespaces/default/pods/talks-speak-pod')
  await until('the Pod to be gone', () => goneFromCluster('pods', 'talks-speak-pod'))
  expect((await ask(`${RUNS}/${await uidOf('talks')}/logs`)).text).toBe('said with ***\n')

  const rerun = await ask(`${RUNS}/${await uidOf('talks')}/rerun`, { method: 'POST', body: '{}' })
  expect([rerun.code, rerun.text]).toEqual([201, expect.stringContaining('tektite.dev/rerun-of')])
  const { name } = JSON.parse(rerun.text).metadata
  await until('the rerun', async () => JSON.parse((await ask(`${RUNS}/${name}`)).text).summary?.status === 'succeeded')

  // It is tried every fifteen seconds when its logs are not stored at first.
  const isArchived = async () => {
    const { items } = JSON.parse((await ask(`${RUNS}?archived=true`)).text)
    return items.length === 1 && (await goneFromCluster('pipelineruns', 'short-lived'))
  }
  await until('the other run to go into the archive', isArchived, 60_000)
  expect(JSON.parse((await ask(`${RUNS}?search=short-lived&status=succeeded`)).text).items).toEqual([
    expect.objectContaining({ name: 'short-lived', archived: true, tasks: expect.objectContaining({ done: 2 }) }),
  ])
  await until('its Pod to be gone', () => goneFromCluster('pods', 'short-lived-speak-pod'))
  const archived = await uidOf('short-lived')
  const shown = JSON.parse((await ask(`${RUNS}/${archived}`)).text)
  expect([shown.archived, shown.taskRuns.length]).toEqual([true, 2])
  expect(shown.events.map(({ reason }: { reason: string }) => reason)).toContain('Started')
  expect((await ask(`${RUNS}/${archived}/logs?taskRun=short-lived-speak&step=s`)).text).toBe('still to be read\n')
  const graph = JSON.parse((await ask(`${RUNS}/${archived}/graph`)).text)
  expect(graph.nodes.map(({ name, status }: Record<string, string>) => [name, status])).toEqual([
    ['speak', 'succeeded'],
    ['end', 'succeeded'],
  ])
  expect(await worker!.end('SIGTERM')).toBe(0)
  await until('it to be told of no more', async () => (await queue()).workers.length === 0)
  expect(await dashboard!.end('SIGTERM')).toBe(0)

  async function goneFromCluster(plural: 'pods' | 'pipelineruns', name: string): Promise<boolean> {
    const group = plural === 'pods' ? '/api/v1' : '/apis/tekton.dev/v1'
    const { status } = await fetch(`${engine.api}${group}/namespaces/default/${plural}/${name}`, {
      headers: { authorization: `Bearer ${engine.token}` },
    })
    return status === 404
  }

  async function uidOf(run: string): Promise<string> {
    let uid: string | undefined
    await until(`run ${run}`, async () => {
      const { code, text } = await ask(`${RUNS}/${run}`)
      if (code === 200) uid = JSON.parse(text).summary.uid
      return code === 200
    })
    return uid!
  }
}, 120_000)
