/**
 * Messages of the kinds that `kubectl create` makes itself and nothing here acts on. They hold the fields that kubectl can
 * set; an object with another one is not read, rather than kept without it.
 */
import { type Field, type FieldType, labelSelector, type Message, objectMeta } from './messages.js'

const one = (name: string, type: FieldType = 'string'): Field => ({ name, type, repeated: false })
const many = (name: string, type: FieldType = 'string'): Field => ({ name, type, repeated: true })

const container: Message = {
  1: one('name'),
  2: one('image'),
  3: many('command'),
  4: many('args'),
  5: one('workingDir'),
  6: many('ports', {
    1: one('name'),
    2: one('hostPort', 'positive'),
    3: one('containerPort', 'int'),
    4: one('protocol'),
    5: one('hostIP'),
  }),
  7: many('env', { 1: one('name'), 2: one('value') }),
  14: one('imagePullPolicy'),
}

const podTemplate: Message = {
  1: one('metadata', objectMeta),
  2: one('spec', {
    2: many('containers', container),
    3: one('restartPolicy'),
    8: one('serviceAccountName'),
  }),
}

const withSpec = (spec: Message): Message => ({
  1: one('metadata', objectMeta),
  2: one('spec', spec),
  // The server's to write.
  3: one('status', 'ignored'),
})

const jobSpec: Message = {
  1: one('parallelism', 'int'),
  2: one('completions', 'int'),
  3: one('activeDeadlineSeconds', 'int'),
  4: one('selector', labelSelector),
  6: one('template', podTemplate),
  7: one('backoffLimit', 'int'),
  8: one('ttlSecondsAfterFinished', 'int'),
}

const ingressBackend: Message = {
  4: one('service', { 1: one('name'), 2: one('port', { 1: one('name'), 2: one('number', 'positive') }) }),
}

/** By group and kind. */
export const WORKLOAD_MESSAGES: Readonly<Record<string, Message>> = {
  'apps/Deployment': withSpec({
    1: one('replicas', 'int'),
    2: one('selector', labelSelector),
    3: one('template', podTemplate),
    4: one('strategy', { 1: one('type') }),
  }),
  '/Service': withSpec({
    1: many('ports', {
      1: one('name'),
      2: one('protocol'),
      3: one('port', 'int'),
      4: one('targetPort', 'int or string'),
      5: one('nodePort', 'positive'),
    }),
    2: one('selector', 'map'),
    3: one('clusterIP'),
    4: one('type'),
    7: one('sessionAffinity'),
    10: one('externalName'),
    18: many('clusterIPs'),
  }),
  'batch/Job': withSpec(jobSpec),
  'batch/CronJob': withSpec({
    1: one('schedule'),
    3: one('concurrencyPolicy'),
    4: one('suspend', 'bool'),
    5: one('jobTemplate', { 1: one('metadata', objectMeta), 2: one('spec', jobSpec) }),
  }),
  'networking.k8s.io/Ingress': withSpec({
    1: one('defaultBackend', ingressBackend),
    2: many('tls', { 1: many('hosts'), 2: one('secretName') }),
    3: many('rules', {
      1: one('host'),
      2: one('', {
        1: one('http', {
          1: many('paths', { 1: one('path'), 2: one('backend', ingressBackend), 3: one('pathType') }),
        }),
      }),
    }),
    4: one('ingressClassName'),
  }),
  '/ResourceQuota': withSpec({ 1: one('hard', 'map of quantities'), 2: many('scopes') }),
  'policy/PodDisruptionBudget': withSpec({
    1: one('minAvailable', 'int or string'),
    2: one('selector', labelSelector),
    3: one('maxUnavailable', 'int or string'),
  }),
  'scheduling.k8s.io/PriorityClass': {
    1: one('metadata', objectMeta),
    2: one('value', 'int'),
    3: one('globalDefault', 'bool'),
    4: one('description'),
    5: one('preemptionPolicy'),
  },
}
