/** In which form a client wants to see objects: what its `Accept` header and the table options of its query say. Pure. */
import type { KindEntry } from '../resources/kind-table.js'
import { covers, type MediaRange, mediaRanges } from './accept.js'
import { ApiError, badRequest } from './status.js'

export interface Form {
  readonly info: KindEntry
  /** The served version that the path names. */
  readonly version: string
  readonly as: 'Object' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'Table'
  /** Of the table, or of the partial objects. */
  readonly metaVersion: 'v1' | 'v1beta1'
  /** What stands behind each row of a table. */
  readonly includeObject: 'None' | 'Metadata' | 'Object'
  /** Equal for equal forms. */
  readonly key: string
}

interface Asked {
  readonly info: KindEntry
  readonly version: string
  readonly query: URLSearchParams
  readonly headers: { readonly accept?: string | undefined }
}

/** @throws ApiError 406 when nothing that is accepted can be given, 400 */
export function formOf({ info, version, query, headers }: Asked): Form {
  const found = firstOffered(headers.accept)
  if (found === undefined) {
    throw new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json')
  }
  const { as, metaVersion } = found
  const includeObject = as === 'Table' ? includedObject(query.get('includeObject') ?? '') : 'Object'
  const key = `${info.group} ${version} ${as} ${metaVersion} ${includeObject}`
  return { info, version, as, metaVersion, includeObject, key }
}

function firstOffered(accept: string | undefined): Pick<Form, 'as' | 'metaVersion'> | undefined {
  for (const range of mediaRanges(accept)) {
    const found = covers(range, 'application/json') ? transformOf(range) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const TRANSFORMS = ['PartialObjectMetadata', 'PartialObjectMetadataList', 'Table'] as const

function transformOf({ parameters }: MediaRange): Pick<Form, 'as' | 'metaVersion'> | undefined {
  const { as, g: group, v: version, stream = '' } = parameters
  if (!['', 'watch'].includes(stream)) return undefined
  if (as === undefined && group === undefined && version === undefined) return { as: 'Object', metaVersion: 'v1' }
  const transform = TRANSFORMS.find(each => each === as)
  if (transform === undefined || group !== 'meta.k8s.io') return undefined
  return version === 'v1' || version === 'v1beta1' ? { as: transform, metaVersion: version } : undefined
}

function includedObject(text: string): Form['includeObject'] {
  if (text === '') return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}
