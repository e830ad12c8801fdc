/** Runs with all that belongs to them: as they stand in the store, and as they were kept when they are gone from it. */
import { expect, test } from 'vitest'
import { taskRunsOf } from '../../src/api/logs/step-logs.js'
import { createFindRun, type FoundRun } from '../../src/api/run-objects.js'
import type { New } from '../../src/resources/meta.js'
import type { RunRecord } from '../../src/resources/run-record.js'
import { summarize } from '../../src/resources/run-summary.js'
import type { ChildReference, PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { collectRecord } from '../../src/run-index/collect-record.js'
import { serveApi } from './world.js'

type Run = PipelineRun | TaskRun

async function world() {
  const { cluster } = await serveApi()
  const create = async (kind: Run['kind'], name: string, parent?: Run): Promise<Run> => {
    const owner = parent && {
      apiVersion: parent.apiVersion,
      kind: parent.kind,
      name: parent.metadata.name,
      uid: parent.metadata.uid,
    }
    const made: Run = await cluster.create(kind, {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: {
        name,
        namespace: 'ci',
        ...(owner && { ownerReferences: [owner], labels: { 'tekton.dev/pipelineRunUID': owner.uid } }),
      },
      spec: kind === 'TaskRun' ? { taskSpec: { steps: [] } } : { pipelineSpec: { tasks: [] } },
    } as unknown as New<Run>)
    return made
  }
  const refer = async (parent: Run, children: readonly Run[]): Promise<void> => {
    const childReferences = children.map(
      ({ apiVersion, kind, metadata }): ChildReference => ({ apiVersion, kind, name: metadata.name }) as ChildReference,
    )
    await cluster.replaceStatus('PipelineRun', { ...(parent as PipelineRun), status: { childReferences } })
  }
  const run = await create('PipelineRun', 'run')
  const build = await create('TaskRun', 'build', run)
  const nested = await create('PipelineRun', 'nested', run)
  const deploy = await create('TaskRun', 'deploy', nested)
  await refer(run, [build, nested])
  await refer(nested, [deploy])
  const kept = (await collectRecord(cluster, summarize(run))) as RunRecord
  const summary = summarize(run)
  const find = (known: boolean) =>
    createFindRun({
      cluster,
      index: { find: async (_, uid) => (known && uid === summary.uid ? summary : undefined) },
      record: async () => kept,
    })
  return { cluster, run, build, deploy, find }
}

function names(found: FoundRun | undefined): unknown {
  return (
    found && [
      found.run.metadata.name,
      taskRunsOf(found).map(({ metadata }) => metadata.name),
      found.children.map(names),
    ]
  )
}

test('a run is found with its tasks and those of its nested pipelines, and the same when it is gone', async () => {
  const { cluster, run, find } = await world()
  const all = ['run', ['build', 'deploy'], [['nested', ['deploy'], []]]]
  expect(names(await find(true)('ci', run.metadata.uid))).toEqual(all)
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for (const { metadata } of await cluster.list(kind, { namespace: 'ci' })) await cluster.delete(kind, metadata)
  }
  expect(await cluster.get('PipelineRun', run.metadata)).toBeUndefined()
  expect(names(await find(true)('ci', run.metadata.uid))).toEqual(all)
})

test('who has just made a run finds it before the index knows of it', async () => {
  const { build, find } = await world()
  expect(names(await find(false)('ci', build.metadata.uid))).toEqual(['build', ['build'], []])
  expect(await find(false)('ci', 'no-such-uid')).toBeUndefined()
})

test('of a run that is gone, the one that has its name now is not shown', async () => {
  const { cluster, run, find } = await world()
  await cluster.delete('PipelineRun', run.metadata)
  const again = await cluster.create('PipelineRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'run', namespace: 'ci' },
    spec: { pipelineSpec: { tasks: [] } },
  } as New<PipelineRun>)
  expect(again.metadata.uid).not.toBe(run.metadata.uid)
  expect((await find(true)('ci', run.metadata.uid))?.run.metadata.uid).toBe(run.metadata.uid)
})
