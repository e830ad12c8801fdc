/** `tektite schedule`: what the clock fires. */
import { OWN_GROUP, OWN_VERSION } from '../../api/own-resources.js'
import type { RequestedRun } from '../../api/schedules.js'
import type { Schedule } from '../../resources/schedules.js'
import { readTiming } from '../../schedule/read-schedule.js'
import { nextSlots } from '../../schedule/slots.js'
import { deadline } from '../../timers.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { awaitDispatch, firedOnly, printDispatch } from '../follow-dispatch.js'
import { nextTimes, scheduleTable } from '../print/schedules.js'
import { styleFor, widthOf } from '../print/style.js'

const BASE = `/apis/${OWN_GROUP}/${OWN_VERSION}`

export interface ListSchedulesOptions {
  readonly engine: PlaceFlags
  readonly namespace?: string
  readonly output?: 'json'
}

export async function listSchedulesCommand(
  context: CliContext,
  { engine: flags, namespace, output }: ListSchedulesOptions,
): Promise<number> {
  const { config, now, stdout, stderr } = context
  const engine = await openClient(context, flags)
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const list = await engine.read<{ readonly items: readonly Schedule[] }>(`${BASE}${place}/schedules`)
  if (output === 'json') stdout.write(`${JSON.stringify(list, undefined, 2)}\n`)
  else if (list.items.length === 0) stderr.write('no schedules\n')
  else stdout.write(scheduleTable(list.items, { now: now(), style: styleFor(stdout, config), width: widthOf(stdout) }))
  return 0
}

export interface RunScheduleOptions {
  readonly engine: PlaceFlags
  readonly name: string
  readonly namespace: string
  readonly timeoutMs: number
  readonly output?: 'json'
}

/** 0: it fired; 1: not so. */
export async function runScheduleCommand(
  context: CliContext,
  { engine: flags, name, namespace, timeoutMs, output }: RunScheduleOptions,
): Promise<number> {
  const engine = await openClient(context, flags)
  const path = `namespaces/${encodeURIComponent(namespace)}/schedules/${encodeURIComponent(name)}`
  const { status } = await engine.post<RequestedRun>(`${BASE}/${path}/run`)
  const key = { namespace, name: status.delivery }
  const delivery = await awaitDispatch(context, engine, key, deadline(timeoutMs), timeoutMs)
  if (delivery === undefined) return 1
  printDispatch(context, delivery, output)
  return firedOnly(delivery) ? 0 : 1
}

export interface NextTimesOptions {
  readonly texts: readonly string[]
  readonly zone: string
  readonly count: number
  /** Epoch ms. */
  readonly from?: number
  /** `NAMESPACE/NAME` */
  readonly owner: string
}

/** 0: the times are on stdout; 2: a text or the zone is wrong. */
export function nextTimesCommand(
  { config, now, stdout, stderr }: CliContext,
  { texts, zone, count, from, owner }: NextTimesOptions,
): number {
  const [namespace = '', name = ''] = owner.split('/')
  const reading = readTiming({ namespace, name }, { schedules: texts, timeZone: zone, template: {} })
  if (reading.is === 'wrong') {
    for (const { value, message, hint } of reading.faults) stderr.write(`error: "${value}": ${message}\n  ${hint}\n`)
    return 2
  }
  const { timing } = reading
  const style = styleFor(stdout, config)
  stdout.write(nextTimes(nextSlots(timing, from ?? now(), count), timing.zone, now(), style))
  return 0
}
