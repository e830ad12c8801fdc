/** Pods: what `kubectl get pods` makes of their containers. Pure. */
import { isRecord, type Json } from '../../resources/shape.js'
import { listAt, numberAt, textAt, valueAt } from '../../resources/value-at.js'
import { humanDuration } from './age.js'
import { AGE, type Column, column, NAME, orNone, wideColumn } from './column.js'

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', pod => {
    const { ready, total } = summaryOf(pod)
    return `${ready}/${total}`
  }),
  column('Status', pod => summaryOf(pod).status),
  column('Restarts', (pod, now) => restartsText(summaryOf(pod), now)),
  AGE,
  wideColumn('IP', pod => orNone(textAt(listAt(pod, 'status.podIPs')[0], 'ip') || textAt(pod, 'status.podIP'))),
  wideColumn('Node', pod => orNone(textAt(pod, 'spec.nodeName'))),
  wideColumn('Nominated Node', pod => orNone(textAt(pod, 'status.nominatedNodeName'))),
  wideColumn('Readiness Gates', readinessGates),
]

interface PodSummary {
  readonly ready: number
  readonly total: number
  readonly status: string
  readonly restarts: number
  /** Epoch ms; undefined when none was restarted. */
  readonly lastRestart: number | undefined
}

function summaryOf(pod: unknown): PodSummary {
  const sidecars = new Set(
    listAt(pod, 'spec.initContainers')
      .filter(each => textAt(each, 'restartPolicy') === 'Always')
      .map(each => textAt(each, 'name')),
  )
  const total = listAt(pod, 'spec.containers').length + sidecars.size
  const inits = listAt(pod, 'status.initContainerStatuses')
  const containers = [...listAt(pod, 'status.containerStatuses')].reverse()
  const ofSidecars = inits.filter(each => sidecars.has(textAt(each, 'name')))
  const readySidecars = ofSidecars.filter(each => isStarted(each) && valueAt(each, 'ready') === true).length
  const initializing = initStatus(pod, inits, sidecars)
  if (initializing !== undefined && !hasCondition(pod, 'Initialized')) {
    return { ready: readySidecars, total, status: deletionStatus(pod) ?? initializing, ...restartsOf(inits) }
  }
  return {
    ready: readySidecars + containers.filter(isReadyAndRunning).length,
    total,
    status: deletionStatus(pod) ?? mainStatus(pod, containers, initializing),
    ...restartsOf([...ofSidecars, ...containers]),
  }
}

/** `Init:1/2` and its like while an init container has not done its part. */
function initStatus(pod: unknown, inits: readonly unknown[], sidecars: ReadonlySet<string>): string | undefined {
  for (const [index, init] of inits.entries()) {
    const terminated = valueAt(init, 'state.terminated')
    if (isRecord(terminated) && numberAt(terminated, 'exitCode') === 0) continue
    if (sidecars.has(textAt(init, 'name')) && isStarted(init)) continue
    if (isRecord(terminated)) return `Init:${endText(terminated)}`
    const waiting = textAt(init, 'state.waiting.reason')
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`
    return `Init:${index}/${listAt(pod, 'spec.initContainers').length}`
  }
  return undefined
}

/** Of the first container that has something to say; a Pod with one that runs on is not completed. */
function mainStatus(pod: unknown, containers: readonly unknown[], initializing: string | undefined): string {
  let status = initializing ?? phaseText(pod)
  for (const container of containers) {
    const waiting = textAt(container, 'state.waiting.reason')
    const terminated = valueAt(container, 'state.terminated')
    if (waiting !== '') status = waiting
    else if (isRecord(terminated)) status = endText(terminated)
  }
  if (status !== 'Completed' || !containers.some(isReadyAndRunning)) return status
  return hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
}

function phaseText(pod: unknown): string {
  const gated = listAt(pod, 'status.conditions').some(
    each => textAt(each, 'type') === 'PodScheduled' && textAt(each, 'reason') === 'SchedulingGated',
  )
  if (gated) return 'SchedulingGated'
  return textAt(pod, 'status.reason') || textAt(pod, 'status.phase') || 'Pending'
}

function deletionStatus(pod: unknown): string | undefined {
  if (textAt(pod, 'metadata.deletionTimestamp') === '') return undefined
  if (textAt(pod, 'status.reason') === 'NodeLost') return 'Unknown'
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status.phase')) ? undefined : 'Terminating'
}

function endText(terminated: Json): string {
  const signal = numberAt(terminated, 'signal')
  const text = signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, 'exitCode')}`
  return textAt(terminated, 'reason') || text
}

function isStarted(container: unknown): boolean {
  return valueAt(container, 'started') === true
}

function isReadyAndRunning(container: unknown): boolean {
  return valueAt(container, 'ready') === true && isRecord(valueAt(container, 'state.running'))
}

function hasCondition(pod: unknown, type: string): boolean {
  return listAt(pod, 'status.conditions').some(
    each => textAt(each, 'type') === type && textAt(each, 'status') === 'True',
  )
}

function restartsOf(containers: readonly unknown[]): Pick<PodSummary, 'restarts' | 'lastRestart'> {
  const ends = containers
    .map(each => Date.parse(textAt(each, 'lastState.terminated.finishedAt')))
    .filter(each => !Number.isNaN(each))
  return {
    restarts: containers.reduce<number>((sum, each) => sum + numberAt(each, 'restartCount'), 0),
    lastRestart: ends.length === 0 ? undefined : Math.max(...ends),
  }
}

function restartsText({ restarts, lastRestart }: PodSummary, now: number): string {
  if (restarts === 0 || lastRestart === undefined) return `${restarts}`
  return `${restarts} (${humanDuration(now - lastRestart)} ago)`
}

function readinessGates(pod: unknown): string {
  const gates = listAt(pod, 'spec.readinessGates')
  if (gates.length === 0) return '<none>'
  return `${gates.filter(gate => hasCondition(pod, textAt(gate, 'conditionType'))).length}/${gates.length}`
}
