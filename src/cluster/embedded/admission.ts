/** What may be stored: names, labels and keys as Kubernetes allows them. Pure. */
import { shortened } from '../../lib/shortened.js'
import { groupVersion, type KindEntry } from '../../resources/kind-table.js'
import type { NewMeta, OwnerReference } from '../../resources/meta.js'

/** etcd's default limit of a request (`--max-request-bytes`). */
export const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024
/** As k8s.io/apimachinery pkg/api/validation: TotalAnnotationSizeLimitB. */
const MAX_ANNOTATION_BYTES = 256 * 1024
const MAX_LABEL_CHARS = 63
/** The most characters that any name may have. */
export const MAX_NAME_CHARS = 253
const MAX_SUBDOMAIN_CHARS = MAX_NAME_CHARS
/** As k8s.io/apiserver pkg/storage/names: room for the random characters in a label of 63. */
export const MAX_GENERATE_NAME_CHARS = 58

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const DATA_KEY = /^[-._a-zA-Z0-9]+$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

// Kubernetes' own words, as people know them and search for them.
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const NAME_PART_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const LABEL_VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const DATA_KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

export interface Candidate {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: NewMeta
  readonly [field: string]: unknown
}

/**
 * The first thing wrong with an object whose name is settled, as `path: Invalid value: "value": rule`; undefined when
 * it may be stored.
 */
export function refusal(info: KindEntry, object: Candidate): string | undefined {
  const { metadata } = object
  return (
    wrongType(info, object) ??
    wrongNamespace(info, metadata.namespace) ??
    wrongName(info, metadata.name ?? '') ??
    wrongLabels(metadata.labels ?? {}) ??
    wrongAnnotations(metadata.annotations ?? {}) ??
    wrongOwners(metadata.ownerReferences ?? []) ??
    wrongFinalizers(metadata.finalizers ?? []) ??
    wrongData(info, object)
  )
}

function wrongType({ kind, group, version }: KindEntry, object: Candidate): string | undefined {
  if (object.kind !== kind) return invalid('kind', object.kind, `must be ${kind}`)
  const apiVersion = groupVersion(group, version)
  return object.apiVersion === apiVersion
    ? undefined
    : invalid('apiVersion', object.apiVersion, `must be ${apiVersion}, the version that ${kind} is stored in`)
}

function wrongNamespace({ kind, namespaced }: KindEntry, namespace: unknown): string | undefined {
  const path = 'metadata.namespace'
  if (!namespaced) {
    return namespace === '' ? undefined : invalid(path, namespace, `must be empty, ${kind} is not in a namespace`)
  }
  if (namespace === '') return `${path}: Required value`
  return matches(path, namespace, LABEL, MAX_LABEL_CHARS, LABEL_RULE)
}

function wrongName({ id, group }: KindEntry, name: unknown): string | undefined {
  const path = 'metadata.name'
  if (name === '') return `${path}: Required value: name or generateName is required`
  // Names of RBAC objects may hold ':' and capitals; they are only kept from looking like a path.
  if (group === 'rbac.authorization.k8s.io') {
    const pathSegment = typeof name === 'string' && !/[/%]|^\.\.?$/.test(name) && name.length <= MAX_SUBDOMAIN_CHARS
    return pathSegment ? undefined : invalid(path, name, "must not be '.' or '..', nor hold '/' or '%'")
  }
  return id === 'Namespace'
    ? matches(path, name, LABEL, MAX_LABEL_CHARS, LABEL_RULE)
    : matches(path, name, SUBDOMAIN, MAX_SUBDOMAIN_CHARS, SUBDOMAIN_RULE)
}

function wrongLabels(labels: Readonly<Record<string, unknown>>): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const path = 'metadata.labels'
    const wrong =
      wrongQualifiedName(path, key) ??
      (value === '' ? undefined : matches(path, value, QUALIFIED, MAX_LABEL_CHARS, LABEL_VALUE_RULE))
    if (wrong) return wrong
  }
  return undefined
}

