/** Shapes of the Kubernetes core: strict where Tekton embeds them (steps, workspaces), open where they are kinds. */
import type { Fields, Shape } from './shape.js'

export const strings: Shape = { list: 'string' }
export const stringMap: Shape = { map: 'string' }
/** The metadata of something that is yet to be made. */
export const partialMeta: Fields = {
  type: 'EmbeddedMetadata',
  fields: { name: 'string', labels: stringMap, annotations: stringMap },
  open: true,
}

/** Something of Kubernetes' that is kept as it is. */
const opaque = (kubernetes: string): Fields => ({ kubernetes, fields: {}, open: true })

const keyToPath: Shape = {
  list: { fields: { key: 'string', path: 'string', mode: 'integer' }, required: ['key', 'path'] },
}
const selector = (...names: readonly string[]): Fields => ({
  fields: { name: 'string', optional: 'boolean', ...Object.fromEntries(names.map(name => [name, 'string' as const])) },
})

const envVar: Fields = {
  kubernetes: 'EnvVar',
  fields: {
    name: 'string',
    value: 'string',
    valueFrom: {
      fields: {
        secretKeyRef: { ...selector('key'), required: ['key'] },
        configMapKeyRef: { ...selector('key'), required: ['key'] },
        fieldRef: { fields: { fieldPath: 'string', apiVersion: 'string' }, required: ['fieldPath'] },
        resourceFieldRef: 'object',
      },
    },
  },
  required: ['name'],
}

export const env: Shape = { list: envVar }
export const envFrom: Shape = {
  list: {
    kubernetes: 'EnvFromSource',
    fields: { prefix: 'string', secretRef: selector(), configMapRef: selector() },
  },
}

export const volumeMounts: Shape = {
  list: {
    kubernetes: 'VolumeMount',
    fields: {
      name: 'string',
      mountPath: 'string',
      subPath: 'string',
      subPathExpr: 'string',
      readOnly: 'boolean',
      recursiveReadOnly: 'string',
      mountPropagation: 'string',
    },
    required: ['name', 'mountPath'],
  },
}

export const resourceRequirements: Fields = {
  kubernetes: 'ResourceRequirements',
  fields: { requests: { map: 'quantity' }, limits: { map: 'quantity' }, claims: { list: 'object' } },
}

export const securityContext: Fields = {
  kubernetes: 'SecurityContext',
  fields: {
    runAsUser: 'integer',
    runAsGroup: 'integer',
    runAsNonRoot: 'boolean',
    privileged: 'boolean',
    readOnlyRootFilesystem: 'boolean',
    allowPrivilegeEscalation: 'boolean',
  },
  open: true,
}

export const probe: Fields = {
  kubernetes: 'Probe',
  fields: {
    exec: { fields: { command: strings } },
    httpGet: {
      fields: { path: 'string', port: 'int-or-string', host: 'string', scheme: 'string', httpHeaders: 'any' },
    },
    tcpSocket: { fields: { port: 'int-or-string', host: 'string' } },
    grpc: 'object',
    initialDelaySeconds: 'integer',
    periodSeconds: 'integer',
    timeoutSeconds: 'integer',
    successThreshold: 'integer',
    failureThreshold: 'integer',
    terminationGracePeriodSeconds: 'integer',
  },
}

export const containerPorts: Shape = {
  list: {
    kubernetes: 'ContainerPort',
    fields: { name: 'string', containerPort: 'integer', protocol: 'string', hostPort: 'integer', hostIP: 'string' },
    required: ['containerPort'],
  },
}

const projectionSources: Shape = {
  list: {
    fields: {
      secret: { fields: { name: 'string', items: keyToPath, optional: 'boolean' } },
      configMap: { fields: { name: 'string', items: keyToPath, optional: 'boolean' } },
      downwardAPI: {
        fields: {
          items: {
            list: {
              fields: {
                path: 'string',
                mode: 'integer',
                fieldRef: { fields: { fieldPath: 'string', apiVersion: 'string' } },
                resourceFieldRef: 'object',
              },
              required: ['path'],
            },
          },
        },
      },
      serviceAccountToken: {
        fields: { path: 'string', audience: 'string', expirationSeconds: 'integer' },
        required: ['path'],
      },
      clusterTrustBundle: 'object',
    },
  },
}

/** The sources that a workspace binding and a volume have in common. */
export const volumeSources = {
  emptyDir: { kubernetes: 'EmptyDirVolumeSource', fields: { medium: 'string', sizeLimit: 'quantity' } },
  persistentVolumeClaim: {
    kubernetes: 'PersistentVolumeClaimVolumeSource',
    fields: { claimName: 'string', readOnly: 'boolean' },
  },
  configMap: {
    kubernetes: 'ConfigMapVolumeSource',
    fields: { name: 'string', items: keyToPath, defaultMode: 'integer', optional: 'boolean' },
  },
  secret: {
    kubernetes: 'SecretVolumeSource',
    fields: { secretName: 'string', items: keyToPath, defaultMode: 'integer', optional: 'boolean' },
  },
  projected: {
    kubernetes: 'ProjectedVolumeSource',
    fields: { sources: projectionSources, defaultMode: 'integer' },
  },
  csi: opaque('CSIVolumeSource'),
} as const satisfies Record<string, Shape>

