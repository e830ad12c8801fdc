/** Which shape the spec of a kind has. */
import { KINDS, type Kind } from './kinds.js'
import type { Fields } from './shape.js'
import { DEFINITION_SPEC } from './shapes-definitions.js'
import { SCHEDULE_SPEC } from './shapes-schedules.js'
import { RESOLUTION_REQUEST_SPEC, tektonSpecShape } from './shapes-tekton.js'
import { triggersSpecShape } from './shapes-triggers.js'

/** Of a version that is served. Undefined for Kubernetes' own kinds, but for CustomResourceDefinitions. */
export function specShape(kind: Kind, version: string): Fields | undefined {
  const { group } = KINDS[kind]
  if (kind === 'ResolutionRequest') return RESOLUTION_REQUEST_SPEC
  if (kind === 'Schedule') return SCHEDULE_SPEC
  if (kind === 'CustomResourceDefinition') return DEFINITION_SPEC
  if (group === 'tekton.dev') return tektonSpecShape(kind, version)
  return group === 'triggers.tekton.dev' ? triggersSpecShape(kind, version) : undefined
}
