/** The parts every Kubernetes object has, spelled as Kubernetes spells them. */

/** Names one object of a kind. Cluster-scoped objects have the namespace ''. */
export interface Key {
  readonly namespace: string
  readonly name: string
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace: string
  readonly generateName?: string
  readonly uid: string
  /** Opaque, but in our own store a decimal number that only grows. */
  readonly resourceVersion: string
  readonly generation?: number
  /** RFC 3339, whole seconds, UTC: as every time Kubernetes writes. */
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly managedFields?: readonly ManagedFields[]
}

/** Who set which fields; the API server keeps the account. */
export interface ManagedFields {
  readonly manager?: string
  readonly operation?: 'Apply' | 'Update'
  readonly apiVersion?: string
  readonly time?: string
  readonly fieldsType?: string
  readonly fieldsV1?: Readonly<Record<string, unknown>>
  readonly subresource?: string
}

/** Metadata of an object that is not stored yet: `name` or `generateName`, and what the author set. */
export type NewMeta = Pick<ObjectMeta, 'namespace'> &
  Partial<
    Pick<
      ObjectMeta,
      'name' | 'generateName' | 'labels' | 'annotations' | 'ownerReferences' | 'finalizers' | 'managedFields'
    >
  >

export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** An object not yet stored: the cluster fills in uid, version and creation time. */
export type New<T extends Resource> = T extends Resource
  ? Omit<T, 'metadata' | 'status'> & { readonly metadata: NewMeta }
  : never

export type ConditionStatus = 'True' | 'False' | 'Unknown'

export interface Condition {
  readonly type: string
  readonly status: ConditionStatus
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export function keyOf(object: { readonly metadata: { readonly namespace: string; readonly name: string } }): Key {
  return { namespace: object.metadata.namespace, name: object.metadata.name }
}
