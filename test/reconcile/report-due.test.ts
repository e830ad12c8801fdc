/** Runs that a git host waits for are labelled before they can end; nothing else is. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import { GIT_REPORT_LABEL } from '../../src/resources/annotations.js'
import { isDone } from '../../src/status/conditions.js'
import { depsFor, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const ASKING = '{ tektite.dev/git-status: github, tektite.dev/git-sha: abc, other: kept }'
const asking = (manifest: string): string => manifest.replace('metadata: {', `metadata: { annotations: ${ASKING},`)

/** The labels that a run had with each status that was stored of it. */
function watched(cluster: Cluster) {
  const labels: (string | undefined)[] = []
  let writes = 0
  const replaceStatus: Cluster['replaceStatus'] = async (kind, object) => {
    labels.push(object.metadata.labels?.[GIT_REPORT_LABEL])
    return cluster.replaceStatus(kind, object)
  }
  const replace: Cluster['replace'] = async (kind, object) => {
    writes += 1
    return cluster.replace(kind, object)
  }
  return { labels, writes: () => writes, deps: depsFor({ ...cluster, replace, replaceStatus }) }
}

test('a PipelineRun is due with its first pass, in the write that it gets anyway; its children and Pods are not', async () => {
  const cluster = await storeWith(asking(PIPELINE_RUN))
  const { labels, writes, deps } = watched(cluster)
  await reconcile(deps, 'PipelineRun/default/run')
  await reconcile(deps, 'PipelineRun/default/run')
  await reconcile(deps, 'TaskRun/default/run-a')
  expect([labels[0], writes()]).toEqual(['due', 1])
  expect((await pipelineRun(cluster)).metadata.labels?.[GIT_REPORT_LABEL]).toBe('due')
  const child = await taskRun(cluster, 'run-a')
  const pod = await cluster.get('Pod', { namespace: 'default', name: 'run-a-pod' })
  expect([child.metadata.labels?.[GIT_REPORT_LABEL], pod?.metadata.labels?.[GIT_REPORT_LABEL]]).toEqual([
    undefined,
    undefined,
  ])
  expect(child.metadata.annotations).toMatchObject({ other: 'kept' })
  expect(Object.keys(child.metadata.annotations ?? {}).filter(name => name.startsWith('tektite.dev/git-'))).toEqual([])
  expect(pod).toBeDefined()
})

test('a TaskRun of its own is due', async () => {
  const cluster = await storeWith(asking(TASK_RUN))
  const { labels, deps } = watched(cluster)
  await reconcile(deps, 'TaskRun/default/one')
  expect(labels).toEqual(['due'])
  const pod = await cluster.get('Pod', { namespace: 'default', name: 'one-pod' })
  expect([pod?.metadata.name, pod?.metadata.labels?.[GIT_REPORT_LABEL]]).toEqual(['one-pod', undefined])
})

test('what a Pipeline asks for, its runs ask for', async () => {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: p, annotations: ${ASKING} }
spec: { tasks: [{ name: a, taskSpec: { steps: [{ image: x, script: x }] } }] }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec: { pipelineRef: { name: p } }
`)
  const { labels, deps } = watched(cluster)
  await reconcile(deps, 'PipelineRun/default/run')
  expect(labels).toEqual(['due'])
})

test.each([
  ['a run that fails in its first pass', { pipelineRef: { name: 'missing' } }],
  ['a run that nobody can make sense of', { pipelineSpec: { tasks: 7 } }],
])('%s is due before its end is written', async (_, spec) => {
  const cluster = await storeWith()
  const metadata = { name: 'run', namespace: 'default', annotations: { 'tektite.dev/git-status': 'github' } }
  await cluster.create('PipelineRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata,
    spec: spec as never,
  })
  const { labels, deps } = watched(cluster)
  await reconcile(deps, 'PipelineRun/default/run')
  expect([labels, isDone(await pipelineRun(cluster))]).toEqual([['due'], true])
})

test.each([
  ['no annotation', PIPELINE_RUN],
  ['an empty one', PIPELINE_RUN.replace('metadata: {', 'metadata: { annotations: { tektite.dev/git-status: "" },')],
  ["somebody else's run", asking(PIPELINE_RUN).replace('spec:', 'spec:\n  managedBy: example.com/other')],
])('%s: nothing is due', async (_, manifest) => {
  const cluster = await storeWith(manifest)
  const { deps } = watched(cluster)
  await reconcile(deps, 'PipelineRun/default/run')
  expect((await pipelineRun(cluster)).metadata.labels?.[GIT_REPORT_LABEL]).toBeUndefined()
})

test('what is due is found by its label, and a run that was told stays told', async () => {
  const cluster = await storeWith(asking(PIPELINE_RUN), PIPELINE_RUN.replace('name: run', 'name: plain'))
  const { deps } = watched(cluster)
  await reconcile(deps, 'PipelineRun/default/run')
  await reconcile(deps, 'PipelineRun/default/plain')
  const due = { labels: { [GIT_REPORT_LABEL]: 'due' } }
  expect((await cluster.list('PipelineRun', due)).map(({ metadata }) => metadata.name)).toEqual(['run'])
  const run = await pipelineRun(cluster)
  const labels = { ...run.metadata.labels, [GIT_REPORT_LABEL]: 'sent' }
  await cluster.replace('PipelineRun', { ...run, metadata: { ...run.metadata, labels } })
  await reconcile(deps, 'PipelineRun/default/run')
  expect(await cluster.list('PipelineRun', due)).toEqual([])
})