function wrongAnnotations(annotations: Readonly<Record<string, unknown>>): string | undefined {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    const path = 'metadata.annotations'
    if (typeof value !== 'string') return invalid(`${path}[${JSON.stringify(key)}]`, value, 'must be a string')
    const wrong = wrongQualifiedName(path, key)
    if (wrong) return wrong
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  return bytes > MAX_ANNOTATION_BYTES
    ? `metadata.annotations: Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes, and has ${bytes}`
    : undefined
}

/** `prefix/name` or `name`. */
function wrongQualifiedName(path: string, key: string): string | undefined {
  const slash = key.indexOf('/')
  return (
    (slash < 0 ? undefined : matches(path, key.slice(0, slash), SUBDOMAIN, MAX_SUBDOMAIN_CHARS, SUBDOMAIN_RULE)) ??
    matches(path, key.slice(slash + 1), QUALIFIED, MAX_LABEL_CHARS, NAME_PART_RULE)
  )
}

function wrongOwners(owners: readonly OwnerReference[]): string | undefined {
  if (!Array.isArray(owners)) return invalid('metadata.ownerReferences', owners, 'must be a list')
  for (const [index, owner] of owners.entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      const value: unknown = owner[field]
      if (typeof value !== 'string' || value === '')
        return `metadata.ownerReferences[${index}].${field}: Required value`
      if (value.length > MAX_SUBDOMAIN_CHARS) return `metadata.ownerReferences[${index}].${field}: Too long`
    }
  }
  return owners.filter(owner => owner.controller).length > 1
    ? 'metadata.ownerReferences: Invalid value: only one reference can have controller set to true'
    : undefined
}

function wrongFinalizers(finalizers: readonly unknown[]): string | undefined {
  if (!Array.isArray(finalizers)) return invalid('metadata.finalizers', finalizers, 'must be a list')
  for (const [index, finalizer] of finalizers.entries()) {
    const path = `metadata.finalizers[${index}]`
    const wrong = typeof finalizer === 'string' ? wrongQualifiedName(path, finalizer) : invalid(path, finalizer, 'text')
    if (wrong) return wrong
  }
  return undefined
}

/** Keys become file names when the object is mounted, so they must not be able to leave the directory. */
function wrongData({ id }: KindEntry, object: Candidate): string | undefined {
  if (id !== 'ConfigMap' && id !== 'Secret') return undefined
  for (const field of ['data', 'binaryData'] as const) {
    const data = object[field] ?? {}
    if (typeof data !== 'object') return invalid(field, data, 'must be a map of strings')
    for (const [key, value] of Object.entries(data as Record<string, unknown>)) {
      const path = `${field}[${shortened(key, 300)}]`
      const wrong =
        matches(path, key, DATA_KEY, MAX_SUBDOMAIN_CHARS, DATA_KEY_RULE) ??
        (/^\.\.?$|^\.\./.test(key) ? invalid(path, key, "must not begin with '..' or be '.'") : undefined) ??
        (typeof value === 'string' ? undefined : `${path}: Invalid value: must be a string`)
      if (wrong) return wrong
      const encoded = id === 'Secret' || field === 'binaryData'
      // The value itself stays out of the message: it is somebody's secret.
      if (encoded && !BASE64.test(value as string)) return `${path}: Invalid value: must be base64`
    }
  }
  return undefined
}

function matches(path: string, value: unknown, pattern: RegExp, maxChars: number, rule: string): string | undefined {
  if (typeof value !== 'string') return invalid(path, value, 'must be a string')
  if (value.length > maxChars) return invalid(path, value, `must be no more than ${maxChars} bytes`)
  return pattern.test(value) ? undefined : invalid(path, value, rule)
}

function invalid(path: string, value: unknown, rule: string): string {
  return `${path}: Invalid value: ${shortened(JSON.stringify(value) ?? 'undefined', 300)}: ${rule}`
}
