/** Which params an inline spec knows: its own, those handed to it, and those of everything around it. */
import type { Param, ParamSpec, PipelineTask } from '../../resources/tekton.js'
import { typeOfValue } from '../params.js'
import { isList } from '../substitute.js'

/** What a given value says about its param: the type, and an object's keys. */
export function specOfParam({ name, value }: Param): ParamSpec {
  const type = typeOfValue(value)
  if (typeof value === 'string' || isList(value)) return { name, type }
  return {
    name,
    type,
    properties: Object.fromEntries(Object.keys(value).map(key => [key, { type: 'string' as const }])),
  }
}

/** The params that an inline Task of a pipeline declares or is handed. What comes first says the type. */
export function embeddedParams(task: PipelineTask): readonly ParamSpec[] {
  // One value of a matrix param at a time reaches the Task.
  const fromMatrix = [...(task.matrix?.params ?? []), ...(task.matrix?.include ?? []).flatMap(one => one.params ?? [])]
  return [
    ...(task.taskSpec?.params ?? []),
    ...(task.params ?? []).map(specOfParam),
    ...fromMatrix.map(param => ({ name: param.name, type: 'string' as const })),
  ]
}
