/** Declared params and given params, each for itself. Whether the given ones fit the declared ones is known at run time. */
import { exactlyOne, invalidValue, listed, missing, type Problem, problem } from '../../resources/problem.js'
import type { Param, ParamSpec } from '../../resources/tekton.js'
import { typeOfParam, typeOfValue } from '../params.js'
import { expressionsInValue } from '../substitute.js'
import { flagGate, type Rules } from './gates.js'
import { goList, goMapOfLists } from './quote.js'
import { repeats } from './repeats.js'

const TYPES = ['string', 'array', 'object']
const TEXT_NAME = /^[_a-zA-Z][_a-zA-Z0-9.-]*$/
/** Object params are taken apart at the dot, so neither they nor their keys may have one. */
const OBJECT_NAME = /^[_a-zA-Z][_a-zA-Z0-9-]*$/

/** Types, defaults, names, duplicates and enums of a `params` declaration of the spec at `path`. */
export function validateParamSpecs(specs: readonly ParamSpec[], path: string, rules: Rules): readonly Problem[] {
  return [
    ...specs.flatMap((spec, i) => typeProblems(spec, `${path}.params.${spec.name}`, `${path}.params[${i}]`)),
    ...duplicates(specs.map(spec => spec.name)).map(name =>
      problem('parameter appears more than once', `${path}.params[${name}]`, {
        hint: `keep one declaration of "${name}"`,
      }),
    ),
    ...specs.flatMap(spec => enumProblems(spec, `${path}.params[${spec.name}]`, rules)),
    ...nameProblems(specs, `${path}.params`),
  ]
}

function typeProblems(spec: ParamSpec, path: string, at: string): readonly Problem[] {
  const type = typeOfParam(spec)
  if (!TYPES.includes(type)) {
    return [{ ...invalidValue(type, `${path}.type`, undefined, `types are ${TYPES.join(', ')}`), at: `${at}.type` }]
  }
  if (spec.default !== undefined && typeOfValue(spec.default) !== type) {
    const message = `"${type}" type does not match default value's type: "${typeOfValue(spec.default)}"`
    const hint = type === 'array' ? 'write the default as a list of strings' : undefined
    return [
      problem(message, [`${path}.type`, `${path}.default.type`], { at: `${at}.default`, ...(hint ? { hint } : {}) }),
    ]
  }
  const wrong = Object.entries(spec.properties ?? {}).filter(([, one]) => (one.type ?? 'string') !== 'string')
  if (wrong.length === 0) return []
  const keys = goList(wrong.map(([key]) => key))
  const message = `The value type specified for these keys ${keys} is invalid`
  return [problem(message, `${path}.properties`, { at: `${at}.properties`, hint: 'properties are strings' })]
}

function enumProblems(spec: ParamSpec, path: string, rules: Rules): readonly Problem[] {
  if (!spec.enum || spec.enum.length === 0) return []
  const { enum: allowed, default: value } = spec
  return [
    ...flagGate(rules, 'enableParamEnum', 'feature flag `enable-param-enum` should be set to true to use Enum', path),
    ...(typeOfParam(spec) === 'string' ? [] : [problem('enum can only be set with string type param', path)]),
    ...duplicates(allowed).map(one => problem(`parameter enum value ${one} appears more than once`, path)),
    ...(typeof value === 'string' && value !== '' && !allowed.includes(value)
      ? [problem(`param default value ${value} not in the enum list`, path, { hint: `allowed: ${listed(allowed)}` })]
      : []),
  ]
}

function nameProblems(specs: readonly ParamSpec[], path: string): readonly Problem[] {
  const objects = specs.filter(spec => typeOfParam(spec) === 'object')
  const texts = specs.filter(spec => typeOfParam(spec) !== 'object' && !TEXT_NAME.test(spec.name))
  const badObjects = new Map<string, readonly string[]>()
  for (const { name, properties = {} } of objects) {
    const keys = Object.keys(properties).filter(key => !OBJECT_NAME.test(key))
    if (keys.length > 0 || !OBJECT_NAME.test(name)) badObjects.set(name, keys)
  }
  return [
    ...(texts.length > 0
      ? [
          problem(
            `The format of following array and string variable names is invalid: ${goList(unique(texts.map(spec => spec.name)).sort())}`,
            path,
            {
              details:
                'String/Array Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_), and dots (.)\nMust begin with a letter or an underscore (_)',
            },
          ),
        ]
      : []),
    ...(badObjects.size > 0
      ? [
          problem(`Object param name and key name format is invalid: ${goMapOfLists(badObjects)}`, path, {
            details:
              'Object Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_) \nMust begin with a letter or an underscore (_)',
          }),
        ]
      : []),
  ]
}

/** Object params of a stored Task or Pipeline must say which keys they have. */
export function validateObjectProperties(specs: readonly ParamSpec[], path: string): readonly Problem[] {
  return specs.flatMap((spec, i) =>
    typeOfParam(spec) === 'object' && spec.properties === undefined
      ? [{ ...missing(`${path}.${spec.name}.properties`), at: `${path}.params[${i}]` }]
      : [],
  )
}

/** Params given by a run: names that differ only in case are the same. */
export function validateRunParams(params: readonly Param[], path: string): readonly Problem[] {
  const seen = new Set<string>()
  return params.flatMap((param, i) => {
    const name = param.name.toLowerCase()
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    const hint = `"${param.name}" is given more than once (upper and lower case count as the same)`
    return [{ ...exactlyOne('both', `${path}.params[${param.name}].name`, hint), at: `${path}.params[${i}]` }]
  })
}

/** Params given by a pipeline task. */
export function validateTaskParams(params: readonly Param[], path: string): readonly Problem[] {
  const seen = new Set<string>()
  return params.flatMap((param, i) => {
    if (!seen.has(param.name)) {
      seen.add(param.name)
      return []
    }
    const message = `parameter names must be unique, the parameter "${param.name}" is also defined at`
    return [problem(message, `${path}.params[${i}].name`)]
  })
}

/** A PipelineRun starts before any result exists. */
export function validateNoResultsInParams(params: readonly Param[], path: string): readonly Problem[] {
  return params.flatMap((param, i) => {
    const results = expressionsInValue(param.value).filter(text => /^tasks\.[^.]+\.results\./.test(text))
    if (results.length === 0) return []
    const message = `cannot use result expressions in ${goList(results)} as PipelineRun parameter values`
    const hint = 'results exist only inside the pipeline: use them in spec.tasks[].params'
    return [
      {
        ...invalidValue(message, `${path}.params[${param.name}].value`, undefined, hint),
        at: `${path}.params[${i}].value`,
      },
    ]
  })
}

function duplicates(names: readonly string[]): readonly string[] {
  const repeated = repeats(names)
  return unique(names.filter((_, i) => repeated[i]))
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
