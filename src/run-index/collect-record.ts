/** Everything of one run, out of the cluster. */
import type { Cluster } from '../cluster/cluster.js'
import { createSlots } from '../lib/slots.js'
import type { CoreEvent } from '../resources/core.js'
import type { RunRecord } from '../resources/run-record.js'
import type { RunSummary } from '../resources/run-summary.js'
import type { ChildReference, CustomRun, PipelineRun, TaskRun } from '../resources/tekton.js'
import { type EventsOf, listedEvents } from './events-of.js'

type Reads = Pick<Cluster, 'get' | 'list'>
type Child = TaskRun | CustomRun | PipelineRun

const READS_AT_ONCE = 16
/** Nested deeper than that nobody has them. */
const MAX_DEPTH = 10

/** Undefined when it is gone, or another one has its name. */
export async function collectRecord(
  cluster: Reads,
  { kind, namespace, name, uid }: Pick<RunSummary, 'kind' | 'namespace' | 'name' | 'uid'>,
  eventsOf: EventsOf = listedEvents(cluster),
): Promise<RunRecord | undefined> {
  const run: PipelineRun | TaskRun | undefined = await cluster.get(kind, { namespace, name })
  if (run?.metadata.uid !== uid) return undefined
  const children = run.kind === 'PipelineRun' ? await childrenOf(cluster, run, MAX_DEPTH) : []
  const events = await eventsOf(
    namespace,
    [run, ...children].map(({ metadata }) => metadata),
  )
  return {
    run,
    taskRuns: children.filter((each): each is TaskRun => each.kind === 'TaskRun'),
    customRuns: children.filter((each): each is CustomRun => each.kind === 'CustomRun'),
    pipelineRuns: children.filter((each): each is PipelineRun => each.kind === 'PipelineRun'),
    events: [...events].sort(byTime),
  }
}

async function childrenOf(cluster: Reads, run: PipelineRun, depth: number): Promise<readonly Child[]> {
  const slots = createSlots(READS_AT_ONCE)
  const { signal } = new AbortController()
  const read = (child: ChildReference) => slots.run(() => readChild(cluster, run, child), signal)
  const own = (await Promise.all((run.status?.childReferences ?? []).map(read))).filter(each => each !== undefined)
  const nested: Child[] = []
  for (const child of own) {
    if (child.kind === 'PipelineRun' && depth > 0) nested.push(...(await childrenOf(cluster, child, depth - 1)))
  }
  return [...own, ...nested]
}

/** Somebody may have put another one under its name. */
async function readChild(cluster: Reads, run: PipelineRun, { kind, name }: ChildReference): Promise<Child | undefined> {
  const child: Child | undefined = await cluster.get(kind, { namespace: run.metadata.namespace, name })
  const isOurs = child?.metadata.ownerReferences?.some(owner => owner.uid === run.metadata.uid)
  return isOurs ? child : undefined
}

function byTime(a: CoreEvent, b: CoreEvent): number {
  return timeOf(a) < timeOf(b) ? -1 : 1
}

function timeOf({ lastTimestamp, metadata }: CoreEvent): string {
  return lastTimestamp ?? metadata.creationTimestamp
}
