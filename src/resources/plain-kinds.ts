/**
 * Kubernetes' own kinds that a template or a file may hold and that nothing here acts on: stored, listed and deleted as
 * they are, so that the same manifests serve here and on a cluster.
 */
import type { KindInfo } from './kinds.js'

/** What `kubectl get all` shows. */
const all = { categories: ['all'] }
const core = { group: '', version: 'v1', served: ['v1'], namespaced: true, status: true }
const apps = { ...core, ...all, group: 'apps' }
const batch = { ...core, ...all, group: 'batch' }
const network = { ...core, group: 'networking.k8s.io' }
const webhooks = { ...core, group: 'admissionregistration.k8s.io', namespaced: false, status: false }
const storage = { ...core, group: 'storage.k8s.io', namespaced: false, status: false }

export const PLAIN_KINDS = {
  Service: { ...core, ...all, plural: 'services', shortNames: ['svc'] },
  Endpoints: { ...core, plural: 'endpoints', shortNames: ['ep'], status: false },
  ReplicationController: { ...core, ...all, plural: 'replicationcontrollers', shortNames: ['rc'] },
  PodTemplate: { ...core, plural: 'podtemplates', shortNames: [], status: false },
  ResourceQuota: { ...core, plural: 'resourcequotas', shortNames: ['quota'] },
  Node: { ...core, namespaced: false, plural: 'nodes', shortNames: ['no'] },
  PersistentVolume: { ...core, namespaced: false, plural: 'persistentvolumes', shortNames: ['pv'] },
  Deployment: { ...apps, plural: 'deployments', shortNames: ['deploy'] },
  StatefulSet: { ...apps, plural: 'statefulsets', shortNames: ['sts'] },
  DaemonSet: { ...apps, plural: 'daemonsets', shortNames: ['ds'] },
  ReplicaSet: { ...apps, plural: 'replicasets', shortNames: ['rs'] },
  ControllerRevision: { ...core, group: 'apps', plural: 'controllerrevisions', shortNames: [], status: false },
  Job: { ...batch, plural: 'jobs', shortNames: [] },
  CronJob: { ...batch, plural: 'cronjobs', shortNames: ['cj'] },
  Ingress: { ...network, plural: 'ingresses', shortNames: ['ing'] },
  IngressClass: { ...network, namespaced: false, plural: 'ingressclasses', shortNames: [], status: false },
  NetworkPolicy: { ...network, plural: 'networkpolicies', shortNames: ['netpol'], status: false },
  EndpointSlice: { ...core, group: 'discovery.k8s.io', plural: 'endpointslices', shortNames: [], status: false },
  HorizontalPodAutoscaler: {
    ...core,
    ...all,
    group: 'autoscaling',
    version: 'v2',
    served: ['v2'],
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
  },
  PodDisruptionBudget: { ...core, group: 'policy', plural: 'poddisruptionbudgets', shortNames: ['pdb'] },
  Lease: { ...core, group: 'coordination.k8s.io', plural: 'leases', shortNames: [], status: false },
  StorageClass: { ...storage, plural: 'storageclasses', shortNames: ['sc'] },
  ValidatingWebhookConfiguration: { ...webhooks, plural: 'validatingwebhookconfigurations', shortNames: [] },
  MutatingWebhookConfiguration: { ...webhooks, plural: 'mutatingwebhookconfigurations', shortNames: [] },
  PriorityClass: { ...storage, group: 'scheduling.k8s.io', plural: 'priorityclasses', shortNames: ['pc'] },
} as const satisfies Readonly<Record<string, KindInfo>>

export type PlainKind = keyof typeof PLAIN_KINDS

export function isPlainKind(kind: string): kind is PlainKind {
  return Object.hasOwn(PLAIN_KINDS, kind)
}
