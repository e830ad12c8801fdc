/** Where objects are kept, as one URL: for flags, variables and charts. Pure. */

export type BlobsPlace =
  | { readonly is: 'folder'; readonly folder: string }
  | {
      readonly is: 's3'
      readonly bucket: string
      readonly prefix: string
      readonly endpoint?: string
      readonly region?: string
      readonly pathStyle: boolean
    }

const FORM = 's3://bucket/prefix?endpoint=https://host&region=name, or file:///folder'
const PARAMETERS = ['endpoint', 'region', 'path-style']
const BUCKET = /^[a-z0-9A-Z][a-zA-Z0-9._-]{1,61}[a-zA-Z0-9]$/
const PREFIX = /^([A-Za-z0-9_=,~+-][A-Za-z0-9_=,~+.-]*(\/|$))*$/
const WHERE_INSTEAD =
  'credentials do not belong there: give them in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), in a file, or by the service account of the Pod'

/** What is secret in it, for messages that may not show it. */
export function secretInBlobsUrl(written: string): string | undefined {
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined) return undefined
  const isSecret = url.username !== '' || url.password !== ''
  const names = [...url.searchParams.keys()]
  return isSecret || names.some(name => /key|secret|token|password|credential/i.test(name)) ? 'credentials' : undefined
}

/** @throws Error that says what it must be */
export function blobsUrl(written: string): BlobsPlace {
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined) throw new Error(`it must be ${FORM}`)
  if (secretInBlobsUrl(written) !== undefined) throw new Error(WHERE_INSTEAD)
  if (url.protocol === 'file:') return folderIn(url)
  if (url.protocol === 's3:') return bucketIn(url)
  throw new Error(`it must be ${FORM}`)
}

function folderIn({ host, pathname, search, hash }: URL): BlobsPlace {
  const folder = decodeURIComponent(pathname).replace(/\/+$/, '')
  if (host !== '' || search !== '' || hash !== '' || folder === '' || folder.includes('\0')) {
    throw new Error('it must be file:///folder, with three slashes and the full path')
  }
  return { is: 'folder', folder }
}

function bucketIn({ host: bucket, pathname, searchParams, hash }: URL): BlobsPlace {
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '')
  if (!BUCKET.test(bucket)) throw new Error(`the bucket must be named, in letters, digits, "." and "-": ${FORM}`)
  if (!PREFIX.test(prefix) || prefix.length > 100 || hash !== '') {
    throw new Error('what stands behind the bucket must be letters, digits and - _ . / (100 characters at most)')
  }
  for (const name of searchParams.keys()) {
    if (!PARAMETERS.includes(name))
      throw new Error(`"${name}" is not known there: it may have ${PARAMETERS.join(', ')}`)
  }
  const endpoint = endpointIn(searchParams.get('endpoint') ?? '')
  const region = searchParams.get('region') ?? ''
  if (!/^[A-Za-z0-9-]*$/.test(region)) throw new Error('its region must be letters, digits and "-"')
  const style = searchParams.get('path-style') ?? ''
  if (!['', 'true', 'false'].includes(style)) throw new Error('its path-style must be true or false')
  return {
    is: 's3',
    bucket,
    prefix,
    ...(endpoint !== '' && { endpoint }),
    ...(region !== '' && { region }),
    // `bucket.host` needs names and certificates that most stores of one's own do not have.
    pathStyle: style === '' ? endpoint !== '' : style === 'true',
  }
}

function endpointIn(written: string): string {
  if (written === '') return ''
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url?.username || url?.password) throw new Error(WHERE_INSTEAD)
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new Error('its endpoint must be https://host or https://host:port')
  }
  return url.origin
}
