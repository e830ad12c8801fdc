/** What the two features of the github interceptor that ask GitHub's API have in common. */
import { isRecord, type Json } from '../../resources/shape.js'
import { headerValues } from '../event.js'
import { asSecretRef } from '../secrets.js'
import { type InterceptorInput, NOTHING_OUTSIDE } from './interceptor.js'
import type { GitHubAnswer, GitHubReader } from './outside.js'

export type Found<T> = { readonly is: 'found'; readonly value: T } | { readonly is: 'not'; readonly why: string }

export function found<T>(value: T): Found<T> {
  return { is: 'found', value }
}

export function not(why: string): { readonly is: 'not'; readonly why: string } {
  return { is: 'not', why }
}

/** The value of `personalAccessToken`; undefined when none is asked for. `name` is what messages call it. */
export function tokenOf({ secret }: InterceptorInput, feature: Json, name: string): Found<string | undefined> {
  const ref = asSecretRef(feature['personalAccessToken'])
  if (ref === undefined) return found(undefined)
  if (ref.secretKey === '') return not(`github interceptor ${name}.secretKey is empty`)
  const known = secret(ref)
  return known.is === 'value' ? found(known.value) : not(known.message.replace('error getting secret: ', ''))
}

export function openGitHub({ event, outside }: InterceptorInput, token: string | undefined): Found<GitHubReader> {
  if (outside === undefined) return not(NOTHING_OUTSIDE)
  const enterpriseHost = headerValues(event, 'X-GitHub-Enterprise-Host')[0] || undefined
  return found(outside.gitHub({ enterpriseHost, token }))
}

/** The payload as an object. `empty` is what Tekton says of none. */
export function payloadOf({ event: { body } }: InterceptorInput, empty: string): Found<Json> {
  if (body === null || body === undefined) return not(empty)
  return isRecord(body) ? found(body) : not('json: cannot unmarshal it into Go value of type map[string]interface {}')
}

export interface Repository {
  readonly owner: string
  readonly repo: string
}

export function repositoryOf(payload: Json): Found<Repository> {
  const repository = own(payload, 'repository')
  if (!isRecord(repository)) return not("payload body missing 'repository' field")
  const name = own(repository, 'full_name')
  if (typeof name !== 'string') return not("payload body missing 'repository.full_name' field")
  const [, owner = '', repo = ''] = /^([\w.-]+)\/([\w.-]+)$/.exec(name) ?? []
  // Dots would lead to another place of the API, with the token.
  if (owner === '' || /^\.+$/.test(owner) || /^\.+$/.test(repo)) {
    return not(`'repository.full_name' of the payload is ${JSON.stringify(name)}, which is no <owner>/<repository>`)
  }
  return found({ owner, repo })
}

export function own(record: Json, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** A refusal or failure as go-github words it. */
export function problemText(path: string, answer: Exclude<GitHubAnswer, { is: 'found' }>): string {
  return answer.is === 'refused' ? `GET ${path}: ${answer.status} ${answer.message}` : `GET ${path}: ${answer.message}`
}
