/** A CustomRun's spec. Tekton stops at the first mistake in customRef and customSpec. */
import { exactlyOne, invalidValue, missing, type Problem } from '../../resources/problem.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import type { Param, WorkspaceBinding } from '../../resources/tekton.js'
import { validateRunParams } from './params.js'
import { validateBindings } from './workspaces.js'

export function validateCustomRunSpec(spec: Json, path: string): readonly Problem[] {
  if (Object.keys(spec).every(field => field === 'serviceAccountName')) return [missing(path)]
  const { customRef, customSpec, status, statusMessage } = spec
  const both = [`${path}.customRef`, `${path}.customSpec`]
  const problems: Problem[] = []
  if (customRef && customSpec) problems.push(exactlyOne('both', both))
  else if (!customRef && !customSpec) problems.push({ ...exactlyOne('neither', both), at: path })
  else {
    const [what, name] = isRecord(customRef) ? [customRef, 'customRef'] : [asRecord(customSpec), 'customSpec']
    const absent = ['apiVersion', 'kind'].find(field => !what[field])
    if (absent) problems.push(missing(`${path}.${name}.${absent}`))
  }
  if (!status && typeof statusMessage === 'string' && statusMessage !== '') {
    const message = `statusMessage should not be set if status is not set, but it is currently set to ${statusMessage}`
    problems.push({ ...invalidValue(message, 'statusMessage'), at: `${path}.statusMessage` })
  }
  return [
    ...problems,
    ...validateRunParams((spec['params'] ?? []) as readonly Param[], path),
    ...validateBindings((spec['workspaces'] ?? []) as readonly WorkspaceBinding[], path, 'TaskRun'),
  ]
}
