/** How objects are refused: in the words of whoever would refuse them on a real cluster. Pure. */
import { shortened } from '../lib/shortened.js'
import { groupKind, type KindEntry } from '../resources/kind-table.js'
import { adviceText, type Problem, problemsText, problemText } from '../resources/problem.js'
import type { Json } from '../resources/shape.js'
import { isOfKubernetes } from './patch/patch-type.js'
import { ApiError, badRequest, type StatusCause } from './status.js'

const MAX_SHOWN_CHARS = 300
/** Of fields that nobody knows; who has more mends these first. */
const MAX_LISTED = 50

/** As the API server itself refuses what is in its own hands, and Tekton's webhooks the rest. */
export function denied(problems: readonly Problem[], info: KindEntry, name: string): ApiError {
  const { id, group, definition } = info
  // Of a ConfigMap of Tekton's settings, what the settings say is Tekton's.
  const isOwn = definition !== undefined || (isOfKubernetes(info) && problems.every(each => each.complete))
  if (isOwn || id === 'CustomResourceDefinition') return invalid(problems, info, name)
  const webhook = id === 'ConfigMap' ? 'config' : 'validation'
  const part = group === 'triggers.tekton.dev' ? 'triggers' : 'pipeline'
  const message = `admission webhook "${webhook}.webhook.${part}.tekton.dev" denied the request: validation failed: ${problemsText(problems)}`
  return new ApiError(400, 'BadRequest', message, { causes: problems.map(causeOf) })
}

/** Fields that nobody knows, and fields given twice, of a request that wants none. */
export function undecodable(
  { method, info, version }: { readonly method: string; readonly info: KindEntry; readonly version: string },
  object: Json,
  all: readonly Problem[],
): ApiError {
  const problems = all.slice(0, MAX_LISTED)
  const text = `strict decoding error: ${problems.map(({ message }) => message).join(', ')}`
  if (method !== 'PATCH') {
    const causes = problems.map(causeOf)
    const message = `${info.kind} in version "${version}" cannot be handled as a ${info.kind}: ${text}`
    return new ApiError(400, 'BadRequest', message, { causes })
  }
  const shown = info.id === 'Secret' ? '{…}' : shortened(JSON.stringify(object), MAX_SHOWN_CHARS)
  const message = `Invalid value: ${JSON.stringify(shown)}: ${text}`
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }]
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes })
}

/** What keeps a decoder from reading an object, before anybody asks whether it is valid. */
const UNREAD = /^no matches for kind/
const WRONG_TYPE = /in body must be of type (?<wanted>\w+): "(?<got>\w+)"$/
const MAPS = /^((?:.*\.)?(?:data|binaryData|stringData|labels|annotations))\..*$/s

function invalid(problems: readonly Problem[], info: KindEntry, name: string): ApiError {
  const { kind, group } = info
  const unread = problems.find(({ message }) => UNREAD.test(message))
  if (unread !== undefined) {
    return badRequest(`${kind} in version "${info.version}" cannot be handled as a ${kind}: ${problemText(unread)}`)
  }
  const mistyped = info.definition === undefined ? problems.map(goText(info)).find(Boolean) : undefined
  if (mistyped !== undefined) return badRequest(mistyped)
  const texts = problems.map(problemText)
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`
  return new ApiError(422, 'Invalid', `${groupKind(info)} ${JSON.stringify(name)} is invalid: ${text}`, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind,
    causes: problems.map(fieldCauseOf),
  })
}

/** As a decoder written in Go says that a value has the wrong type. */
function goText({ kind, version }: KindEntry): (problem: Problem) => string | undefined {
  return ({ message, paths: [path = ''] }) => {
    const { wanted, got } = WRONG_TYPE.exec(message)?.groups ?? {}
    if (wanted === undefined || got === undefined) return undefined
    const field = path.replaceAll(/\[\d+\]/g, '').replace(MAPS, '$1')
    const type =
      { object: 'map[string]string', integer: 'int64', boolean: 'bool', array: '[]interface {}' }[wanted] ?? wanted
    const value = { boolean: 'bool', integer: 'number' }[got] ?? got
    return `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${value} into Go struct field ${kind}.${field} of type ${type}`
  }
}

function fieldCauseOf(problem: Problem): StatusCause {
  const { reason = 'FieldValueInvalid', paths, hint } = problem
  const [field = ''] = paths
  const text = problemText(problem)
  const own = text.startsWith(`${field}: `) ? text.slice(field.length + 2) : text
  return { reason, message: hint === undefined ? own : `${own}: ${hint}`, field }
}

/** The message is Tekton's, word for word; what to do about it goes where Kubernetes puts single causes. */
function causeOf(problem: Problem): StatusCause {
  return { reason: 'FieldValueInvalid', message: adviceText(problem), field: problem.at ?? problem.paths[0] ?? '' }
}
