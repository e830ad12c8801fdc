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
