/** What ledgers hold, and how it is read back: the checks work on these records and on nothing else. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

/** What the checks need of an object: a run of two thousand deliveries sees a hundred thousand versions of objects. */
export function recordOf(object) {
  const { kind, metadata, spec, status, data } = object
  const { labels = {}, ownerReferences = [] } = metadata
  const owner = ownerReferences.find(({ controller }) => controller)
  const condition = status?.conditions?.find(({ type }) => type === 'Succeeded')
  return {
    kind,
    name: metadata.name,
    uid: metadata.uid,
    version: Number(metadata.resourceVersion),
    createdAt: Date.parse(metadata.creationTimestamp),
    ...(metadata.deletionTimestamp && { deleting: true }),
    ...(owner && { owner: owner.uid, ownerName: owner.name }),
    ...(labels.delivery && { delivery: labels.delivery }),
    ...(kind === 'PipelineRun' && { pipeline: spec?.pipelineRef?.name }),
    ...(labels['tekton.dev/pipelineTask'] && { task: labels['tekton.dev/pipelineTask'] }),
    ...(spec?.status && { asked: spec.status }),
    ...(condition && { succeeded: condition.status, reason: condition.reason }),
    ...(status?.startTime && kind !== 'Pod' && { startTime: Date.parse(status.startTime) }),
    ...(status?.completionTime && { completionTime: Date.parse(status.completionTime) }),
    ...(condition && condition.status !== 'Unknown' && { verdict: digest(verdictOf(status)) }),
    ...(status?.retriesStatus && { retries: status.retriesStatus.length }),
    ...(status?.results && { results: Object.fromEntries(status.results.map(({ name, value }) => [name, value])) }),
    ...(kind === 'Pod' && { phase: status?.phase ?? 'Pending' }),
    ...(data?.value && { value: data.value }),
  }
}

/** What must never change once a run has ended. */
function verdictOf({
  conditions,
  completionTime,
  startTime,
  results,
  taskResults,
  steps,
  retriesStatus,
  childReferences,
}) {
  const { status, reason, message } = conditions.find(({ type }) => type === 'Succeeded')
  const end = [status, reason, message, completionTime, startTime]
  return [end, results, taskResults, steps, retriesStatus, childReferences]
}

function digest(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** A file of one JSON record per line; a line that a killed process left half-written is none. */
export function readRecords(file) {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return line === '' ? [] : [JSON.parse(line)]
      } catch {
        return []
      }
    })
}

/** The ledger of the simulated kubelet: `runUid taskRun step attempt start|end time podUid`, in the order of what happened. */
export function readSteps(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map((line, place) => {
      const [run, taskRun, step, attempt, mark, time, pod] = line.split(' ')
      const name = step.replace(/^step-/, '')
      return { run, taskRun, step: name, attempt: Number(attempt), mark, at: Date.parse(time), pod, place }
    })
}

/** What is asked of the events again and again, worked out once. */
export function historyOf(events) {
  /** By uid, in the order in which the watch told. */
  const byUid = new Map()
  for (const event of events) {
    if (event.uid === undefined) continue
    if (!byUid.has(event.uid)) byUid.set(event.uid, [])
    byUid.get(event.uid).push(event)
  }
  const last = [...byUid.values()].map(list => list.at(-1))
  const ofKind = kind => [...byUid.values()].filter(list => list[0].kind === kind)
  return { byUid, last, ofKind }
}

export function grouped(items, keyOf) {
  const groups = new Map()
  for (const item of items) {
    const key = keyOf(item)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(item)
  }
  return groups
}
