/** What can be asked of a kind, and with which parameters: the same for both versions of OpenAPI. Pure. */
import { groupVersionPath } from '../../resources/kind-table.js'
import { type DocumentedKind, isOurs } from './documented-kinds.js'
import type { GroupVersionKind } from './schema.js'

export interface Path {
  readonly path: string
  /** Names that stand in braces in it. */
  readonly placeholders: readonly ('namespace' | 'name')[]
  readonly operations: readonly Operation[]
}

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As Kubernetes calls it: `list`, `deletecollection`, … */
  readonly action: string
  /** Unique in the document. */
  readonly id: string
  readonly kind: GroupVersionKind
  readonly parameters: readonly Parameter[]
  /** Media types of the body, for those that have one. */
  readonly consumes: readonly string[]
  readonly answers: 'object' | 'list' | 'status'
}

export interface Parameter {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer'
  readonly description: string
}

const text = (name: string, description: string): Parameter => ({ name, type: 'string', description })
const flag = (name: string, description: string): Parameter => ({ name, type: 'boolean', description })
const count = (name: string, description: string): Parameter => ({ name, type: 'integer', description })

const DRY_RUN = text('dryRun', 'All: everything is checked, and nothing is stored.')
const WRITES = [
  DRY_RUN,
  text('fieldManager', 'Who changes the fields.'),
  text('fieldValidation', 'What happens to unknown and duplicate fields: Ignore, Warn or Strict.'),
]
const SELECTS = [
  text('labelSelector', 'Labels of those that are meant.'),
  text('fieldSelector', 'Fields of those that are meant.'),
  count('limit', 'How many are answered at once.'),
  text('continue', 'Where the answer before this one ended.'),
  text('resourceVersion', 'How new the answer has to be.'),
  text('resourceVersionMatch', 'NotOlderThan or Exact.'),
  count('timeoutSeconds', 'When the answer ends at the latest.'),
]
const WATCHES = [
  flag('watch', 'Changes as they happen, in place of a list.'),
  flag('allowWatchBookmarks', 'Whether a watch tells from time to time how far it is.'),
  flag('sendInitialEvents', 'Whether a watch begins with what is there.'),
]
const DELETES = [
  DRY_RUN,
  count('gracePeriodSeconds', 'How long it may take to end.'),
  text('propagationPolicy', 'What becomes of what it owns: Orphan, Background or Foreground.'),
]
const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']
const STRATEGIC = 'application/strategic-merge-patch+json'
const OBJECT_TYPES = ['application/json']

export function pathsOf(entry: DocumentedKind, version: string): readonly Path[] {
  const { group, plural, namespaced, kind, definition } = entry
  const root = groupVersionPath(group, version)
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`
  const where = namespaced ? (['namespace'] as const) : []
  const gvk = { group, version, kind }
  // Only Kubernetes' own types say how their lists are merged.
  const isStrategic = definition === undefined && !isOurs(group)
  const patches = isStrategic ? [...PATCH_TYPES, STRATEGIC] : PATCH_TYPES
  const operation = (
    method: Operation['method'],
    action: string,
    parameters: readonly Parameter[],
    more: Partial<Operation> = {},
  ): Operation => ({ method, action, id: '', kind: gvk, parameters, consumes: [], answers: 'object', ...more })

  const list = operation('get', 'list', [...SELECTS, ...WATCHES], { answers: 'list' })
  const change = [
    operation('put', 'put', WRITES, { consumes: OBJECT_TYPES }),
    operation('patch', 'patch', [...WRITES, flag('force', 'Whether an apply takes fields that others own.')], {
      consumes: patches,
    }),
  ]
  const paths: Path[] = [
    {
      path: collection,
      placeholders: where,
      operations: [
        list,
        operation('post', 'post', WRITES, { consumes: OBJECT_TYPES }),
        operation('delete', 'deletecollection', [...DELETES, ...SELECTS], { answers: 'status' }),
      ],
    },
    {
      path: `${collection}/{name}`,
      placeholders: [...where, 'name'],
      operations: [
        operation('get', 'get', []),
        ...change,
        operation('delete', 'delete', DELETES, { answers: 'status' }),
      ],
    },
    ...(namespaced ? [{ path: `${root}/${plural}`, placeholders: [], operations: [list] }] : []),
    ...(entry.status
      ? [
          {
            path: `${collection}/{name}/status`,
            placeholders: [...where, 'name' as const],
            operations: [operation('get', 'get', []), ...change],
          },
        ]
      : []),
  ]
  return paths.map(path => {
    const operations = entry.readOnly ? path.operations.filter(({ method }) => method === 'get') : path.operations
    return { ...path, operations: operations.map(each => ({ ...each, id: idOf(each, path, namespaced) })) }
  })
}

/** As Kubernetes names them: `listTektonDevV1NamespacedTask`. */
function idOf(
  { action, kind: { group, version, kind } }: Operation,
  { path, placeholders }: Path,
  namespaced: boolean,
): string {
  const verb = { get: 'read', put: 'replace', post: 'create', deletecollection: 'deleteCollection' }[action] ?? action
  const words = [group === '' ? 'core' : group.replace(/\.k8s\.io$/, ''), version].join('.').split(/[.-]/)
  const scope = placeholders.includes('namespace') ? 'Namespaced' : ''
  const all = namespaced && placeholders.length === 0 ? 'ForAllNamespaces' : ''
  const status = path.endsWith('/status') ? 'Status' : ''
  return `${verb}${words.map(capital).join('')}${scope}${kind}${status}${all}`
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
