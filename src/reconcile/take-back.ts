/**
 * A worker that was frozen in a pass, or had no network, goes on with what it saw; others may have ended the run meanwhile.
 * Its write to the run is refused as stale, but what it made just before is there. A run that has ended knows nothing of
 * such a child, and nothing may come of it.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Pod } from '../resources/core.js'
import type { Kinds } from '../resources/kinds.js'
import type { Key } from '../resources/meta.js'
import type { CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'
import { podName } from '../run/names.js'
import { isDone } from '../status/conditions.js'
import { applyLot } from './apply.js'
import type { Action } from './decision.js'
import { cancelChildren } from './pipeline-run/children.js'

type Run = PipelineRun | TaskRun

/** After a pass whose status was refused: what `actions` made goes, or ends, if the run has ended without it. */
export async function takeBack(cluster: Cluster, run: Run, actions: readonly Action[]): Promise<void> {
  const made = actions.filter(action => action.do === 'create')
  if (made.length === 0) return
  const now = await cluster.get(run.kind, run.metadata)
  if (now === undefined || now.metadata.uid !== run.metadata.uid || !isDone(now)) return
  if (now.kind === 'TaskRun') return takeBackPod(cluster, now)
  const known = new Set(now.status?.childReferences?.map(({ name }) => name))
  const lookUps = made.map(async ({ kind, object }) => {
    const { namespace, name = '' } = object.metadata
    if (known.has(name)) return []
    if (kind !== 'TaskRun' && kind !== 'CustomRun' && kind !== 'PipelineRun') return []
    const child = await getChild(cluster, kind, { namespace, name })
    return child !== undefined && isOwnedBy(child, now) ? [child] : []
  })
  const late = (await Promise.all(lookUps)).flat()
  await applyLot(cluster, cancelChildren(late, 'cancelled'))
}

/** The Pod of an attempt that a TaskRun ended without. Asks for it only where that can be: most have a Pod and know it. */
export async function takeBackPod(cluster: Cluster, run: TaskRun): Promise<void> {
  const { retriesStatus = [], podName: known } = run.status ?? {}
  if (known) return
  const { namespace, name } = run.metadata
  const pod = await cluster.get('Pod', { namespace, name: podName(name, retriesStatus.length) })
  if (pod === undefined || !isOwnedBy(pod, run) || pod.metadata.deletionTimestamp !== undefined) return
  await cluster.delete('Pod', pod.metadata, { uid: pod.metadata.uid })
}

function getChild(
  cluster: Cluster,
  kind: 'TaskRun' | 'CustomRun' | 'PipelineRun',
  key: Key,
): Promise<Kinds[typeof kind] | undefined> {
  return cluster.get<typeof kind>(kind, key)
}

export function isOwnedBy(child: Pod | Run | CustomRun, { metadata: { uid } }: Run): boolean {
  return child.metadata.ownerReferences?.some(owner => owner.controller === true && owner.uid === uid) ?? false
}
