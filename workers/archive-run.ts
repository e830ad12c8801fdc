/** Brings one run that has ended into the archive, when all of its output is stored. */
import type { Archive, ArchivedRun, LogPlace } from '../src/archive/archive.js'
import type { Cluster } from '../src/cluster/cluster.js'
import { toTimestamp } from '../src/lib/time.js'
import type { LogStore } from '../src/logs/log-store.js'
import type { CoreEvent, Pod } from '../src/resources/core.js'
import type { RunRecord } from '../src/resources/run-record.js'
import { type RunSummary, summarize } from '../src/resources/run-summary.js'
import type { FinishedRun } from '../src/retention/finished-run.js'
import { collectRecord } from '../src/run-index/collect-record.js'
import type { EventsOf } from '../src/run-index/events-of.js'

export interface ArchiveRunDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list'>
  readonly archive: Archive
  readonly logs: Pick<LogStore, 'isFinished'>
  readonly eventsOf: EventsOf
  readonly now: () => number
}

export type Archiving =
  | { readonly is: 'archived'; readonly summary: RunSummary; readonly resourceVersion: string }
  /** Not all of its output is stored. */
  | { readonly is: 'early' }
  | { readonly is: 'gone' }

export async function archiveRun(deps: ArchiveRunDeps, run: FinishedRun): Promise<Archiving> {
  const { cluster, archive, logs, eventsOf, now } = deps
  const record = await collectRecord(cluster, run, eventsOf)
  if (record === undefined) return { is: 'gone' }
  const pods = await podsOf(cluster, record)
  for (const pod of pods) if (!(await isStored(logs, pod))) return { is: 'early' }
  const summary = summarize(record.run)
  const earlier = await archive.get(run).catch(() => undefined)
  const kept: ArchivedRun = {
    ...record,
    events: withEarlier(earlier?.events, record.events),
    summary,
    logs: withEarlierLogs(earlier?.logs, pods.map(placeOf)),
    archivedAt: toTimestamp(now()),
  }
  await archive.put(kept)
  return { is: 'archived', summary, resourceVersion: record.run.metadata.resourceVersion }
}

async function podsOf(cluster: ArchiveRunDeps['cluster'], { run, taskRuns }: RunRecord): Promise<readonly Pod[]> {
  const all = run.kind === 'TaskRun' ? [run] : taskRuns
  const names = all.flatMap(({ metadata: { namespace }, status }) =>
    [status, ...(status?.retriesStatus ?? [])].flatMap(each =>
      each?.podName ? [{ namespace, name: each.podName }] : [],
    ),
  )
  const found: Pod[] = []
  for (const key of names) {
    const pod = await cluster.get('Pod', key)
    if (pod !== undefined) found.push(pod)
  }
  return found
}

/** Of a Pod that will say nothing more. One that is gone went when its output was stored, or was lost with its node. */
async function isStored(logs: ArchiveRunDeps['logs'], pod: Pod): Promise<boolean> {
  const { phase } = pod.status ?? {}
  if (phase !== 'Succeeded' && phase !== 'Failed') return false
  const { namespace, pod: name, podUid, containers } = placeOf(pod)
  for (const container of containers) {
    if (!(await logs.isFinished({ namespace, pod: name, podUid, container }))) return false
  }
  return true
}

/** With the containers that ran. */
function placeOf({ metadata, status }: Pod): LogPlace {
  const ran = (status?.containerStatuses ?? []).filter(({ state }) => state?.terminated?.startedAt !== undefined)
  return {
    namespace: metadata.namespace,
    pod: metadata.name,
    podUid: metadata.uid,
    containers: ran.map(({ name }) => name),
  }
}

/** Events go after an hour, and the record is written anew when the run changed later. */
function withEarlier(earlier: readonly CoreEvent[] = [], events: readonly CoreEvent[]): readonly CoreEvent[] {
  const now = new Set(events.map(({ metadata }) => metadata.uid))
  return [...earlier.filter(({ metadata }) => !now.has(metadata.uid)), ...events]
}

function withEarlierLogs(earlier: readonly LogPlace[] = [], logs: readonly LogPlace[]): readonly LogPlace[] {
  const now = new Set(logs.map(({ podUid }) => podUid))
  return [...earlier.filter(({ podUid }) => !now.has(podUid)), ...logs]
}
