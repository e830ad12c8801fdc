/** Managed fields of the objects that requests write. What the engine writes itself is not tracked. */
import { toTimestamp } from '../lib/time.js'
import { inVersion } from '../resources/in-version.js'
import { groupVersion, type KindEntry } from '../resources/kind-table.js'
import type { ManagedFields, Resource } from '../resources/meta.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import { pathText } from './apply/field-set.js'
import { afterApply, afterUpdate, type Writer } from './apply/manage.js'
import { type Manager, managedFieldsOf, managersIn, managerText } from './apply/managers.js'
import type { Form } from './apply/tracked.js'
import { schemaOf } from './openapi/schemas.js'
import { isOfKubernetes } from './patch/patch-type.js'
import type { ResourceRequest } from './request.js'
import { ApiError, badRequest } from './status.js'
import type { WriteOptions } from './write-options.js'

type Asked = Pick<ResourceRequest, 'info' | 'version' | 'subresource'>

/** Of a new object. */
export function managedWhenCreated(request: Asked, options: WriteOptions, object: Json): readonly ManagedFields[] {
  return managedFieldsOf(afterUpdate(undefined, object, [], writerOf(request, options)))
}

/**
 * After an update or a patch. `given` is what the client wants `metadata.managedFields` to be: it can be changed, and
 * cleared with `[]` or `[{}]`; without it, and with what is no such list, the stored one goes on.
 */
export function managedWhenUpdated(
  request: Asked,
  options: WriteOptions,
  { stored, next, given }: { readonly stored: Json; readonly next: Json; readonly given: unknown },
): readonly ManagedFields[] {
  const own = asRecord(stored['metadata'])['managedFields']
  const wanted = request.subresource === undefined ? given : own
  if (isReset(wanted)) return []
  const managers = managersIn(wanted) ?? []
  const before = managers.length > 0 ? managers : (managersIn(own) ?? [])
  return managedFieldsOf(afterUpdate(stored, next, before, writerOf(request, options)))
}

function isReset(given: unknown): boolean {
  if (!Array.isArray(given)) return false
  return given.length === 0 || (given.length === 1 && isRecord(given[0]) && Object.keys(given[0]).length === 0)
}

/** What a server-side apply makes of the stored object, or a new one when there is none. @throws ApiError 400, 409 */
export function appliedOver(request: Asked, options: WriteOptions, stored: Json | undefined, config: Json): Json {
  const { info, version } = request
  const expected = groupVersion(info.group, version)
  if (config['apiVersion'] !== expected) {
    const given = String(config['apiVersion'] ?? '')
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${given}, expected: ${expected}`,
    )
  }
  const metadata = asRecord(config['metadata'])
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const managers = managersIn(asRecord(stored?.['metadata'])['managedFields']) ?? []
  const writer = { ...writerOf(request, options), force: options.force }
  const result = afterApply(stored, config, managers, writer)
  if (result.is === 'conflicts')
    throw applyConflict(result.conflicts.map(({ manager, path }) => ({ manager, path: pathText(path) })))
  const { resourceVersion, uid } = metadata
  return {
    ...result.object,
    metadata: {
      ...asRecord(result.object['metadata']),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(uid !== undefined && { uid }),
      managedFields: managedFieldsOf(result.managers),
    },
  }
}

function applyConflict(conflicts: readonly { readonly manager: Manager; readonly path: string }[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: path,
  }))
  return new ApiError(409, 'Conflict', conflictText(conflicts), { causes })
}

function conflictText(conflicts: readonly { readonly manager: Manager; readonly path: string }[]): string {
  const [first] = conflicts
  if (conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first!.manager)}: ${first!.path}`
  }
  const names = [...new Set(conflicts.map(({ manager }) => managerText(manager)))]
  const lines = names.flatMap(name => [
    `conflicts with ${name}:`,
    ...conflicts.filter(({ manager }) => managerText(manager) === name).map(({ path }) => `- ${path}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function writerOf({ info, version, subresource }: Asked, { manager }: WriteOptions): Writer {
  return {
    manager,
    apiVersion: groupVersion(info.group, version),
    ...(subresource !== undefined && { subresource }),
    hasStatus: info.status,
    isOfKubernetes: isOfKubernetes(info),
    time: toTimestamp(Date.now()),
    form: apiVersion => formIn(info, apiVersion),
  }
}

function formIn(info: KindEntry, apiVersion: string): Form | undefined {
  const version = info.served.find(each => groupVersion(info.group, each) === apiVersion)
  if (version === undefined) return undefined
  const show = (object: Json) => inVersion(info, version, object as unknown as Resource) as unknown as Json
  return { schema: schemaOf(info, version), show: version === info.version ? object => object : show }
}
