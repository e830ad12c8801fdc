/** Which objects a request is about. Pure. */
import type { KindEntry } from '../../resources/kind-table.js'
import type { Resource } from '../../resources/meta.js'
import { fieldReader, type ReadField } from './field-labels.js'
import { type FieldRequirement, parseFieldSelector } from './fields.js'
import { isEquality, type LabelSelector, matchesLabels, parseLabelSelector } from './labels.js'

export interface Selection {
  /** '' for all namespaces, and for cluster-scoped kinds. */
  readonly namespace: string
  readonly labels: LabelSelector
  readonly fields: readonly (FieldRequirement & { readonly read: ReadField })[]
  /** The only name that can be selected, where there is only one. */
  readonly name: string | undefined
}

interface Asked {
  readonly info: KindEntry
  readonly version: string
  readonly namespace: string
  readonly query: URLSearchParams
}

/** @throws ApiError 400 */
export function selectionOf({ info, version, namespace, query }: Asked): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '').map(requirement => ({
    ...requirement,
    read: fieldReader(info, version, requirement.field),
  }))
  const only = (field: string) => fields.find(each => each.field === field && each.isEqual)?.value
  const name = only('metadata.name')
  const inNamespace = info.namespaced ? only('metadata.namespace') : undefined
  return { namespace: namespace || inNamespace || '', labels, fields, name }
}

export function isSelected(selection: Selection, object: Resource): boolean {
  const { namespace, labels, fields } = selection
  const { metadata } = object
  if (namespace !== '' && metadata.namespace !== namespace) return false
  if (!matchesLabels(labels, metadata.labels)) return false
  return fields.every(({ read, value, isEqual }) => (read(object) === value) === isEqual)
}

/** Whether it selects by nothing but its place and labels that must be equal. */
export function isExact({ labels, fields }: Selection): boolean {
  const keys = new Set(labels.map(({ key }) => key))
  return fields.length === 0 && keys.size === labels.length && labels.every(isEquality)
}

/** Whether it selects by anything but the place: then nobody can say how many are left, as with the real one. */
export function isFiltered({ labels, fields }: Selection): boolean {
  return labels.length > 0 || fields.length > 0
}
