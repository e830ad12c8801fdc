/**
 * Kubernetes' messages that kubectl sends as protobuf, since 1.32 for every object that it makes itself (`create
 * namespace`, `create secret`, `auth can-i`); what comes out of a file it sends as JSON. Fields by their numbers, as the
 * generated.proto files of k8s.io/api have them. `generation` and the like are not read: the server sets them.
 */

export type FieldType =
  | 'string'
  | 'bytes'
  | 'int'
  /** 0 is not set. */
  | 'positive'
  | 'bool'
  | 'map'
  | 'map of bytes'
  | 'map of quantities'
  | 'int or string'
  | 'time'
  | 'json'
  | 'ignored'
  | Message

export interface Field {
  /** '' for a message whose fields are those of the one around it in JSON. */
  readonly name: string
  readonly type: FieldType
  readonly repeated: boolean
}

export type Message = Readonly<Record<number, Field>>

const one = (name: string, type: FieldType = 'string'): Field => ({ name, type, repeated: false })
const many = (name: string, type: FieldType = 'string'): Field => ({ name, type, repeated: true })

const ownerReference: Message = {
  1: one('kind'),
  3: one('name'),
  4: one('uid'),
  5: one('apiVersion'),
  6: one('controller', 'bool'),
  7: one('blockOwnerDeletion', 'bool'),
}

const managedFieldsEntry: Message = {
  1: one('manager'),
  2: one('operation'),
  3: one('apiVersion'),
  4: one('time', 'time'),
  6: one('fieldsType'),
  7: one('fieldsV1', 'json'),
  8: one('subresource'),
}

export const objectMeta: Message = {
  1: one('name'),
  2: one('generateName'),
  3: one('namespace'),
  5: one('uid'),
  6: one('resourceVersion'),
  8: one('creationTimestamp', 'time'),
  9: one('deletionTimestamp', 'time'),
  10: one('deletionGracePeriodSeconds', 'int'),
  11: one('labels', 'map'),
  12: one('annotations', 'map'),
  13: many('ownerReferences', ownerReference),
  14: many('finalizers'),
  17: many('managedFields', managedFieldsEntry),
}

const withMetadata = (fields: Message): Message => ({ 1: one('metadata', objectMeta), ...fields })

const objectReference: Message = {
  1: one('kind'),
  2: one('namespace'),
  3: one('name'),
  4: one('uid'),
  5: one('apiVersion'),
  6: one('resourceVersion'),
  7: one('fieldPath'),
}

const policyRule: Message = {
  1: many('verbs'),
  2: many('apiGroups'),
  3: many('resources'),
  4: many('resourceNames'),
  5: many('nonResourceURLs'),
}

export const labelSelector: Message = {
  1: one('matchLabels', 'map'),
  2: many('matchExpressions', { 1: one('key'), 2: one('operator'), 3: many('values') }),
}

const binding = withMetadata({
  2: many('subjects', { 1: one('kind'), 2: one('apiGroup'), 3: one('name'), 4: one('namespace') }),
  3: one('roleRef', { 1: one('apiGroup'), 2: one('kind'), 3: one('name') }),
})

const attributes: Message = {
  1: one('resourceAttributes', {
    1: one('namespace'),
    2: one('verb'),
    3: one('group'),
    4: one('version'),
    5: one('resource'),
    6: one('subresource'),
    7: one('name'),
  }),
  2: one('nonResourceAttributes', { 1: one('path'), 2: one('verb') }),
}

const subjectAccessReview = withMetadata({
  2: one('spec', { ...attributes, 3: one('user'), 4: many('groups'), 6: one('uid') }),
})

/** By group and kind. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  '/Namespace': withMetadata({ 2: one('spec', { 1: many('finalizers') }), 3: one('status', { 1: one('phase') }) }),
  '/ConfigMap': withMetadata({
    2: one('data', 'map'),
    3: one('binaryData', 'map of bytes'),
    4: one('immutable', 'bool'),
  }),
  '/Secret': withMetadata({
    2: one('data', 'map of bytes'),
    3: one('type'),
    4: one('stringData', 'map'),
    5: one('immutable', 'bool'),
  }),
  '/ServiceAccount': withMetadata({
    2: many('secrets', objectReference),
    3: many('imagePullSecrets', { 1: one('name') }),
    4: one('automountServiceAccountToken', 'bool'),
  }),
  'rbac.authorization.k8s.io/Role': withMetadata({ 2: many('rules', policyRule) }),
  'rbac.authorization.k8s.io/RoleBinding': binding,
  'rbac.authorization.k8s.io/ClusterRole': withMetadata({
    2: many('rules', policyRule),
    3: one('aggregationRule', { 1: many('clusterRoleSelectors', labelSelector) }),
  }),
  'rbac.authorization.k8s.io/ClusterRoleBinding': binding,
  'authorization.k8s.io/SelfSubjectAccessReview': withMetadata({ 2: one('spec', attributes) }),
  'authorization.k8s.io/SelfSubjectRulesReview': withMetadata({ 2: one('spec', { 1: one('namespace') }) }),
  'authorization.k8s.io/SubjectAccessReview': subjectAccessReview,
  'authorization.k8s.io/LocalSubjectAccessReview': subjectAccessReview,
  'authentication.k8s.io/SelfSubjectReview': withMetadata({}),
  'authentication.k8s.io/TokenRequest': withMetadata({
    2: one('spec', {
      1: many('audiences'),
      3: one('boundObjectRef', { 1: one('kind'), 2: one('apiVersion'), 3: one('name'), 4: one('uid') }),
      4: one('expirationSeconds', 'int'),
    }),
  }),
}

/** The body of a deletion, whose group is that of what is deleted. */
export const DELETE_OPTIONS: Message = {
  1: one('gracePeriodSeconds', 'int'),
  2: one('preconditions', { 1: one('uid'), 2: one('resourceVersion') }),
  3: one('orphanDependents', 'bool'),
  4: one('propagationPolicy'),
  5: many('dryRun'),
}
