/** The kinds of Kubernetes itself that people of Tekton look at, with the columns of a real API server. Pure. */
import { isRecord } from '../../resources/shape.js'
import { listAt, numberAt, textAt, valueAt } from '../../resources/value-at.js'
import { age } from './age.js'
import { AGE, type Column, column, NAME, textColumn, wideColumn } from './column.js'

export const CONFIG_MAP_COLUMNS = [
  NAME,
  column('Data', map => `${sizeAt(map, 'data') + sizeAt(map, 'binaryData')}`),
  AGE,
]

export const SECRET_COLUMNS = [
  NAME,
  column('Type', secret => textAt(secret, 'type') || 'Opaque'),
  column('Data', secret => `${sizeAt(secret, 'data')}`),
  AGE,
]

export const SERVICE_ACCOUNT_COLUMNS = [NAME, column('Secrets', account => `${listAt(account, 'secrets').length}`), AGE]

export const NAMESPACE_COLUMNS = [
  NAME,
  column('Status', namespace => textAt(namespace, 'status.phase') || 'Active'),
  AGE,
]

export const CLAIM_COLUMNS: readonly Column[] = [
  NAME,
  column('Status', claim => deletion(claim) || textAt(claim, 'status.phase') || 'Pending'),
  textColumn('Volume', 'spec.volumeName'),
  column('Capacity', claim => whenBound(claim, () => textAt(claim, 'status.capacity.storage'))),
  column('Access Modes', claim => whenBound(claim, () => accessModes(listAt(claim, 'status.accessModes')))),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', claim => textAt(claim, 'spec.volumeAttributesClassName') || '<unset>'),
  AGE,
  wideColumn('VolumeMode', claim => textAt(claim, 'spec.volumeMode') || '<unset>'),
]

export const VOLUME_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Capacity', 'spec.capacity.storage'),
  column('Access Modes', volume => accessModes(listAt(volume, 'spec.accessModes'))),
  textColumn('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
  column('Status', volume => deletion(volume) || textAt(volume, 'status.phase') || 'Available'),
  column('Claim', volume => {
    const claim = valueAt(volume, 'spec.claimRef')
    return isRecord(claim) ? `${textAt(claim, 'namespace')}/${textAt(claim, 'name')}` : ''
  }),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', volume => textAt(volume, 'spec.volumeAttributesClassName') || '<unset>'),
  textColumn('Reason', 'status.reason'),
  AGE,
  wideColumn('VolumeMode', volume => textAt(volume, 'spec.volumeMode') || '<unset>'),
]

export const EVENT_COLUMNS: readonly Column[] = [
  column('Last Seen', (event, now) => {
    const last = textAt(event, 'series.lastObservedTime') || textAt(event, 'lastTimestamp')
    return age(last || firstSeen(event), now)
  }),
  textColumn('Type', 'type'),
  textColumn('Reason', 'reason'),
  column('Object', event => {
    const [kind, name] = [textAt(event, 'involvedObject.kind').toLowerCase(), textAt(event, 'involvedObject.name')]
    return name === '' ? kind : `${kind}/${name}`
  }),
  wideColumn('Subobject', event => textAt(event, 'involvedObject.fieldPath')),
  wideColumn('Source', event => {
    const component = textAt(event, 'source.component') || textAt(event, 'reportingComponent')
    const host = textAt(event, 'source.host') || textAt(event, 'reportingInstance')
    return host === '' ? component : `${component}, ${host}`
  }),
  column('Message', event => textAt(event, 'message').trim()),
  wideColumn('First Seen', (event, now) => age(firstSeen(event), now)),
  wideColumn('Count', event => numberAt(event, 'series.count') || numberAt(event, 'count') || 1),
  { ...NAME, priority: 1 },
]

const ROLE_REF = column('Role', binding => `${textAt(binding, 'roleRef.kind')}/${textAt(binding, 'roleRef.name')}`)

export const ROLE_BINDING_COLUMNS: readonly Column[] = [
  NAME,
  ROLE_REF,
  AGE,
  wideColumn('Users', binding => subjects(binding, 'User')),
  wideColumn('Groups', binding => subjects(binding, 'Group')),
  wideColumn('ServiceAccounts', binding => subjects(binding, 'ServiceAccount')),
]

function subjects(binding: unknown, kind: string): string {
  return listAt(binding, 'subjects')
    .filter(each => textAt(each, 'kind') === kind)
    .map(each =>
      kind === 'ServiceAccount' ? `${textAt(each, 'namespace')}/${textAt(each, 'name')}` : textAt(each, 'name'),
    )
    .join(', ')
}

function firstSeen(event: unknown): string {
  return textAt(event, 'firstTimestamp') || textAt(event, 'eventTime')
}

function sizeAt(value: unknown, path: string): number {
  const found = valueAt(value, path)
  return isRecord(found) ? Object.keys(found).length : 0
}

function deletion(object: unknown): string {
  return textAt(object, 'metadata.deletionTimestamp') === '' ? '' : 'Terminating'
}

function whenBound(claim: unknown, cell: () => string): string {
  return textAt(claim, 'spec.volumeName') === '' ? '' : cell()
}

function storageClass(object: unknown): string {
  const annotations = valueAt(object, 'metadata.annotations')
  const old = isRecord(annotations) ? annotations['volume.beta.kubernetes.io/storage-class'] : undefined
  return typeof old === 'string' ? old : textAt(object, 'spec.storageClassName')
}

const SHORT_MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

function accessModes(modes: readonly unknown[]): string {
  return SHORT_MODES.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',')
}
