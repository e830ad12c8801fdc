/** Kinds of Kubernetes that are only kept here: the columns they have on a cluster. Pure. */
import { isRecord } from '../../resources/shape.js'
import { listAt, numberAt, textAt, valueAt } from '../../resources/value-at.js'
import { age, humanDuration } from './age.js'
import { AGE, type Column, column, countColumn, labelsText, NAME, orNone, textColumn, wideColumn } from './column.js'

const TEMPLATE = 'spec.template.spec'

export const DEPLOYMENT_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', object => `${numberAt(object, 'status.readyReplicas')}/${replicas(object)}`),
  countColumn('Up-to-date', 'status.updatedReplicas'),
  countColumn('Available', 'status.availableReplicas'),
  AGE,
  ...containersOf(TEMPLATE),
  wideColumn('Selector', object => selectorText(valueAt(object, 'spec.selector'))),
]

export const STATEFUL_SET_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', object => `${numberAt(object, 'status.readyReplicas')}/${replicas(object)}`),
  AGE,
  ...containersOf(TEMPLATE),
]

export const REPLICA_SET_COLUMNS: readonly Column[] = [
  NAME,
  column('Desired', replicas, { type: 'integer' }),
  countColumn('Current', 'status.replicas'),
  countColumn('Ready', 'status.readyReplicas'),
  AGE,
  ...containersOf(TEMPLATE),
  wideColumn('Selector', object => selectorText(valueAt(object, 'spec.selector'))),
]

export const REPLICATION_CONTROLLER_COLUMNS: readonly Column[] = [
  ...REPLICA_SET_COLUMNS.slice(0, -1),
  wideColumn('Selector', object => labelsText(valueAt(object, 'spec.selector'))),
]

export const DAEMON_SET_COLUMNS: readonly Column[] = [
  NAME,
  countColumn('Desired', 'status.desiredNumberScheduled'),
  countColumn('Current', 'status.currentNumberScheduled'),
  countColumn('Ready', 'status.numberReady'),
  countColumn('Up-to-date', 'status.updatedNumberScheduled'),
  countColumn('Available', 'status.numberAvailable'),
  column('Node Selector', object => labelsText(valueAt(object, `${TEMPLATE}.nodeSelector`))),
  AGE,
  ...containersOf(TEMPLATE),
  wideColumn('Selector', object => selectorText(valueAt(object, 'spec.selector'))),
]

export const JOB_COLUMNS: readonly Column[] = [
  NAME,
  column('Status', jobStatus),
  column('Completions', completions),
  column('Duration', (job, now) => {
    const [start, end] = [Date.parse(textAt(job, 'status.startTime')), Date.parse(textAt(job, 'status.completionTime'))]
    return Number.isNaN(start) ? '' : humanDuration((Number.isNaN(end) ? now : end) - start)
  }),
  AGE,
  ...containersOf(TEMPLATE),
  wideColumn('Selector', object => selectorText(valueAt(object, 'spec.selector'))),
]

export const CRON_JOB_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Schedule', 'spec.schedule'),
  column('Timezone', job => orNone(textAt(job, 'spec.timeZone'))),
  column('Suspend', job => (valueAt(job, 'spec.suspend') === true ? 'True' : 'False')),
  column('Active', job => listAt(job, 'status.active').length, { type: 'integer' }),
  column('Last Schedule', (job, now) => {
    const last = textAt(job, 'status.lastScheduleTime')
    return last === '' ? '<none>' : age(last, now)
  }),
  AGE,
  ...containersOf('spec.jobTemplate.spec.template.spec'),
  wideColumn('Selector', job => selectorText(valueAt(job, 'spec.jobTemplate.spec.selector'))),
]

export const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  column('Type', service => textAt(service, 'spec.type') || 'ClusterIP'),
  column('Cluster-IP', service => orNone(textAt(service, 'spec.clusterIP'))),
  column('External-IP', externalAddress),
  column('Port(s)', service => orNone(listAt(service, 'spec.ports').map(portText).join(','))),
  AGE,
  wideColumn('Selector', service => labelsText(valueAt(service, 'spec.selector'))),
]

export const INGRESS_COLUMNS: readonly Column[] = [
  NAME,
  column('Class', ingress => orNone(textAt(ingress, 'spec.ingressClassName'))),
  column('Hosts', ingress => {
    const hosts = listAt(ingress, 'spec.rules').flatMap(rule => textAt(rule, 'host') || [])
    return fewOf(hosts) || '*'
  }),
  column('Address', ingress => addresses(ingress).join(',')),
  column('Ports', ingress => (listAt(ingress, 'spec.tls').length > 0 ? '80, 443' : '80')),
  AGE,
]

export const POD_TEMPLATE_COLUMNS: readonly Column[] = [
  NAME,
  ...containersOf('template.spec').map(each => ({ ...each, priority: 0 })),
  column('Pod Labels', object => labelsText(valueAt(object, 'template.metadata.labels'))),
]

