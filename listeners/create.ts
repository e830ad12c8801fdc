/** Creates what a trigger fired, under derived names: a dispatch that is repeated finds what it made before. */

import { type Admission, type AdmitOptions, admitWith } from '../src/admission/admit.js'
import { ClusterError, isClusterError } from '../src/cluster/cluster.js'
import type { Log } from '../src/lib/log.js'
import { servedKind } from '../src/resources/envelope.js'
import { BUILT_IN_KINDS, groupVersion, type KindEntry, servedAs } from '../src/resources/kind-table.js'
import type { AnyKind, AnyResource } from '../src/resources/kinds.js'
import type { Key, New } from '../src/resources/meta.js'
import { problemsText } from '../src/resources/problem.js'
import { EVENT_ID_LABEL, LISTENER_LABEL, TRIGGER_LABEL } from '../src/trigger/fire.js'
import { derivedName, type NameSeed } from '../src/trigger/names.js'
import type { Creator } from './acting.js'
import { isAway } from './away.js'

/** Chance of one collision: 1 in 14 million. More than a few in a row mean that something else is wrong. */
const MAX_PROBES = 8

export interface Creation {
  /** As `PipelineRun/<namespace>/<name>`. */
  readonly created: readonly string[]
  /** Why the rest was not created, in Tekton's words; '' when everything was. */
  readonly message: string
}

interface Admitted {
  readonly entry: KindEntry
  readonly object: New<AnyResource>
}

/** One dispatch: what it admits objects with, and which it made or adopted already, so that none is taken for two. */
export interface Claim {
  readonly options: AdmitOptions
  readonly claimed: Set<string>
  readonly log: Log
}

/** In order; the first that cannot be created ends it. @throws what is worth another try */
export async function createObjects(
  cluster: Creator,
  objects: readonly Readonly<Record<string, unknown>>[],
  seed: Omit<NameSeed, 'index'>,
  { options, claimed, log }: Claim,
): Promise<Creation> {
  // All of them before the first is created: one that is refused leaves no others half done.
  const admissions = objects.map(object => admitWith(options, object))
  const message = objects
    .flatMap((object, i) => unknownResource(object, i, options) ?? refusalText(admissions[i], i))
    .join('; ')
  if (message !== '') return { created: [], message }
  const created: string[] = []
  const kinds = options.kinds ?? BUILT_IN_KINDS
  for (const [index, one] of admissions.entries()) {
    if (one.is === 'refused') continue
    const entry = kinds.of(one.kind)
    if (entry === undefined) throw new Error(`${one.kind} was admitted, and is no kind`)
    const outcome = await createOne(cluster, { entry, object: one.object }, { ...seed, index }, claimed)
    if (outcome.is === 'refused') return { created, message: outcome.message }
    created.push(outcome.id)
    for (const { message: warning } of one.warnings)
      log.warn(warning, { delivery: seed.deliveryId, created: outcome.id })
  }
  return { created, message: '' }
}

/** As Triggers says it, which asks discovery for the apiVersion first and then looks for the kind. */
function unknownResource(
  { apiVersion, kind }: Readonly<Record<string, unknown>>,
  index: number,
  { kinds = BUILT_IN_KINDS }: AdmitOptions,
): string | undefined {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  if (servedAs(kinds, apiVersion, kind) !== undefined) return undefined
  const found = servedKind(apiVersion, kind)
  if (found.is === 'served') return undefined
  const versionServed = kinds.all.some(entry =>
    entry.served.some(version => groupVersion(entry.group, version) === apiVersion),
  )
  const why = versionServed
    ? `error could not find resource with apiVersion ${apiVersion} and kind ${kind}`
    : `error getting kubernetes server resources for apiVersion ${apiVersion}: the server could not find the requested resource`
  return `resourcetemplates[${index}]: couldn't find API resource for json: ${why} → ${found.hint}`
}

/** Tekton's text, then what to do about it, where we know. */
function refusalText(admission: Admission | undefined, index: number): readonly string[] {
  if (admission === undefined || admission.is === 'ok') return []
  const hints = new Set(admission.problems.flatMap(({ hint }) => hint ?? []))
  return [[`resourcetemplates[${index}]: ${problemsText(admission.problems)}`, ...hints].join(' → ')]
}

type Outcome = { readonly is: 'made'; readonly id: string } | { readonly is: 'refused'; readonly message: string }

async function createOne(
  cluster: Creator,
  { entry, object }: Admitted,
  seed: NameSeed,
  claimed: Set<string>,
): Promise<Outcome> {
  const kind = entry.id
  const { namespace, name: fixed, generateName = '' } = object.metadata
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const name = fixed ?? derivedName(generateName, seed, probe)
    const id = `${kind}/${namespace}/${name}`
    const named = { ...object, metadata: { ...object.metadata, name } } as New<AnyResource>
    try {
      await cluster.create(kind, named)
    } catch (error) {
      if (!isClusterError(error, 'AlreadyExists')) return refusalOf(error, entry)
      const isOurs = !claimed.has(id) && (await isMadeBefore(cluster, kind, { namespace, name }, named))
      if (!isOurs && fixed !== undefined) return refusalOf(error, entry)
      if (!isOurs) continue
    }
    claimed.add(id)
    return { is: 'made', id }
  }
  const message = `${MAX_PROBES} names derived from ${generateName} are all taken in namespace ${namespace}`
  throw new ClusterError('AlreadyExists', message)
}

/** A crash between creating and noting it: the object is there and carries the labels of this very firing. */
async function isMadeBefore(cluster: Creator, kind: AnyKind, key: Key, wanted: New<AnyResource>): Promise<boolean> {
  const existing: AnyResource | undefined = await cluster.get(kind, key)
  const [theirs, ours] = [existing?.metadata.labels ?? {}, wanted.metadata.labels ?? {}]
  return [EVENT_ID_LABEL, LISTENER_LABEL, TRIGGER_LABEL].every(label => theirs[label] === ours[label])
}

/** What the author can mend is an answer; everything else is thrown, and tried again. */
function refusalOf(error: unknown, { group, version, plural }: KindEntry): Outcome {
  if (!(error instanceof ClusterError) || isAway(error)) throw error
  const what = `couldn't create resource with group version kind "${groupVersion(group, version)}, Resource=${plural}"`
  return { is: 'refused', message: `${what}: ${error.message}` }
}
