/** What a ResolutionRequest has come to: the object that was asked for, checked as if it were being created here. */
import { admitWith } from '../admission/admit.js'
import type { Kinds } from '../resources/kinds.js'
import { parseManifests } from '../resources/parse.js'
import { problemsText } from '../resources/problem.js'
import type { ResolutionRequest } from '../resources/resolution.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import type { RefSource } from '../resources/tekton.js'
import type { Settings } from '../run/settings.js'
import { isDone, succeededCondition } from '../status/conditions.js'

export type ResolvableKind = 'Pipeline' | 'Task' | 'StepAction'

/** Where a looked up object came from, and what runs take over from it. */
export interface Origin {
  /** '' when a fetched manifest has none. */
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Only of what a resolver fetched. */
  readonly refSource?: RefSource
}

export type Resolved<K extends ResolvableKind> =
  | { readonly is: 'found'; readonly value: Kinds[K]['spec']; readonly from: Origin }
  | { readonly is: 'pending' }
  /** The resolver could not, or what it gave cannot be read as any object. */
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'otherKind' }
  /** The API server would refuse it. */
  | { readonly is: 'refused'; readonly message: string }

type Memo = { readonly settings: Settings; readonly kind: ResolvableKind; readonly resolved: Resolved<ResolvableKind> }

/**
 * A pipeline looks at all its undecided tasks in every pass, and a stored object is the same one as long as nobody
 * writes it: each manifest is parsed once, not once a pass.
 */
const memory = new WeakMap<ResolutionRequest, Memo>()

export function readResolution<K extends ResolvableKind>(
  kind: K,
  request: ResolutionRequest,
  settings: Settings,
): Resolved<K> {
  const known = memory.get(request)
  if (known?.kind === kind && known.settings === settings) return known.resolved as Resolved<K>
  const resolved = read(kind, request, settings)
  memory.set(request, { settings, kind, resolved: resolved as Resolved<ResolvableKind> })
  return resolved
}

function read<K extends ResolvableKind>(kind: K, request: ResolutionRequest, settings: Settings): Resolved<K> {
  if (!isDone(request)) return { is: 'pending' }
  const condition = succeededCondition(request)
  if (condition?.status === 'False') {
    return { is: 'failed', message: `error requesting remote resource: ${condition.message ?? ''}` }
  }
  const data = request.status?.data ?? ''
  const stray = /[^A-Za-z0-9+/=]/.exec(data)
  if (stray || data.length % 4 !== 0) {
    const message = `error accessing data from remote resource: error decoding data from base64: illegal base64 data at input byte ${stray?.index ?? data.length}`
    return { is: 'failed', message }
  }
  return readManifest(kind, Buffer.from(data, 'base64').toString('utf8'), request, settings)
}

function readManifest<K extends ResolvableKind>(
  kind: K,
  text: string,
  request: ResolutionRequest,
  settings: Settings,
): Resolved<K> {
  const unreadable = (why: string): Resolved<K> => ({ is: 'failed', message: `invalid runtime object: ${why}` })
  const parsed = parseManifests(text, 'the fetched manifest')
  if (parsed.is === 'refused') return unreadable(problemsText(parsed.problems))
  // As Tekton's decoder, which stops after the first document.
  const object = parsed.objects[0]?.value
  if (!isRecord(object)) return unreadable("Object 'Kind' is missing")
  const { kind: written, apiVersion } = object
  if (typeof written !== 'string' || written === '') return unreadable("Object 'Kind' is missing")
  const group = typeof apiVersion === 'string' ? (apiVersion.split('/')[0] ?? '') : ''
  if (group !== 'tekton.dev')
    return unreadable(`no kind "${written}" is registered for version "${String(apiVersion)}"`)
  if (written !== kind) return { is: 'otherKind' }

  const metadata = asRecord(object['metadata'])
  const admission = admitWith({ settings }, placed(object, metadata, request))
  if (admission.is === 'ok') {
    const { labels, annotations } = admission.object.metadata
    return {
      is: 'found',
      value: (admission.object as Kinds[K]).spec,
      from: {
        name: typeof metadata['name'] === 'string' ? metadata['name'] : '',
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(request.status?.refSource && { refSource: request.status.refSource }),
      },
    }
  }
  const told = problemsText(admission.problems)
  if (admission.problems.some(problem => problem.complete)) return unreadable(told)
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : ''
  return {
    is: 'refused',
    message: `validation failed for referenced object ${name}: admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ${told}`,
  }
}

/**
 * As Tekton's dry run: in the run's namespace, under a name that nobody has, so that neither the name nor whom it belongs
 * to elsewhere matters.
 */
function placed(object: Json, metadata: Json, request: ResolutionRequest): Json {
  const { labels, annotations } = metadata
  return {
    ...object,
    metadata: {
      name: 'fetched',
      namespace: request.metadata.namespace,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
    },
  }
}
