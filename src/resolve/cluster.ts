/** Tasks, Pipelines and StepActions of this cluster, from other namespaces than the run's. */
import { createHash } from 'node:crypto'
import type { Cluster } from '../cluster/cluster.js'
import { apiVersionOf, KINDS } from '../resources/kinds.js'
import { toYaml } from '../resources/parse.js'
import type { Pipeline, StepAction, Task } from '../resources/tekton.js'
import { ResolutionError, type Resolver, type ResolverRequest } from './resolver.js'
import { NO_RETRY } from './retry.js'

const SUPPORTED = { task: 'Task', pipeline: 'Pipeline', stepaction: 'StepAction' } as const
type ClusterKind = keyof typeof SUPPORTED

interface Wanted {
  readonly kind: ClusterKind
  readonly name: string
  readonly namespace: string
}

export function createClusterResolver(cluster: Pick<Cluster, 'get'>): Resolver {
  return {
    type: 'cluster',
    name: 'Cluster',
    configMap: 'cluster-resolver-config',
    flag: 'enable-cluster-resolver',
    defaults: { 'default-kind': 'task', 'default-namespace': '' },
    prepare(request) {
      const wanted = read(request)
      if (typeof wanted === 'string') return { is: 'wrong', message: wanted }
      return {
        is: 'ready',
        immutable: false,
        cacheable: true,
        withSecrets: false,
        timeoutMs: 60_000,
        retry: NO_RETRY,
        async fetch() {
          const kind = SUPPORTED[wanted.kind]
          const found = await cluster.get(kind, wanted)
          if (found === undefined) {
            throw new ResolutionError(`${KINDS[kind].plural}.tekton.dev "${wanted.name}" not found`)
          }
          return {
            data: Buffer.from(toYaml({ ...found, apiVersion: apiVersionOf(kind), kind })),
            // Tekton's own oddity: v1 for StepActions too, and the kind where the plural would be.
            refSource: {
              uri: `/apis/tekton.dev/v1/namespaces/${wanted.namespace}/${wanted.kind}/${wanted.name}@${found.metadata.uid}`,
              digest: { sha256: checksum(found) },
            },
            annotations: {
              'resolution.tekton.dev/name': wanted.name,
              'resolution.tekton.dev/namespace': wanted.namespace,
            },
          }
        },
      }
    },
  }
}

function read({ params, config }: ResolverRequest): Wanted | string {
  const kind = params.get('kind') || config.get('default-kind') || ''
  if (kind !== '' && !Object.hasOwn(SUPPORTED, kind)) return `unknown or unsupported resource kind '${kind}'`
  const name = params.get('name') ?? ''
  const namespace = params.get('namespace') || config.get('default-namespace') || ''
  const missing = [
    ...(kind === '' ? ['kind'] : []),
    ...(name === '' ? ['name'] : []),
    ...(namespace.trim() === '' ? ['namespace'] : []),
  ]
  if (missing.length > 0) return `missing required cluster resolver params: ${missing.join(', ')}`
  return accessProblem(namespace, config) ?? { kind: kind as ClusterKind, name, namespace }
}

/** Blocked goes over allowed, except that `*` blocks only what is not allowed by name. */
function accessProblem(namespace: string, config: ReadonlyMap<string, string>): string | undefined {
  const blocked = listed(config.get('blocked-namespaces'))
  const allowed = listed(config.get('allowed-namespaces'))
  if (blocked.includes(namespace)) return `access to specified namespace ${namespace} is blocked`
  if (allowed.includes(namespace)) return undefined
  if (blocked.includes('*')) return 'only explicit allowed access to namespaces is allowed'
  // A list of blanks and commas was meant to allow something, and allows nothing.
  const isRestricted = (config.get('allowed-namespaces') ?? '') !== ''
  return isRestricted ? `access to specified namespace ${namespace} is not allowed` : undefined
}

function listed(text = ''): readonly string[] {
  return text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** Of what the author wrote; what the store added to it does not count. */
function checksum({ apiVersion, kind, metadata, spec }: Task | Pipeline | StepAction): string {
  const { name, namespace, labels, annotations } = metadata
  const written = sorted({ apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec })
  return createHash('sha256').update(JSON.stringify(written)).digest('hex')
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
