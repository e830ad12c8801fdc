/** Objects as rows: the `Table` of `meta.k8s.io`, from which kubectl prints. Pure. */
import type { KindEntry } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Resource } from '../../resources/meta.js'
import { type Column, CREATED_AT, NAME } from './column.js'
import {
  CLAIM_COLUMNS,
  CONFIG_MAP_COLUMNS,
  EVENT_COLUMNS,
  NAMESPACE_COLUMNS,
  ROLE_BINDING_COLUMNS,
  SECRET_COLUMNS,
  SERVICE_ACCOUNT_COLUMNS,
  VOLUME_COLUMNS,
} from './core-columns.js'
import { definedColumns } from './definition-columns.js'
import { DELIVERY_COLUMNS, RUN_COLUMNS, SCHEDULE_COLUMNS } from './own-columns.js'
import { POD_COLUMNS } from './pod-columns.js'
import { TEKTON_COLUMNS } from './tekton-columns.js'
import * as workloads from './workload-columns.js'

const COLUMNS: Readonly<Partial<Record<AnyKind, readonly Column[]>>> = {
  Pod: POD_COLUMNS,
  ConfigMap: CONFIG_MAP_COLUMNS,
  Secret: SECRET_COLUMNS,
  ServiceAccount: SERVICE_ACCOUNT_COLUMNS,
  Namespace: NAMESPACE_COLUMNS,
  PersistentVolumeClaim: CLAIM_COLUMNS,
  PersistentVolume: VOLUME_COLUMNS,
  Event: EVENT_COLUMNS,
  RoleBinding: ROLE_BINDING_COLUMNS,
  ClusterRoleBinding: ROLE_BINDING_COLUMNS,
  Deployment: workloads.DEPLOYMENT_COLUMNS,
  StatefulSet: workloads.STATEFUL_SET_COLUMNS,
  ReplicaSet: workloads.REPLICA_SET_COLUMNS,
  ReplicationController: workloads.REPLICATION_CONTROLLER_COLUMNS,
  DaemonSet: workloads.DAEMON_SET_COLUMNS,
  Job: workloads.JOB_COLUMNS,
  CronJob: workloads.CRON_JOB_COLUMNS,
  Service: workloads.SERVICE_COLUMNS,
  Ingress: workloads.INGRESS_COLUMNS,
  IngressClass: workloads.INGRESS_CLASS_COLUMNS,
  NetworkPolicy: workloads.NETWORK_POLICY_COLUMNS,
  PodTemplate: workloads.POD_TEMPLATE_COLUMNS,
  Lease: workloads.LEASE_COLUMNS,
  StorageClass: workloads.STORAGE_CLASS_COLUMNS,
  PriorityClass: workloads.PRIORITY_CLASS_COLUMNS,
  PodDisruptionBudget: workloads.DISRUPTION_BUDGET_COLUMNS,
  Schedule: SCHEDULE_COLUMNS,
  'Delivery.tektite.dev': DELIVERY_COLUMNS,
  'Run.tektite.dev': RUN_COLUMNS,
}

/** Of a kind's objects in one of its versions. */
export function columnsOf({ id, group, definition }: KindEntry, version: string): readonly Column[] {
  if (definition !== undefined) {
    return definedColumns(definition.spec.versions.find(each => each.name === version)?.additionalPrinterColumns)
  }
  if (Object.hasOwn(COLUMNS, id)) return COLUMNS[id]!
  // Tekton's kinds are custom resources where they come from.
  return group.endsWith('tekton.dev') ? definedColumns(TEKTON_COLUMNS[id]) : [NAME, CREATED_AT]
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: object
  readonly columnDefinitions: readonly object[] | null
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: unknown }[]
}

export interface TableOptions {
  readonly metaVersion: string
  readonly metadata: object
  /** In a watch only the first table has any. */
  readonly withHeaders: boolean
  /** What stands behind a row; undefined for nothing. */
  readonly behind: (object: Resource) => unknown
  /** Epoch ms. */
  readonly now: number
}

export function tableOf(columns: readonly Column[], objects: readonly Resource[], options: TableOptions): Table {
  const { metaVersion, metadata, withHeaders, behind, now } = options
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata,
    columnDefinitions: withHeaders ? columns.map(columnDefinition) : null,
    rows: objects.map(object => ({ cells: columns.map(each => each.cell(object, now)), object: behind(object) })),
  }
}

function columnDefinition({ name, type, format = '', priority, description = '' }: Column): object {
  return { name, type, format, description, priority }
}