export const volume: Fields = {
  kubernetes: 'Volume',
  fields: {
    name: 'string',
    ...volumeSources,
    downwardAPI: {
      fields: {
        items: {
          list: { fields: { path: 'string', mode: 'integer', fieldRef: 'object', resourceFieldRef: 'object' } },
        },
        defaultMode: 'integer',
      },
    },
    hostPath: { fields: { path: 'string', type: 'string' }, required: ['path'] },
    nfs: 'object',
    ephemeral: 'object',
    image: 'object',
  },
  // The many cloud volumes: kept, and left to the cluster.
  open: true,
  required: ['name'],
}

export const claimSpec: Fields = {
  kubernetes: 'PersistentVolumeClaimSpec',
  fields: {
    accessModes: strings,
    resources: resourceRequirements,
    storageClassName: 'string',
    volumeName: 'string',
    volumeMode: 'string',
  },
  open: true,
}

export const volumeClaimTemplate: Fields = {
  kubernetes: 'PersistentVolumeClaim',
  fields: { apiVersion: 'string', kind: 'string', metadata: partialMeta, spec: claimSpec, status: 'any' },
  required: ['spec'],
}

/** What steps, sidecars and containers have in common. */
export const commonContainerFields = {
  image: 'string',
  imagePullPolicy: 'string',
  command: strings,
  args: strings,
  workingDir: 'string',
  env,
  envFrom,
  volumeMounts,
  volumeDevices: { list: opaque('VolumeDevice') },
  securityContext,
} as const satisfies Record<string, Shape>

/** What sidecars and containers have beyond that. The steps of v1beta1 had it, too. */
export const fullContainerFields = {
  ports: containerPorts,
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: opaque('Lifecycle'),
  terminationMessagePath: 'string',
  terminationMessagePolicy: 'string',
  stdin: 'boolean',
  stdinOnce: 'boolean',
  tty: 'boolean',
} as const satisfies Record<string, Shape>

const container: Fields = {
  fields: {
    name: 'string',
    ...commonContainerFields,
    ...fullContainerFields,
    resources: resourceRequirements,
    restartPolicy: 'string',
  },
  open: true,
  required: ['name'],
}

const localReferences: Shape = { list: { kubernetes: 'LocalObjectReference', fields: { name: 'string' }, open: true } }

export const podTemplate: Fields = {
  type: 'PodTemplate',
  fields: {
    nodeSelector: stringMap,
    env,
    tolerations: { list: opaque('Toleration') },
    affinity: opaque('Affinity'),
    securityContext: { ...securityContext, kubernetes: 'PodSecurityContext' },
    volumes: { list: volume },
    runtimeClassName: 'string',
    automountServiceAccountToken: 'boolean',
    dnsPolicy: 'string',
    dnsConfig: opaque('PodDNSConfig'),
    enableServiceLinks: 'boolean',
    priorityClassName: 'string',
    schedulerName: 'string',
    imagePullSecrets: localReferences,
    hostAliases: { list: opaque('HostAlias') },
    hostNetwork: 'boolean',
    hostUsers: 'boolean',
    topologySpreadConstraints: { list: opaque('TopologySpreadConstraint') },
  },
}

const podSpec: Fields = {
  fields: {
    containers: { list: container },
    initContainers: { list: container },
    volumes: { list: volume },
    restartPolicy: 'string',
    serviceAccountName: 'string',
    activeDeadlineSeconds: 'integer',
    terminationGracePeriodSeconds: 'integer',
    securityContext,
    nodeSelector: stringMap,
    imagePullSecrets: localReferences,
  },
  open: true,
  required: ['containers'],
}

const limitRangeItem: Fields = {
  fields: { type: 'string', min: { map: 'quantity' }, defaultRequest: { map: 'quantity' } },
  open: true,
}

/** What follows `apiVersion`, `kind` and `metadata` in the core kinds we know. Kinds without an entry are kept as they are. */
export const CORE_SHAPES: Readonly<Record<string, Fields>> = {
  // Nothing could look after one without.
  Pod: { fields: { spec: podSpec }, open: true, required: ['spec'] },
  ConfigMap: { fields: { data: stringMap, binaryData: { map: 'base64' }, immutable: 'boolean' }, open: true },
  Secret: {
    fields: { type: 'string', data: { map: 'base64' }, stringData: stringMap, immutable: 'boolean' },
    open: true,
  },
  PersistentVolumeClaim: { fields: { spec: claimSpec }, open: true },
  ServiceAccount: { fields: { secrets: localReferences, imagePullSecrets: localReferences }, open: true },
  LimitRange: { fields: { spec: { fields: { limits: { list: limitRangeItem } }, open: true } }, open: true },
  Namespace: { fields: { spec: { fields: { finalizers: strings }, open: true } }, open: true },
}
