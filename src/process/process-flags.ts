/** The flags of the processes of the distributed mode. Pure. */
import { blobsUrl, secretInBlobsUrl } from '../blobs/blobs-url.js'
import { LOG_LEVELS, type LogLevel } from '../config.js'
import { ARCHITECTURES } from '../pod/entrypoint-place.js'
import { CONFIG_NAMESPACE } from '../run/config-names.js'
import { MANAGED_BY_TEKTON } from '../run/managed-by.js'
import { count, keyPrefix, namespace, oneOf, passwordIn, port, redisUrl, text, webAddress } from './flag-values.js'
import type { Flags, Values } from './flags.js'

const NOT_GIVEN = { value: undefined }

/** Where a value may be missing. */
const maybe = <T>(read: (written: string) => T): ((written: string) => T | undefined) => read

const COMMON = {
  kubeconfig: {
    env: 'KUBECONFIG',
    value: '<file>',
    help: 'how the API server is reached, if not as the Pod that this is',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'redis-url': {
    env: 'REDIS_URL',
    value: '<url>',
    help: 'the Redis that holds queue and inbox: redis://host:port, rediss:// for TLS',
    secretIn: passwordIn,
    read: redisUrl,
  },
  'redis-password': {
    env: 'REDIS_PASSWORD',
    value: '<password>',
    help: 'its password, in the environment only',
    isSecret: true,
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'redis-ca-file': {
    env: 'REDIS_CA_FILE',
    value: '<file>',
    help: 'the certificate authority of its TLS (PEM), besides those of the system',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'redis-prefix': {
    env: 'TEKTITE_REDIS_PREFIX',
    value: '<text>',
    help: 'starts every key: installations that share a Redis need different ones',
    byDefault: 'tektite',
    read: keyPrefix,
  },
  namespace: {
    env: 'TEKTITE_NAMESPACE',
    value: '<name>',
    help: 'look at this namespace only; all, if not given',
    orElse: NOT_GIVEN,
    read: maybe(namespace),
  },
  'system-namespace': {
    env: 'SYSTEM_NAMESPACE',
    value: '<name>',
    help: 'where config-defaults, feature-flags and the like are',
    byDefault: CONFIG_NAMESPACE,
    read: namespace,
  },
  'metrics-port': {
    env: 'TEKTITE_METRICS_PORT',
    value: '<port>',
    help: '/metrics, /livez and /readyz',
    byDefault: '9090',
    read: port,
  },
  'log-level': {
    env: 'TEKTITE_LOG_LEVEL',
    value: '<level>',
    help: LOG_LEVELS.join(', '),
    byDefault: 'info',
    read: oneOf<LogLevel>(LOG_LEVELS),
  },
} as const satisfies Flags

/** Where workers bring output, and the dashboard finds it. */
const LOG_STORE = {
  'log-store': {
    env: 'TEKTITE_LOG_STORE',
    value: '<url>',
    help: 'keeps the output of steps beyond their Pods: s3://bucket/prefix?endpoint=https://host&region=name, or file:///folder',
    orElse: NOT_GIVEN,
    secretIn: secretInBlobsUrl,
    read: maybe(blobsUrl),
  },
  'log-store-ca-file': {
    env: 'TEKTITE_LOG_STORE_CA_FILE',
    value: '<file>',
    help: 'the certificate authority of its TLS (PEM), instead of those of the system',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
} as const satisfies Flags

export const WORKER_FLAGS = {
  ...COMMON,
  concurrency: {
    env: 'TEKTITE_CONCURRENCY',
    value: '<number>',
    help: 'runs that are looked at together',
    byDefault: '32',
    read: count,
  },
  'managed-by': {
    env: 'TEKTITE_MANAGED_BY',
    value: '<name>',
    help: `take only the runs whose spec.managedBy is this; if not given, those with ${MANAGED_BY_TEKTON} or none`,
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'entrypoint-dir': {
    env: 'TEKTITE_ENTRYPOINT_DIR',
    value: '<folder>',
    help: 'holds the compiled entrypoint; if not given, what was built beside this program',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'entrypoint-image': {
    env: 'TEKTITE_ENTRYPOINT_IMAGE',
    value: '<image>',
    help: 'copies the entrypoint where nodes are of several architectures, and stops sidecars',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
  'node-architecture': {
    env: 'TEKTITE_NODE_ARCHITECTURE',
    value: '<name>',
    help: `of nodes that may not be listed: ${ARCHITECTURES.join(' or ')}; if not given, that of the worker's own`,
    orElse: NOT_GIVEN,
    read: maybe(oneOf(ARCHITECTURES)),
  },
  ...LOG_STORE,
} as const satisfies Flags

export const LISTENER_FLAGS = {
  ...COMMON,
  port: { env: 'TEKTITE_PORT', value: '<port>', help: 'webhooks', byDefault: '8080', read: port },
  'public-url': {
    env: 'TEKTITE_PUBLIC_URL',
    value: '<url>',
    help: 'where senders reach the webhooks, shown in the status of EventListeners',
    orElse: NOT_GIVEN,
    read: maybe(webAddress),
  },
  'webhook-port': {
    env: 'TEKTITE_WEBHOOK_PORT',
    value: '<port>',
    help: 'the validating webhook, over TLS; none, if not given',
    orElse: NOT_GIVEN,
    read: maybe(port),
  },
  'webhook-cert-dir': {
    env: 'TEKTITE_WEBHOOK_CERT_DIR',
    value: '<folder>',
    help: 'holds tls.crt and tls.key of the validating webhook; they may be replaced at any time',
    orElse: NOT_GIVEN,
    read: maybe(text),
  },
} as const satisfies Flags

export const DASHBOARD_FLAGS = {
  ...COMMON,
  ...LOG_STORE,
  port: {
    env: 'TEKTITE_PORT',
    value: '<port>',
    help: 'the pages, and what they ask for',
    byDefault: '8080',
    read: port,
  },
} as const satisfies Flags

export type CommonFlags = typeof COMMON
export type CommonValues = Values<typeof COMMON>
export type WorkerValues = Values<typeof WORKER_FLAGS>
export type ListenerValues = Values<typeof LISTENER_FLAGS>
