import { expect, onTestFinished, test } from 'vitest'
import { followRuns } from '../../src/cli/follow.js'
import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConditionStatus } from '../../src/resources/meta.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'

type Run = PipelineRun | TaskRun

/** A cluster that is followed, and a way to write a run's status and wait until the follower has seen it. */
function following() {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const seen = new Map<string, string>()
  const waiting = new Set<() => void>()
  const follower = followRuns(
    cluster,
    () => 0,
    run => {
      seen.set(run.metadata.uid, run.metadata.resourceVersion)
      for (const look of waiting) look()
    },
  )
  onTestFinished(async () => {
    await follower.close()
    await cluster.close()
  })

  const noticed = ({ metadata }: Run) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (seen.get(metadata.uid) !== metadata.resourceVersion) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })

  async function create(kind: 'PipelineRun' | 'TaskRun', name: string): Promise<Run> {
    return cluster.create(kind, {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: { namespace: 'ns', name },
      spec: {},
    } as never)
  }
  async function write(run: Run, status: ConditionStatus, children: readonly Run[] = []): Promise<Run> {
    const childReferences = children.map(({ kind, metadata }) => ({ kind, name: metadata.name, pipelineTaskName: 't' }))
    const conditions = [{ type: 'Succeeded', status }]
    const written = await cluster.replaceStatus(run.kind, { ...run, status: { conditions, childReferences } } as never)
    await noticed(written)
    return written
  }
  return { follower, create, write }
}

test('a run is over when its children and theirs are: one that times out ends before them', async () => {
  const { follower, create, write } = following()
  const root = await create('PipelineRun', 'root')
  const nested = await create('PipelineRun', 'nested')
  const leaf = await create('TaskRun', 'leaf')
  let over = false
  const done = follower.done([root.metadata.uid]).then(() => {
    over = true
  })
  const running = await write(leaf, 'Unknown')
  await write(nested, 'False', [leaf])
  await write(root, 'False', [nested])
  expect(over).toBe(false)
  await write(running, 'False')
  await done
  expect(over).toBe(true)
})

test('a child that was never made holds nothing up, nor does a run of somebody else', async () => {
  const { follower, create, write } = following()
  const root = await create('PipelineRun', 'root')
  const refused = { kind: 'TaskRun', metadata: { name: 'refused' } } as TaskRun
  await write(await create('TaskRun', 'other'), 'Unknown')
  await write(root, 'False', [refused])
  await follower.done([root.metadata.uid])
  expect(follower.runs.size).toBe(2)
})
