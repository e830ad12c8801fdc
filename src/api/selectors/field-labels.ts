/** By which fields objects of a kind can be selected, and what those say of an object. */
import type { KindEntry } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import { valueAt } from '../../resources/value-at.js'
import { badRequest } from '../status.js'

/** What stands there as text; '' for what is not there. */
export type ReadField = (object: unknown) => string

/** @throws ApiError 400 when there is no such field to select by */
export function fieldReader(info: KindEntry, version: string, field: string): ReadField {
  const own = OWN_FIELDS[info.id]
  if (own !== undefined && Object.hasOwn(own, field)) return own[field]!
  // The fields of the core kinds with a list of their own are all in that list.
  const hasNamespace = info.namespaced || !(isOfDefinition(info) || own !== undefined)
  if (field === 'metadata.name' || (field === 'metadata.namespace' && hasNamespace)) return at(field)
  if (selectableFields(info, version).includes(field)) return at(field)
  if (isOfDefinition(info) || own !== undefined) throw badRequest(`field label not supported: ${field}`)
  throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`)
}

/** A path of plain names, as in `spec.nodeName`. */
function at(path: string, fallback = ''): ReadField {
  return object => {
    const value = valueAt(object, path)
    if (typeof value === 'string') return value === '' ? fallback : value
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : fallback
  }
}

function fields(...paths: readonly string[]): Readonly<Record<string, ReadField>> {
  return Object.fromEntries(paths.map(path => [path, at(path)]))
}

const reportingComponent = at('reportingComponent')

const OWN_FIELDS: Readonly<Partial<Record<AnyKind, Readonly<Record<string, ReadField>>>>> = {
  Pod: {
    ...fields('spec.nodeName', 'status.podIP', 'status.nominatedNodeName'),
    // What an API server fills in when the author says nothing.
    'spec.restartPolicy': at('spec.restartPolicy', 'Always'),
    'spec.schedulerName': at('spec.schedulerName', 'default-scheduler'),
    'spec.serviceAccountName': at('spec.serviceAccountName', 'default'),
    'spec.hostNetwork': at('spec.hostNetwork', 'false'),
    'status.phase': at('status.phase', 'Pending'),
    'spec.host': at('spec.nodeName'),
  },
  Event: {
    ...fields(
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'type',
      'reportingComponent',
    ),
    source: object => at('source.component')(object) || reportingComponent(object),
  },
  Secret: { type: at('type', 'Opaque') },
  Namespace: { 'status.phase': at('status.phase', 'Active') },
  Service: { ...fields('spec.clusterIP'), 'spec.type': at('spec.type', 'ClusterIP') },
  ReplicationController: { 'status.replicas': at('status.replicas', '0') },
  ReplicaSet: { 'status.replicas': at('status.replicas', '0') },
  Job: { 'status.successful': at('status.succeeded', '0') },
}

/** `selectableFields` of a definition's version, without the dot in front. */
function selectableFields({ definition }: KindEntry, version: string): readonly string[] {
  const found = definition?.spec.versions.find(each => each.name === version)
  return found?.selectableFields?.map(({ jsonPath }) => jsonPath.replace(/^\./, '')) ?? []
}

/** Tekton's kinds are custom resources where they come from. */
function isOfDefinition({ group, definition }: KindEntry): boolean {
  return definition !== undefined || group.endsWith('tekton.dev') || group === 'tektite.dev'
}
