/** `metadata.managedFields`: who set which fields, by what operation and in which version. Pure. */
import type { ManagedFields } from '../../resources/meta.js'
import { isRecord } from '../../resources/shape.js'
import { type FieldSet, fromFieldsV1, isEmpty, toFieldsV1, union } from './field-set.js'

export type Operation = 'Apply' | 'Update'

export interface Manager {
  readonly name: string
  readonly operation: Operation
  /** The version that the fields are named in. */
  readonly apiVersion: string
  /** `status`; undefined for the object itself. */
  readonly subresource?: string
  readonly time?: string
  readonly fields: FieldSet
}

/** As k8s.io/apimachinery pkg/util/managedfields: more managers by Update share one entry, the oldest first. */
const MAX_UPDATERS = 10
const ANCIENT = 'ancient-changes'

/** Undefined when it is not such a list: then it is as good as none. */
export function managersIn(managedFields: unknown): readonly Manager[] | undefined {
  if (managedFields === undefined || managedFields === null) return []
  if (!Array.isArray(managedFields)) return undefined
  const managers = managedFields.map(managerIn)
  return managers.includes(undefined) ? undefined : (managers as readonly Manager[])
}

function managerIn(entry: unknown): Manager | undefined {
  if (!isRecord(entry)) return undefined
  const { manager = '', operation, apiVersion, subresource, time, fieldsType, fieldsV1 = {} } = entry
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (typeof manager !== 'string' || typeof apiVersion !== 'string' || apiVersion === '') return undefined
  const fields = fieldsType === 'FieldsV1' ? fromFieldsV1(fieldsV1) : undefined
  if (fields === undefined) return undefined
  return {
    name: manager,
    operation,
    apiVersion,
    ...(typeof subresource === 'string' && subresource !== '' && { subresource }),
    ...(typeof time === 'string' && { time }),
    fields,
  }
}

/** Sorted as Kubernetes sorts them; those with no field left are left out. */
export function managedFieldsOf(managers: readonly Manager[]): readonly ManagedFields[] {
  return managers
    .filter(({ fields }) => !isEmpty(fields))
    .map(({ name, operation, apiVersion, subresource, time, fields }) => ({
      ...(name !== '' && { manager: name }),
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource !== undefined && { subresource }),
    }))
    .sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))
}

function rankOf({ operation, time, manager, apiVersion, subresource }: ManagedFields): string {
  return [operation, time ?? '', manager ?? '', apiVersion, subresource ?? ''].join('\n')
}

/** Whether two entries are of the same manager: one that applies stays itself in another version. */
export function isSameManager(a: Omit<Manager, 'fields'>, b: Omit<Manager, 'fields'>): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  )
}

/** Keeps what is most recent; older updates of one version go into one entry. */
export function capped(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers
    .filter(({ operation }) => operation === 'Update')
    .sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  let left = updaters.length
  const buckets = new Map<string, Manager>()
  const gone = new Set<Manager>()
  for (const manager of updaters) {
    if (left <= MAX_UPDATERS) break
    const bucket = buckets.get(manager.apiVersion)
    gone.add(manager)
    if (bucket === undefined) buckets.set(manager.apiVersion, manager)
    else {
      left--
      const { apiVersion, time, fields } = manager
      buckets.set(apiVersion, {
        name: ANCIENT,
        operation: 'Update',
        apiVersion,
        ...(time !== undefined && { time }),
        fields: union(bucket.fields, fields),
      })
    }
  }
  return [...managers.filter(manager => !gone.has(manager)), ...buckets.values()]
}

/** `"kubectl" using v1`, as conflicts name them. */
export function managerText({ name, operation, apiVersion, subresource }: Omit<Manager, 'fields'>): string {
  const whose = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`
  const how = operation === 'Update' ? ` using ${apiVersion}` : ''
  return `${JSON.stringify(name)}${whose}${how}`
}
