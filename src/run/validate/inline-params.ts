/** Which params an inline spec knows: its own, those handed to it, and those of everything around it. */
import type { Param, ParamSpec, PipelineTask } from '../../resources/tekton.js'
import { typeOfParam, typeOfValue } from '../params.js'
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

/** One spec per name: the first says the type, all of them together say an object's keys. */
export function mergedSpecs(specs: readonly ParamSpec[]): readonly ParamSpec[] {
  const byName = new Map<string, ParamSpec>()
  for (const spec of specs) {
    const before = byName.get(spec.name)
    if (!before) byName.set(spec.name, spec)
    else if (typeOfParam(before) === 'object') {
      const properties = { ...defaultKeys(spec), ...spec.properties, ...before.properties }
      byName.set(spec.name, { ...before, properties })
    }
  }
  return [...byName.values()]
}

function defaultKeys({ name, default: value }: ParamSpec): NonNullable<ParamSpec['properties']> {
  return value === undefined ? {} : (specOfParam({ name, value }).properties ?? {})
}

/** The params an inline Task of a pipeline may use. What comes first wins. */
export function embeddedParams(task: PipelineTask, outer: readonly ParamSpec[]): readonly ParamSpec[] {
  // One value of a matrix param at a time reaches the Task.
  const fromMatrix = [...(task.matrix?.params ?? []), ...(task.matrix?.include ?? []).flatMap(one => one.params ?? [])]
  return mergedSpecs([
    ...(task.taskSpec?.params ?? []),
    ...(task.params ?? []).map(specOfParam),
    ...fromMatrix.map(param => ({ name: param.name, type: 'string' as const })),
    ...outer,
  ])
}
