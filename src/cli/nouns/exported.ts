/** An object as its author would write it. Pure. */
import type { AnyResource } from '../../resources/kinds.js'

interface Written {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/** What an API server, kubectl or the engine adds. */
const ADDED_ANNOTATIONS =
  /^(kubectl\.kubernetes\.io\/last-applied-configuration|pipeline\.tekton\.dev\/release|results\.tekton\.dev\/|chains\.tekton\.dev\/)/
/** What the engine labels runs with, over whatever the author wrote. */
const ADDED_LABELS = /^(tekton\.dev\/|app\.kubernetes\.io\/managed-by$)/

/** Without what a cluster has added. A generated name becomes `generateName` again, so that it can be created as it is. */
export function exported(object: AnyResource): Written {
  const {
    apiVersion,
    kind,
    metadata,
    status: _status,
    ...content
  } = object as AnyResource & { readonly status?: unknown }
  const { name, generateName, namespace, labels = {}, annotations = {} } = metadata
  const isRun = kind.endsWith('Run')
  const kept = {
    labels: without(labels, isRun ? ADDED_LABELS : /^$/),
    annotations: without(annotations, ADDED_ANNOTATIONS),
  }
  const wasGenerated = generateName !== undefined && name.startsWith(generateName)
  return {
    apiVersion,
    kind,
    metadata: {
      ...(wasGenerated ? { generateName } : { name }),
      ...(namespace && { namespace }),
      ...(Object.keys(kept.labels).length > 0 && { labels: kept.labels }),
      ...(Object.keys(kept.annotations).length > 0 && { annotations: kept.annotations }),
    },
    ...(isRun
      ? { ...content, spec: startable((content as { readonly spec?: Readonly<Record<string, unknown>> }).spec ?? {}) }
      : content),
  }
}

/** Cancelled is what somebody did to that run. */
function startable(spec: Readonly<Record<string, unknown>>): object {
  const { status, statusMessage: _message, ...kept } = spec
  return status === 'PipelineRunPending' ? { ...kept, status } : kept
}

function without(texts: Readonly<Record<string, string>>, added: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !added.test(name)))
}
