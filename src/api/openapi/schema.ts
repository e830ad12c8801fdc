import type { JsonSchema } from '../../resources/json-schema.js'

/** A schema as OpenAPI writes it, with what Kubernetes adds. */
export interface Schema extends JsonSchema {
  /** `#/definitions/NAME`; `resolve` follows it. */
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  /** For strategic merge patch: `merge`, `replace`, `retainKeys`, or several with commas. */
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const DEFINITIONS = '#/definitions/'

export function refTo(name: string): string {
  return `${DEFINITIONS}${name}`
}

/** The name of the definition that a reference is to. */
export function nameIn(ref: string): string {
  return ref.slice(DEFINITIONS.length)
}

/** `apps`, `networking.k8s.io`; groups below `k8s.io` that others define have more dots. */
const KUBERNETES_GROUP = /^(?:[a-z]+|(?:[a-z]+|rbac\.authorization)\.k8s\.io)$/

/** What the names of a group's definitions begin with: `dev.tekton.v1`, and for Kubernetes' own where its types live. */
export function definitionPackage(group: string, version: string): string {
  if (group === '') return `io.k8s.api.core.${version}`
  if (group === 'apiextensions.k8s.io') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}`
  if (KUBERNETES_GROUP.test(group)) return `io.k8s.api.${group.split('.')[0]}.${version}`
  return `${group.split('.').reverse().join('.')}.${version}`
}

const META_TYPES = ['ObjectMeta', 'ListMeta', 'LabelSelector', 'Status']

/** The full name of one of Kubernetes' types that are part of others. */
export function kubernetesName(type: string): string {
  return `${META_TYPES.includes(type) ? 'io.k8s.apimachinery.pkg.apis.meta.v1' : 'io.k8s.api.core.v1'}.${type}`
}
