/** What there is to say of a Schedule, in short. Pure. */
import type { Condition } from '../../../../src/resources/meta.js'
import type { Schedule } from '../../../../src/resources/schedules.js'
import type { Status } from '../../components/status.js'

export interface ScheduleState {
  readonly status: Status
  readonly text: string
}

export function stateOf({ spec, status }: Schedule): ScheduleState {
  const ready = conditionOf(status?.conditions, 'Ready')
  if (ready?.status === 'False' && ready.reason !== 'Suspended')
    return { status: 'failed', text: ready.reason ?? 'Invalid' }
  if (spec.suspend) return { status: 'cancelled', text: 'Paused' }
  if ((status?.active?.length ?? 0) > 0) return { status: 'running', text: 'Running' }
  return status === undefined ? { status: 'pending', text: 'New' } : { status: 'succeeded', text: 'Active' }
}

/** What is wrong, or was missed. */
export function warningsOf({ status }: Schedule): readonly string[] {
  const ready = conditionOf(status?.conditions, 'Ready')
  const missed = conditionOf(status?.conditions, 'SlotsMissed')
  return [
    ...(ready?.status === 'False' && ready.reason !== 'Suspended' ? [ready.message ?? ready.reason ?? ''] : []),
    ...(missed?.status === 'True' ? [missed.message ?? missed.reason ?? ''] : []),
  ].filter(text => text !== '')
}

export function cronTexts({ spec }: Schedule): readonly string[] {
  return spec.schedules ?? [spec.schedule ?? '']
}

export function zoneOf({ spec }: Schedule): string {
  return spec.timeZone ?? 'UTC'
}

/** On the clocks of a zone. An unknown one, which the engine has refused by then, shows UTC. */
export function timeIn(time: string, timeZone: string | undefined): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
  try {
    return new Date(time).toLocaleString('en-GB', { ...options, ...(timeZone && { timeZone }) })
  } catch {
    return new Date(time).toLocaleString('en-GB', { ...options, timeZone: 'UTC' })
  }
}

export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find(condition => condition.type === type)
}