export const LEASE_COLUMNS: readonly Column[] = [NAME, textColumn('Holder', 'spec.holderIdentity'), AGE]

export const NETWORK_POLICY_COLUMNS: readonly Column[] = [
  NAME,
  column('Pod-Selector', policy => selectorText(valueAt(policy, 'spec.podSelector'))),
  AGE,
]

export const STORAGE_CLASS_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Provisioner', 'provisioner'),
  column('ReclaimPolicy', object => textAt(object, 'reclaimPolicy') || 'Delete'),
  column('VolumeBindingMode', object => textAt(object, 'volumeBindingMode') || 'Immediate'),
  column('AllowVolumeExpansion', object => valueAt(object, 'allowVolumeExpansion') === true),
  AGE,
]

export const PRIORITY_CLASS_COLUMNS: readonly Column[] = [
  NAME,
  countColumn('Value', 'value'),
  column('Global-Default', object => valueAt(object, 'globalDefault') === true, { type: 'boolean' }),
  AGE,
  column('PreemptionPolicy', object => textAt(object, 'preemptionPolicy') || 'PreemptLowerPriority'),
]

export const INGRESS_CLASS_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Controller', 'spec.controller'),
  column('Parameters', object => {
    const parameters = valueAt(object, 'spec.parameters')
    if (!isRecord(parameters)) return '<none>'
    const group = textAt(parameters, 'apiGroup')
    return `${textAt(parameters, 'kind')}${group === '' ? '' : `.${group}`}/${textAt(parameters, 'name')}`
  }),
  AGE,
]

export const DISRUPTION_BUDGET_COLUMNS: readonly Column[] = [
  NAME,
  column('Min Available', budget => String(valueAt(budget, 'spec.minAvailable') ?? 'N/A')),
  column('Max Unavailable', budget => String(valueAt(budget, 'spec.maxUnavailable') ?? 'N/A')),
  countColumn('Allowed Disruptions', 'status.disruptionsAllowed'),
  AGE,
]

function containersOf(path: string): readonly Column[] {
  const each = (field: string) => (object: unknown) =>
    listAt(object, `${path}.containers`)
      .map(container => textAt(container, field))
      .join(',')
  return [wideColumn('Containers', each('name')), wideColumn('Images', each('image'))]
}

function replicas(object: unknown): number {
  const found = valueAt(object, 'spec.replicas')
  return typeof found === 'number' ? found : 1
}

/** A LabelSelector, as the grammar of label selectors writes it. */
function selectorText(selector: unknown): string {
  if (!isRecord(selector)) return '<none>'
  const equal = labelsText(valueAt(selector, 'matchLabels'))
  const others = listAt(selector, 'matchExpressions').map(each => {
    const [key, values] = [textAt(each, 'key'), `(${listAt(each, 'values').join(',')})`]
    const operator = textAt(each, 'operator')
    if (operator === 'Exists') return key
    return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} ${values}`
  })
  return orNone([...(equal === '<none>' ? [] : [equal]), ...others].join(','))
}

function jobStatus(job: unknown): string {
  const holds = (type: string) =>
    listAt(job, 'status.conditions').some(each => textAt(each, 'type') === type && textAt(each, 'status') === 'True')
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (textAt(job, 'metadata.deletionTimestamp') !== '') return 'Terminating'
  if (holds('Suspended')) return 'Suspended'
  if (holds('FailureTarget')) return 'FailureTarget'
  return holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function completions(job: unknown): string {
  const [succeeded, wanted] = [numberAt(job, 'status.succeeded'), valueAt(job, 'spec.completions')]
  if (typeof wanted === 'number') return `${succeeded}/${wanted}`
  const parallelism = numberAt(job, 'spec.parallelism')
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function externalAddress(service: unknown): string {
  const own = listAt(service, 'spec.externalIPs').map(String)
  switch (textAt(service, 'spec.type')) {
    case 'ExternalName':
      return textAt(service, 'spec.externalName')
    case 'LoadBalancer':
      return [...addresses(service), ...own].join(',') || '<pending>'
    default:
      return orNone(own.join(','))
  }
}

function addresses(object: unknown): readonly string[] {
  const found = listAt(object, 'status.loadBalancer.ingress').map(
    each => textAt(each, 'ip') || textAt(each, 'hostname'),
  )
  return [...new Set(found.filter(text => text !== ''))].sort()
}

function portText(port: unknown): string {
  const node = numberAt(port, 'nodePort')
  return `${numberAt(port, 'port')}${node === 0 ? '' : `:${node}`}/${textAt(port, 'protocol') || 'TCP'}`
}

function fewOf(texts: readonly string[]): string {
  const few = texts.slice(0, 3).join(',')
  return texts.length > 3 ? `${few} + ${texts.length - 3} more...` : few
}
