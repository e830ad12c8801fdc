/** What admission says to a change of an object that exists already, after the new state has been admitted by itself. */
import type { CustomResourceDefinition } from '../resources/custom-resources.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import type { Problem } from '../resources/problem.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { validateRunUpdate, validateStatusUpdate } from '../run/validate/update.js'
import { type AdmitOptions, admitWith } from './admit.js'
import { validateDefinitionUpdate } from './custom/definition.js'

export function admitUpdate(
  stored: AnyResource,
  next: New<AnyResource>,
  options: AdmitOptions = {},
): readonly Problem[] {
  if (stored.kind === 'CustomResourceDefinition') {
    return validateDefinitionUpdate(stored as CustomResourceDefinition, next as New<CustomResourceDefinition>)
  }
  if (stored.kind !== 'PipelineRun' && stored.kind !== 'TaskRun') return []
  // What the engine made itself was stored without defaults; filling them in is no change.
  const filled = admitWith(options, stored)
  const before = filled.is === 'ok' ? { ...stored, spec: (filled.object as PipelineRun | TaskRun).spec } : stored
  return validateRunUpdate(before as PipelineRun | TaskRun, next as PipelineRun | TaskRun)
}

export function admitStatusUpdate(stored: AnyResource, status: unknown): readonly Problem[] {
  if (stored.kind !== 'PipelineRun' && stored.kind !== 'TaskRun') return []
  return validateStatusUpdate(stored as PipelineRun | TaskRun, status as (PipelineRun | TaskRun)['status'])
}
