/**
 * How Kubernetes merges the lists and objects of its own types: facts of its API that @kubernetes/client-node does not
 * carry. Server-side apply reads them as list types and map types, strategic merge patch as strategies and merge keys.
 */

const merged = (...keys) => listOf(keys, 'merge')
/** What a patch says of an item replaces the item's other fields: a volume has one source. */
const retained = (...keys) => listOf(keys, 'merge,retainKeys')

function listOf(keys, strategy) {
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    'x-kubernetes-patch-merge-key': keys[0],
    'x-kubernetes-patch-strategy': strategy,
  }
}

/** Strategic merge patch merges by this key; server-side apply replaces the list. */
const patched = key => ({
  'x-kubernetes-list-type': 'atomic',
  'x-kubernetes-patch-merge-key': key,
  'x-kubernetes-patch-strategy': 'merge',
})

const set = { 'x-kubernetes-list-type': 'set' }
const atomicMap = { 'x-kubernetes-map-type': 'atomic' }

const container = {
  env: merged('name'),
  ports: merged('containerPort', 'protocol'),
  volumeDevices: merged('devicePath'),
  volumeMounts: merged('mountPath'),
}

/** Of single fields. A list that is not here is atomic. */
export const FIELD_RULES = {
  ObjectMeta: {
    finalizers: { ...set, 'x-kubernetes-patch-strategy': 'merge' },
    ownerReferences: merged('uid'),
  },
  Container: container,
  EphemeralContainer: container,
  ContainerPort: { protocol: { default: 'TCP' } },
  ContainerStatus: { allocatedResourcesStatus: merged('name'), volumeMounts: merged('mountPath') },
  ContainerRestartRuleOnExitCodes: { values: set },
  ResourceRequirements: {
    claims: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  },
  ResourceStatus: {
    resources: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['resourceID'] },
  },
  PodSpec: {
    containers: merged('name'),
    initContainers: merged('name'),
    ephemeralContainers: merged('name'),
    hostAliases: merged('ip'),
    imagePullSecrets: merged('name'),
    nodeSelector: atomicMap,
    resourceClaims: retained('name'),
    schedulingGates: merged('name'),
    topologySpreadConstraints: merged('topologyKey', 'whenUnsatisfiable'),
    volumes: retained('name'),
  },
  PodStatus: {
    conditions: merged('type'),
    hostIPs: patched('ip'),
    podIPs: merged('ip'),
    resourceClaimStatuses: retained('name'),
  },
  ServiceAccount: { secrets: merged('name') },
  ServiceSpec: { ports: merged('port', 'protocol'), selector: atomicMap },
  ServicePort: { protocol: { default: 'TCP' } },
  ReplicationControllerSpec: { selector: atomicMap },
  DeploymentSpec: { strategy: { 'x-kubernetes-patch-strategy': 'retainKeys' } },
  JobStatus: { conditions: patched('type') },
  PodFailurePolicyOnExitCodesRequirement: { values: set },
  UncountedTerminatedPods: { failed: set, succeeded: set },
  PodDisruptionBudgetSpec: { selector: { 'x-kubernetes-patch-strategy': 'replace' } },
  PersistentVolumeClaimStatus: { conditions: merged('type') },
  NamespaceStatus: { conditions: merged('type') },
  ServiceStatus: { conditions: merged('type') },
  ReplicationControllerStatus: { conditions: merged('type') },
  DaemonSetStatus: { conditions: merged('type') },
  DeploymentStatus: { conditions: merged('type') },
  ReplicaSetStatus: { conditions: merged('type') },
  StatefulSetStatus: { conditions: merged('type') },
  HorizontalPodAutoscalerStatus: { conditions: merged('type') },
  PodDisruptionBudgetStatus: { conditions: merged('type') },
  CustomResourceDefinitionStatus: {
    conditions: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  },
  JSONSchemaProps: { 'x-kubernetes-validations': merged('rule') },
  Endpoint: { addresses: set },
}

/** Objects that are replaced as a whole. */
export const ATOMIC_TYPES = [
  'ConfigMapKeySelector',
  'EndpointAddress',
  'EndpointPort',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'ServiceBackendPort',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
]

/** Where an atomic type is merged all the same. */
export const GRANULAR_FIELDS = { PersistentVolumeSpec: ['claimRef'] }
