/** Whether anything in a spec may be spelled as in an older version. A look, not a proof: it may find what is none. Pure. */
import { KINDS, type Kind } from './kinds.js'
import { LEGACY_INTERCEPTORS } from './normalise.js'
import { isRecord, type Json } from './shape.js'
import { DEPRECATED_STEP_FIELDS } from './shapes-tekton.js'

/** Of v1beta1, anywhere. `resources` is in claims, too, and what steps lost sidecars have. */
const TEKTON: ReadonlySet<string> = new Set([
  'resources',
  'bundle',
  'stepOverrides',
  'sidecarOverrides',
  'taskPodTemplate',
  'taskServiceAccountName',
  ...DEPRECATED_STEP_FIELDS,
])
/** In a PipelineRun itself; elsewhere v1 has them. */
const OF_PIPELINE_RUNS = ['timeout', 'serviceAccountName', 'podTemplate']
const TRIGGERS: ReadonlySet<string> = new Set(LEGACY_INTERCEPTORS)

const CONVERTED: readonly Kind[] = ['Task', 'TaskRun', 'Pipeline', 'PipelineRun']

export function isOlderSpelling(kind: Kind, spec: Json): boolean {
  if (KINDS[kind].group === 'triggers.tekton.dev') return mentions(spec, TRIGGERS)
  if (!CONVERTED.includes(kind)) return false
  if (kind === 'PipelineRun' && OF_PIPELINE_RUNS.some(name => Object.hasOwn(spec, name))) return true
  return mentions(spec, TEKTON)
}

function mentions(value: unknown, names: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.some(item => mentions(item, names))
  if (!isRecord(value)) return false
  for (const name of Object.keys(value)) {
    if (names.has(name) || (isCapital(name) && names.has(name[0]!.toLowerCase() + name.slice(1)))) return true
    const inner = value[name]
    // A template of steps had a name, of which v1 makes nothing.
    if (name === 'stepTemplate' && isRecord(inner) && Object.hasOwn(inner, 'name')) return true
    if (typeof inner === 'object' && mentions(inner, names)) return true
  }
  return false
}

function isCapital(name: string): boolean {
  const code = name.charCodeAt(0)
  return code >= 65 && code <= 90
}
