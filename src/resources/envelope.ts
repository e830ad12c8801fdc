/** `apiVersion` and `kind`: which kind an object is of. Pure. */
import { groupVersion } from './kind-table.js'
import { apiVersionOf, isKind, KINDS, type Kind } from './kinds.js'
import { complete, type Problem } from './problem.js'
import { isRecord } from './shape.js'

export interface Envelope {
  readonly kind: Kind
  /** The version as written, one of those served. */
  readonly version: string
}

const FOREIGN_HINT =
  'Tektite keeps the kinds of Tekton and of Kubernetes itself, and those of CustomResourceDefinitions: apply the definition of this one first, or leave this object out'

/** Which kind this is, or why it is none of ours. */
export function envelopeOf(object: unknown, problems: Problem[]): Envelope | undefined {
  if (!isRecord(object)) {
    const shown = object === null ? 'null' : Array.isArray(object) ? 'a list' : `a ${typeof object}`
    problems.push(complete('an object must have apiVersion and kind', '', `this document is ${shown}`))
    return undefined
  }
  const { apiVersion, kind } = object
  const unset = [...(isText(apiVersion) ? [] : ['apiVersion']), ...(isText(kind) ? [] : ['kind'])]
  if (!isText(apiVersion) || !isText(kind)) {
    const hint = 'every object starts with apiVersion and kind, such as tekton.dev/v1 and Task'
    problems.push(complete(`error validating data: [${unset.map(name => `${name} not set`).join(', ')}]`, '', hint))
    return undefined
  }
  const found = servedKind(apiVersion, kind)
  if (found.is === 'unknown') {
    const message = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`
    problems.push(complete(message, found.at, found.hint))
    return undefined
  }
  return found.envelope
}

export type ServedKind =
  | { readonly is: 'served'; readonly envelope: Envelope }
  | {
      readonly is: 'unknown'
      /** Whether anything at all is served under this apiVersion. */
      readonly versionServed: boolean
      readonly at: 'kind' | 'apiVersion'
      readonly hint: string
    }

/** Looks a kind up as discovery does: the group counts, so that a Service of Knative's is none of Kubernetes'. */
export function servedKind(apiVersion: string, kind: string): ServedKind {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  const info = isKind(kind) && KINDS[kind].group === group ? KINDS[kind] : undefined
  if (info?.served.includes(version)) return { is: 'served', envelope: { kind: kind as Kind, version } }
  const versionServed = Object.values(KINDS).some(one => one.group === group && one.served.includes(version))
  const at = info === undefined ? 'kind' : 'apiVersion'
  return { is: 'unknown', versionServed, at, hint: noMatchHint(kind, group, info) }
}

function noMatchHint(kind: string, group: string, info: (typeof KINDS)[Kind] | undefined): string {
  if (info !== undefined) {
    const versions = info.served.map(version => groupVersion(group, version))
    return `${kind} is served as ${versions.join(' and ')}`
  }
  if (kind === 'ClusterTask')
    return 'ClusterTasks no longer exist; make it a Task, or refer to it with the cluster resolver'
  const ours = Object.entries(KINDS).filter(([, one]) => one.group === group && group !== '')
  if (ours.length > 0) return `known kinds of ${group}: ${ours.map(([name]) => name).join(', ')}`
  if (isKind(kind)) return `${kind} is of apiVersion ${apiVersionOf(kind)}`
  return FOREIGN_HINT
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
