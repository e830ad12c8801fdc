/**
 * The parts of `tektite.dev/v1alpha1` that no store keeps as objects. A path is
 * `/apis/tektite.dev/v1alpha1[/namespaces/NS]/RESOURCE[/NAME[/SUBRESOURCE[/PART]]]`; `answer-request.ts` asks these handlers before it
 * looks among the kinds of the store.
 */
import type { StreamAnswer } from './answer.js'

export const OWN_GROUP = 'tektite.dev'
export const OWN_VERSION = 'v1alpha1'

/** As `/apis/tektite.dev/v1alpha1` lists it: in a namespace. */
export interface OwnResource {
  readonly kind: string
  /** Plural, lower case; with a subresource behind a slash. */
  readonly name: string
  readonly singularName: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
}

/** What no store keeps, of whichever group. */
export interface UnstoredResource extends OwnResource {
  readonly group: string
  readonly version: string
  readonly namespaced: boolean
}

export interface OwnRequest {
  readonly method: string
  readonly resource: string
  /** '' over all namespaces. */
  readonly namespace: string
  readonly name: string | undefined
  /** With a part of its own behind a slash, where there is one: `logs/search`. */
  readonly subresource: string | undefined
  readonly query: URLSearchParams
  /** The path as it was asked for, for messages. */
  readonly path: string
  readonly headers: { readonly accept?: string | undefined }
  /** Aborts when the client is gone, and when the server stops. */
  readonly signal: AbortSignal
  /** @throws ApiError when the body is no JSON, or too large */
  readonly readJson: () => Promise<unknown>
}

export interface OwnObject {
  readonly code: number
  readonly body: unknown
}

export type OwnAnswer = OwnObject | StreamAnswer

/** Undefined: not one of its paths. @throws ApiError to say no */
export type OwnHandler = (request: OwnRequest) => Promise<OwnAnswer | undefined>

export type OwnPath = Pick<OwnRequest, 'resource' | 'namespace' | 'name' | 'subresource'>

/** Undefined when the path is of another group, or names no resource. */
export function parseOwnPath(path: string): OwnPath | undefined {
  const [apis, group, version, ...rest] = path
    .split('/')
    .filter(part => part !== '')
    .map(decodeURIComponent)
  if (apis !== 'apis' || group !== OWN_GROUP || version !== OWN_VERSION) return undefined
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2
  const [resource, name, subresource, part, ...tooMany] = inNamespace ? rest.slice(2) : rest
  if (resource === undefined || tooMany.length > 0) return undefined
  return {
    resource,
    namespace: inNamespace ? (rest[1] ?? '') : '',
    name,
    subresource: part === undefined ? subresource : `${subresource}/${part}`,
  }
}
