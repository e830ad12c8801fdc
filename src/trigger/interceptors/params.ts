/** Whether the params of an interceptor have the types that it reads them as; messages are Go's decoder's. */
import { isRecord, type Json } from '../../resources/shape.js'
import { goKind } from '../payload.js'

type ParamType =
  | 'text'
  | 'bool'
  | 'texts'
  | { readonly go: string; readonly fields: ParamTypes }
  | { readonly go: string; readonly each: ParamTypes }
export type ParamTypes = Readonly<Record<string, ParamType>>

const SECRET_REF: ParamType = {
  go: 'v1beta1.SecretRef',
  fields: { secretName: 'text', secretKey: 'text' },
}

export const GIT_HOST_PARAMS: ParamTypes = { secretRef: SECRET_REF, eventTypes: 'texts' }

export const GITHUB_PARAMS: ParamTypes = {
  ...GIT_HOST_PARAMS,
  addChangedFiles: { go: 'github.AddChangedFiles', fields: { enabled: 'bool', personalAccessToken: SECRET_REF } },
  githubOwners: {
    go: 'github.Owners',
    fields: { enabled: 'bool', personalAccessToken: SECRET_REF, checkType: 'text' },
  },
}

export const CEL_PARAMS: ParamTypes = {
  filter: 'text',
  overlays: { go: 'cel.Overlay', each: { key: 'text', expression: 'text' } },
}

/**
 * Params under the names that they are read by. Go's decoder does not mind upper and lower case: in Tekton a `SecretRef`
 * asks for a signature too. Of two spellings of one name the last in Go's order counts.
 */
export function asSpelled(params: Json, types: ParamTypes): Json {
  const sorted = Object.entries(params).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(
    sorted.map(([name, value]) => {
      const known = knownName(name, types)
      return known === undefined ? [name, value] : [known, spelledValue(value, types[known])]
    }),
  )
}

function spelledValue(value: unknown, type: ParamType | undefined): unknown {
  if (typeof type !== 'object') return value
  if ('fields' in type) return isRecord(value) ? asSpelled(value, type.fields) : value
  return Array.isArray(value) ? value.map(one => (isRecord(one) ? asSpelled(one, type.each) : one)) : value
}

function knownName(name: string, types: ParamTypes): string | undefined {
  return Object.keys(types).find(known => known.toLowerCase() === name.toLowerCase())
}

export interface UnknownParam {
  /** Such as `.secretRef.name`. */
  readonly at: string
  readonly known: readonly string[]
}

/** Names that nothing is read by, at any depth: typos, mostly. */
export function unknownParams(params: Json, types: ParamTypes): readonly UnknownParam[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const known = knownName(name, types)
    if (known === undefined) return [{ at: `.${name}`, known: Object.keys(types) }]
    return unknownWithin(value, types[known]).map(one => ({ ...one, at: `.${name}${one.at}` }))
  })
}

function unknownWithin(value: unknown, type: ParamType | undefined): readonly UnknownParam[] {
  if (typeof type !== 'object') return []
  if ('fields' in type) return isRecord(value) ? unknownParams(value, type.fields) : []
  if (!Array.isArray(value)) return []
  return value.flatMap((one, place) =>
    isRecord(one) ? unknownParams(one, type.each).map(found => ({ ...found, at: `[${place}]${found.at}` })) : [],
  )
}

/** A param that nobody knows harms nobody, and null is as good as none. */
export function paramsProblem(params: Json, types: ParamTypes): string | undefined {
  const known = problems.get(params)
  if (known?.types === types) return known.problem
  const problem = findProblem(params, types)
  problems.set(params, { types, problem })
  return problem
}

/** A chain gives the same params for every event. */
const problems = new WeakMap<Json, { readonly types: ParamTypes; readonly problem: string | undefined }>()

function findProblem(params: Json, types: ParamTypes): string | undefined {
  const problem = firstProblem(params, types, 'InterceptorParams', '')
  return problem && `failed to parse interceptor params: invalid json: json: cannot unmarshal ${problem}`
}

function firstProblem(value: Json, types: ParamTypes, struct: string, prefix: string): string | undefined {
  for (const [name, type] of Object.entries(types)) {
    const one = Object.hasOwn(value, name) ? value[name] : undefined
    const problem = one === undefined || one === null ? undefined : problemOf(one, type, struct, `${prefix}${name}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

function problemOf(value: unknown, type: ParamType, struct: string, path: string): string | undefined {
  const wrong = (what: unknown, go: string) => `${goKind(what)} into Go struct field ${struct}.${path} of type ${go}`
  if (type === 'text') return typeof value === 'string' ? undefined : wrong(value, 'string')
  if (type === 'bool') return typeof value === 'boolean' ? undefined : wrong(value, 'bool')
  if (type === 'texts') {
    if (!Array.isArray(value)) return wrong(value, '[]string')
    const other: unknown = value.find(one => typeof one !== 'string')
    return other === undefined ? undefined : wrong(other, 'string')
  }
  if ('each' in type) {
    if (!Array.isArray(value)) return wrong(value, `[]${type.go}`)
    const problems = value.map(one =>
      one === null ? undefined : problemOf(one, { go: type.go, fields: type.each }, struct, path),
    )
    return problems.find(problem => problem !== undefined)
  }
  if (!isRecord(value)) return wrong(value, type.go)
  return firstProblem(value, type.fields, type.go.replace(/^.*\./, ''), `${path}.`)
}
