/** Carries a decision's actions out. Each is safe to repeat: after a crash the next pass may do it again. */
import { type Cluster, ClusterError, isClusterError } from '../cluster/cluster.js'
import { STATUS_MESSAGE_ANNOTATION } from '../resources/annotations.js'
import { NOP_IMAGE } from '../resources/core.js'
import type { Kind, Kinds } from '../resources/kinds.js'
import { type Key, keyOf, type New } from '../resources/meta.js'
import { withStoppedSidecars } from '../resources/stopped-sidecars.js'
import { isDone } from '../status/conditions.js'
import type { Action, Refusal } from './decision.js'

const WRITE_ATTEMPTS = 5

/** Many children are made in lots: each waits for the disk or the network and not for the others, and others get a turn. */
const MAX_AT_ONCE = 16

/** In order; only what is made or told of a run's children comes together, because they do not need each other. */
export function lots(actions: readonly Action[]): readonly (readonly Action[])[] {
  const all: Action[][] = []
  for (const action of actions) {
    const last = all.at(-1)
    if (last && last.length < MAX_AT_ONCE && isAboutChild(action) && last.every(isAboutChild)) last.push(action)
    else all.push([action])
  }
  return all
}

function isAboutChild(action: Action): boolean {
  return action.do === 'cancel' || (action.do === 'create' && isRunKind(action.kind))
}

function isRunKind(kind: Kind): boolean {
  return kind === 'TaskRun' || kind === 'PipelineRun' || kind === 'CustomRun'
}

/** It may have got further since it was made: whoever made it must look at it. */
function hasLifeOfItsOwn(kind: Kind): boolean {
  return kind === 'Pod' || isRunKind(kind)
}

/** What came of a lot that was carried out. */
export interface LotOutcome {
  /** The first 'no' that the API server said. */
  readonly no?: { readonly action: Action; readonly refusal: Refusal }
  /** A child or a Pod that was to be made was there already, made by us before. */
  readonly foundOurs: boolean
}

/** Begun in order, ended together. `nopImage` is what stops sidecars. @throws as `applyAction`. */
export async function applyLot(cluster: Cluster, lot: readonly Action[], nopImage = NOP_IMAGE): Promise<LotOutcome> {
  const outcomes = await Promise.allSettled(lot.map(action => carryOut(cluster, action, nopImage)))
  const values = outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
  const foundOurs = values.includes('was there')
  for (const [index, action] of lot.entries()) {
    const refusal = values[index]
    if (typeof refusal === 'object') return { no: { action, refusal }, foundOurs }
  }
  return { foundOurs }
}

/** Resolves to the API server's 'no', if it said one. @throws on everything else that goes wrong. */
export async function applyAction(cluster: Cluster, action: Action): Promise<Refusal | undefined> {
  const outcome = await carryOut(cluster, action, NOP_IMAGE)
  return typeof outcome === 'object' ? outcome : undefined
}

async function carryOut(
  cluster: Cluster,
  action: Action,
  nopImage: string,
): Promise<Refusal | 'was there' | undefined> {
  switch (action.do) {
    case 'create':
      return create(cluster, action.kind, action.object as New<Kinds[Kind]>)
    case 'delete':
      await cluster.delete(action.kind, action.key, { uid: action.uid })
      return undefined
    case 'discard':
      await discard(cluster, action)
      return undefined
    case 'cancel':
      await cancel(cluster, action)
      return undefined
    case 'annotate':
      await change(cluster, 'Pod', action.key, action.uid, pod => ({
        ...pod,
        metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...action.annotations } },
      }))
      return undefined
    case 'stopSidecars':
      await change(cluster, 'Pod', action.key, action.uid, pod => withStoppedSidecars(pod, action.containers, nopImage))
      return undefined
    default:
      throw new Error(`unknown action ${JSON.stringify(action satisfies never)}`)
  }
}

async function create(
  cluster: Cluster,
  kind: Kind,
  object: New<Kinds[Kind]>,
): Promise<Refusal | 'was there' | undefined> {
  try {
    await cluster.create(kind, object as never)
    return undefined
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    const { reason, by, message } = error
    if (reason === 'AlreadyExists') {
      if (!(await isOurs(cluster, kind, object))) return { reason, message }
      return hasLifeOfItsOwn(kind) ? 'was there' : undefined
    }
    // An API server that is away says nothing of the object; a webhook that is away is one that somebody has to mend.
    const isNo = reason === 'Invalid' || reason === 'Forbidden' || (reason === 'Unavailable' && by === 'webhook')
    if (!isNo) throw error
    return { reason, message, ...(by !== undefined && { by }) }
  }
}

/** Names are derived, so 'already exists' means that we did it before – unless somebody else took the name. */
async function isOurs(cluster: Cluster, kind: Kind, object: New<Kinds[Kind]>): Promise<boolean> {
  const wanted = object.metadata.ownerReferences?.find(owner => owner.controller === true)?.uid
  // Objects without an owner (the entrypoint's ConfigMap) are named by their content.
  if (wanted === undefined || object.metadata.name === undefined) return true
  const found = await cluster.get(kind, { namespace: object.metadata.namespace, name: object.metadata.name })
  // Gone between the two calls. Looked at again at once: nothing else would tell us that a stranger has left.
  if (found === undefined) throw new ClusterError('Conflict', `${kind} "${object.metadata.name}" was deleted meanwhile`)
  return found.metadata.ownerReferences?.some(owner => owner.uid === wanted) ?? false
}

type Discard = Extract<Action, { do: 'discard' }>

/** Kubernetes keeps a claim for as long as there are Pods that name it, and those of a run stay for their logs. */
const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection'

async function discard(cluster: Cluster, { kind, key, owner }: Discard): Promise<void> {
  const claim = await cluster.get(kind, key)
  const { uid, ownerReferences = [] } = claim?.metadata ?? {}
  if (uid === undefined || !ownerReferences.some(one => one.uid === owner)) return
  await cluster.delete(kind, key, { uid })
  await change(cluster, kind, key, uid, ({ metadata: { finalizers = [], ...metadata }, ...rest }) => ({
    ...rest,
    metadata: { ...metadata, finalizers: finalizers.filter(one => one !== CLAIM_PROTECTION) },
  }))
}

type Cancel = Extract<Action, { do: 'cancel' }>

async function cancel(cluster: Cluster, { kind, key, uid, status, message }: Cancel): Promise<void> {
  await change(cluster, kind, key, uid, run => {
    if (isDone(run)) return run
    if (kind !== 'PipelineRun') return { ...run, spec: { ...run.spec, status, statusMessage: message } } as typeof run
    const annotations = { ...run.metadata.annotations, [STATUS_MESSAGE_ANNOTATION]: message }
    return { ...run, metadata: { ...run.metadata, annotations }, spec: { ...run.spec, status } } as typeof run
  })
}

/** Reads, changes, writes; again when somebody wrote in between. Missing, or another uid: nothing to do. */
async function change<K extends Kind>(
  cluster: Cluster,
  kind: K,
  key: Key,
  uid: string,
  edit: (object: Kinds[K]) => Kinds[K],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const object = await cluster.get(kind, key)
    if (object === undefined || object.metadata.uid !== uid) return
    try {
      await cluster.replace(kind, edit(object))
      return
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return
      if (!isClusterError(error, 'Conflict') || attempt === WRITE_ATTEMPTS) {
        throw new Error(`changing ${kind} "${keyOf(object).namespace}/${keyOf(object).name}"`, { cause: error })
      }
    }
  }
}
