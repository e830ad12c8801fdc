/** Field table of tektite.dev. */
import type { Fields } from './shape.js'
import { strings } from './shapes-core.js'
import { triggerFields } from './shapes-triggers.js'

const { bindings, template } = triggerFields('v1beta1')

export const SCHEDULE_SPEC: Fields = {
  type: 'ScheduleSpec',
  fields: {
    schedule: 'string',
    schedules: strings,
    timeZone: 'string',
    bindings: bindings!,
    params: {
      list: { type: 'BindingParam', fields: { name: 'string', value: 'string' }, required: ['name', 'value'] },
    },
    template: template!,
    serviceAccountName: 'string',
    concurrencyPolicy: 'string',
    startingDeadlineSeconds: 'integer',
    suspend: 'boolean',
    successfulRunsHistoryLimit: 'integer',
    failedRunsHistoryLimit: 'integer',
  },
  hints: {
    timezone: 'the field is called timeZone',
    cron: 'the field is called schedule, or schedules for several',
    jobTemplate: 'the field is called template, as in a Trigger',
    successfulJobsHistoryLimit: 'the field is called successfulRunsHistoryLimit',
    failedJobsHistoryLimit: 'the field is called failedRunsHistoryLimit',
    interceptors: 'nothing comes in that could be filtered; leave it out',
  },
}
