/** `describe` of Schedules. Pure. */
import type { Schedule } from '../../resources/schedules.js'
import { cronTexts, DEFAULT_TIME_ZONE } from '../../schedule/read-schedule.js'
import type { Description } from '../print/sections.js'
import { ago, NOTHING } from '../print/times.js'
import type { DescribeView } from './describe.js'
import { aboutObject, labelsAndAnnotations } from './parts.js'

export function scheduleDescription(schedule: Schedule, { now }: DescribeView): Description {
  const { metadata, spec, status = {} } = schedule
  return {
    about: [
      ...aboutObject(schedule),
      ['Times', cronTexts(spec).join(' | ')],
      ['Time Zone', spec.timeZone ?? DEFAULT_TIME_ZONE],
      ['Suspended', spec.suspend ? 'yes' : undefined],
      ['Concurrency', spec.concurrencyPolicy],
      ['Template Ref', spec.template.ref ?? 'EMBEDDED'],
      ['Last fired', status.lastScheduleTime && `${status.lastScheduleTime} (${ago(status.lastScheduleTime, now)})`],
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [
      { title: 'Next', text: (status.nextScheduleTimes ?? []).map(time => ` ${time}`).join('\n') },
      {
        title: 'Under way',
        columns: [{ head: 'KIND' }, { head: 'NAME' }],
        rows: (status.active ?? []).map(({ kind, name }) => [kind, name]),
      },
      {
        title: 'Conditions',
        columns: [
          { head: 'TYPE' },
          { head: 'STATUS' },
          { head: 'REASON' },
          { head: 'MESSAGE', cut: { order: 1, least: 10 } },
        ],
        rows: (status.conditions ?? []).map(({ type, status: is, reason = NOTHING, message = '' }) => [
          type,
          is,
          reason,
          message,
        ]),
      },
    ],
  }
}
