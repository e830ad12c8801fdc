/** Passes over runs in a real store. What is between the passes and the store can be made to fail by a test. */

import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { SILENT } from '../../src/lib/log.js'
import { createEntrypointSource, NOTHING_REMEMBERED } from '../../src/reconcile/observe/entrypoint-source.js'
import type { ReconcileDeps } from '../../src/reconcile/reconcile.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { applyTo } from '../listeners/world.js'

export const NOW = Date.parse('2026-01-02T03:04:05Z')
export const ENTRYPOINT = {
  name: 'tektite-entrypoint-0123456789',
  offer: { architectures: ['amd64'], defaultArchitecture: 'amd64', hasNodes: false },
  binaryData: () => ({ 'entrypoint-amd64': 'AAAA' }),
}

export async function storeWith(...manifests: readonly string[]): Promise<EmbeddedCluster> {
  const { cluster } = openCluster(temporaryDirectory('reconcile'), { now: () => NOW })
  await applyTo(cluster, ...manifests)
  return cluster
}

export function depsFor(cluster: ReconcileDeps['cluster'], now: () => number = () => NOW): ReconcileDeps {
  const entrypoint = createEntrypointSource(ENTRYPOINT, NOTHING_REMEMBERED)
  return { cluster, settings: () => DEFAULT_SETTINGS, entrypoint, now, log: SILENT }
}

export const key = (name: string) => ({ namespace: 'default', name })

export async function pipelineRun(cluster: ReconcileDeps['cluster'], name = 'run'): Promise<PipelineRun> {
  const found = await cluster.get('PipelineRun', key(name))
  if (found === undefined) throw new Error(`no PipelineRun "${name}"`)
  return found
}

export async function taskRun(cluster: ReconcileDeps['cluster'], name: string): Promise<TaskRun> {
  const found = await cluster.get('TaskRun', key(name))
  if (found === undefined) throw new Error(`no TaskRun "${name}"`)
  return found
}

export const PIPELINE_RUN = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
      - name: a
        taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
      - name: b
        runAfter: [a]
        taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
`

export const TASK_RUN = `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
`
