/** `/openapi/v2` and `/openapi/v3`: made when they are first asked for, and kept as compressed bytes. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { groupVersionPath, type KindTable } from '../../resources/kind-table.js'
import { covers, mediaRanges } from '../accept.js'
import type { Answer } from '../answer.js'
import { SERVER_VERSION } from '../discovery/discover.js'
import { answerDocument, type Document, documentOf } from '../document.js'
import type { ApiRequest } from '../request.js'
import { ApiError } from '../status.js'
import { openApiV2, partsV2 } from './document-v2.js'
import { openApiV3 } from './document-v3.js'
import { type DocumentedKind, type ServedKind, UNSTORED_KINDS } from './documented-kinds.js'
import { sourcesHash } from './schemas.js'

const JSON_TYPE = 'application/json'
const PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
/** What kubectl calls it; not quite a media type. */
const PROTOBUF_ALIAS = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
/** Asked again each time, and told by the ETag that nothing has changed. */
const HEADERS = { 'cache-control': 'no-cache, private' }
const PARTS_AT_ONCE = 50
const { gitVersion } = SERVER_VERSION

interface Kept {
  readonly sources: readonly object[]
  readonly document: Promise<Document>
}

/** By what the first of its kinds is made of, so that they go when that goes. */
const documentsV3 = new WeakMap<object, Map<string, Kept>>()
const documentsV2 = new WeakMap<KindTable, Map<string, Promise<Document>>>()
const indexes = new WeakMap<KindTable, object>()

/** Undefined when the path is none of OpenAPI. @throws ApiError when no form of it is acceptable */
export async function serveOpenApi(kinds: KindTable, { path, headers }: ApiRequest): Promise<Answer | undefined> {
  if (path === '/openapi/v2') {
    const type = acceptable(headers.accept, [JSON_TYPE, PROTOBUF_TYPE, PROTOBUF_ALIAS])
    return answerDocument(headers, await documentV2(kinds, type === JSON_TYPE), HEADERS)
  }
  if (path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined
  acceptable(headers.accept, [JSON_TYPE])
  if (path === '/openapi/v3') return { code: 200, body: indexOf(kinds) }
  const part = decodeURIComponent(path.slice('/openapi/v3/'.length))
  const found = byGroupVersion(kinds).get(part)
  return found && answerDocument(headers, await documentV3(part, found), HEADERS)
}

function acceptable(accept: string | undefined, types: readonly string[]): string {
  for (const range of mediaRanges(accept)) {
    const type = types.find(each => covers(range, each))
    if (type !== undefined) return type
  }
  throw new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)
}

/** Where the document of each group and version is; the hash changes when its kinds do. */
function indexOf(kinds: KindTable): object {
  const known = indexes.get(kinds)
  if (known !== undefined) return known
  const paths = [...byGroupVersion(kinds)].map(([part, served]) => {
    const hash = createHash('sha256').update(sourcesHash()).update(JSON.stringify(served)).digest('hex').slice(0, 32)
    return [part, { serverRelativeURL: `/openapi/v3/${part}?hash=${hash.toUpperCase()}` }]
  })
  const index = { paths: Object.fromEntries(paths) }
  indexes.set(kinds, index)
  return index
}

/** `api/v1`, `apis/tekton.dev/v1`, … */
function byGroupVersion(kinds: KindTable): ReadonlyMap<string, readonly ServedKind[]> {
  const found = new Map<string, ServedKind[]>()
  for (const { entry, version } of served(kinds)) {
    const part = groupVersionPath(entry.group, version).slice(1)
    const others = found.get(part) ?? []
    found.set(part, others)
    others.push({ entry, version })
  }
  return found
}

function served(kinds: KindTable): readonly ServedKind[] {
  return [...kinds.all, ...UNSTORED_KINDS].flatMap(entry => entry.served.map(version => ({ entry, version })))
}

/** The same as before while its kinds are, whatever else has come or gone. */
function documentV3(part: string, kinds: readonly ServedKind[]): Promise<Document> {
  const sources = kinds.map(({ entry }) => sourceOf(entry))
  const [first = kinds] = sources
  const parts = documentsV3.get(first) ?? new Map<string, Kept>()
  documentsV3.set(first, parts)
  const kept = parts.get(part)
  const isSame = kept?.sources.length === sources.length && kept.sources.every((each, i) => each === sources[i])
  if (kept !== undefined && isSame) return kept.document
  const document = documentOf(JSON_TYPE, JSON.stringify(openApiV3(kinds, gitVersion)))
  parts.set(part, { sources, document })
  return document
}

/** Entries of custom kinds are made anew with each table; their definitions are not. */
function sourceOf(entry: DocumentedKind): object {
  return entry.definition ?? entry
}

function documentV2(kinds: KindTable, asJson: boolean): Promise<Document> {
  const type = asJson ? JSON_TYPE : PROTOBUF_TYPE
  const forms = documentsV2.get(kinds) ?? new Map<string, Promise<Document>>()
  documentsV2.set(kinds, forms)
  const document = forms.get(type) ?? makeV2(kinds, type)
  forms.set(type, document)
  return document
}

async function makeV2(kinds: KindTable, type: string): Promise<Document> {
  const parts = partsV2(served(kinds), gitVersion)
  if (type === JSON_TYPE) return documentOf(type, JSON.stringify(openApiV2(parts)))
  const { protobufParts } = await import('./protobuf.js')
  const bytes: Uint8Array[] = []
  for (const part of protobufParts(parts)) {
    // A tenth of a second of work, in which others want to be answered.
    if (bytes.push(part) % PARTS_AT_ONCE === 0) await setImmediate()
  }
  return documentOf(type, Buffer.concat(bytes))
}
