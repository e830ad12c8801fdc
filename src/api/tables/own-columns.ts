/** Columns of the kinds of tektite.dev. Pure. */
import type { PrinterColumn } from '../../resources/custom-resources.js'
import { listAt, numberAt, textAt, valueAt } from '../../resources/value-at.js'
import { age, humanDuration } from './age.js'
import { AGE, type Column, column, NAME, orNone, wideColumn } from './column.js'

/** As those of a CronJob, with the time it is due next. */
export const SCHEDULE_COLUMNS: readonly Column[] = [
  NAME,
  column('Schedule', schedule => {
    const one = textAt(schedule, 'spec.schedule')
    return one || listAt(schedule, 'spec.schedules').join(', ')
  }),
  column('Timezone', schedule => textAt(schedule, 'spec.timeZone') || 'UTC'),
  column('Suspend', schedule => (valueAt(schedule, 'spec.suspend') === true ? 'True' : 'False')),
  column('Active', schedule => listAt(schedule, 'status.active').length, { type: 'integer' }),
  column('Last Schedule', (schedule, now) => {
    const last = textAt(schedule, 'status.lastScheduleTime')
    return last === '' ? '<none>' : age(last, now)
  }),
  column('Next Schedule', schedule => orNone(String(listAt(schedule, 'status.nextScheduleTimes')[0] ?? ''))),
  AGE,
]

/** As far as a CustomResourceDefinition can say it: it cannot join or count. */
export const SCHEDULE_PRINTER_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
  { name: 'Timezone', type: 'string', jsonPath: '.spec.timeZone' },
  { name: 'Suspend', type: 'boolean', jsonPath: '.spec.suspend' },
  { name: 'Last Schedule', type: 'date', jsonPath: '.status.lastScheduleTime' },
  { name: 'Next Schedule', type: 'string', jsonPath: '.status.nextScheduleTimes[0]' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

export const DELIVERY_COLUMNS: readonly Column[] = [
  NAME,
  column('Target', delivery => {
    return `${textAt(delivery, 'spec.target.kind').toLowerCase()}/${textAt(delivery, 'spec.target.name')}`
  }),
  column('Event', delivery => textAt(delivery, 'spec.event')),
  column('Phase', delivery => textAt(delivery, 'status.phase')),
  column('Fired', delivery => numberAt(delivery, 'status.verdicts.fired'), { type: 'integer' }),
  column('Failed', delivery => numberAt(delivery, 'status.verdicts.failed'), { type: 'integer' }),
  AGE,
  wideColumn('Subject', delivery => textAt(delivery, 'spec.subject')),
  wideColumn('Message', delivery => textAt(delivery, 'status.message')),
]

/** Of `runs`, live and archived. */
export const RUN_COLUMNS: readonly Column[] = [
  NAME,
  column('Status', run => textAt(run, 'status')),
  column('Reason', run => orNone(textAt(run, 'reason'))),
  column('Pipeline', run => orNone(textAt(run, 'pipeline') || textAt(run, 'task'))),
  column('Duration', (run, now) => {
    const [started, ended] = [textAt(run, 'startedAt'), textAt(run, 'completedAt')]
    if (started === '') return '<none>'
    return humanDuration((ended === '' ? now : Date.parse(ended)) - Date.parse(started))
  }),
  AGE,
  column('Archived', run => (valueAt(run, 'archived') === true ? 'True' : 'False')),
  wideColumn('Trigger', run => orNone(textAt(run, 'trigger'))),
  wideColumn('Message', run => textAt(run, 'message')),
]
