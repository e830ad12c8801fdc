/** Reads manifests and blobs of one repository of a container registry, by the OCI distribution protocol. */
import { createHash } from 'node:crypto'
import type { Guard } from '../fetch/guard.js'
import { isRecord, type Json } from '../resources/shape.js'
import { type Got, httpGet } from './http-get.js'
import type { Login } from './oci-credentials.js'
import { type ImageReference, mayBePlain } from './oci-reference.js'
import { ResolutionError } from './resolver.js'

const MAX_MANIFEST_BYTES = 4 * 1_048_576
const MAX_TOKEN_BYTES = 262_144
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

export interface Manifest {
  readonly content: Json
  /** `sha256:…` of its bytes. */
  readonly digest: string
}

export interface Registry {
  /** @throws ResolutionError when there is none, or its bytes are not those of the digest. */
  manifest(version: string): Promise<Manifest>
  /** `what` it is called in messages; a layer unless it is said. */
  blob(digest: string, maxBytes: number, what?: string): Promise<Buffer>
}

export interface RegistryDeps {
  readonly guard: Guard
  readonly signal: AbortSignal
  readonly login: Login | undefined
}

export function openRegistry(image: ImageReference, { guard, signal, login }: RegistryDeps): Registry {
  const host = image.registry === 'index.docker.io' ? 'registry-1.docker.io' : image.registry
  let base: string | undefined
  let authorization: string | undefined

  async function get(url: string, maxBytes: number, accept: string): Promise<Got> {
    return httpGet(url, {
      guard,
      signal,
      maxBytes,
      headers: { accept },
      ...(authorization !== undefined && { authorization }),
    })
  }

  /** https, and only where a registry may be one's own, http when nobody speaks https there. */
  async function baseUrl(): Promise<string> {
    if (base !== undefined) return base
    const schemes = mayBePlain(image.registry) ? ['https', 'http'] : ['https']
    for (const scheme of schemes) {
      try {
        await get(`${scheme}://${host}/v2/`, MAX_TOKEN_BYTES, '*/*')
        base = `${scheme}://${host}/v2/${image.repository}`
        return base
      } catch (error) {
        if (!(error instanceof ResolutionError) || !error.temporary || scheme === schemes.at(-1)) throw error
      }
    }
    throw new Error('unreachable: the last scheme returns or throws')
  }

  async function read(path: string, maxBytes: number, accept: string): Promise<Buffer> {
    const url = `${await baseUrl()}${path}`
    let got = await get(url, maxBytes, accept)
    if (got.status === 401 && authorization === undefined) {
      authorization = await authorize(got.headers['www-authenticate'] ?? '')
      if (authorization !== undefined) got = await get(url, maxBytes, accept)
    }
    if (got.status === 200) return got.body
    const words =
      got.status === 401 || got.status === 403 ? 'UNAUTHORIZED: authentication required' : statusWords(got.status)
    throw new ResolutionError(`GET ${url}: ${words}`, { temporary: got.status >= 500 || got.status === 429 })
  }

  /** What the registry wants to see: the login itself, or a token that is to be had elsewhere for it. */
  async function authorize(challenge: string): Promise<string | undefined> {
    const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
    const [, scheme = '', rest = ''] = /^(\w+)\s*(.*)$/s.exec(challenge) ?? []
    if (scheme.toLowerCase() === 'basic') return basic
    if (scheme.toLowerCase() !== 'bearer') return undefined
    const fields = new Map([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]))
    const realm = fields.get('realm') ?? ''
    if (!URL.canParse(realm)) return undefined
    const url = new URL(realm)
    // The login goes where the registry sends it, but never in clear from a registry that speaks https.
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && base?.startsWith('http:'))) {
      throw new ResolutionError(`the registry "${host}" asks for a token from "${url.origin}", which is not https`)
    }
    const service = fields.get('service')
    if (service) url.searchParams.set('service', service)
    url.searchParams.set('scope', fields.get('scope') ?? `repository:${image.repository}:pull`)
    const { status, body } = await httpGet(url.href, {
      guard,
      signal,
      maxBytes: MAX_TOKEN_BYTES,
      ...(basic !== undefined && { authorization: basic }),
    })
    if (status !== 200) {
      throw new ResolutionError(`GET ${url.origin}${url.pathname}: ${statusWords(status)}`, {
        temporary: status >= 500 || status === 429,
      })
    }
    const answer = parseJson(body)
    const token = answer?.['token'] ?? answer?.['access_token']
    return typeof token === 'string' ? `Bearer ${token}` : undefined
  }

  return {
    async manifest(version) {
      const bytes = await read(`/manifests/${version}`, MAX_MANIFEST_BYTES, MANIFESTS.join(', '))
      const digest = digestOf(bytes)
      if (version.startsWith('sha256:') && digest !== version) throw wrongDigest('manifest', version, digest)
      const content = parseJson(bytes)
      if (content === undefined) throw new ResolutionError('could not parse image manifest: it is no JSON object')
      return { content, digest }
    },
    async blob(digest, maxBytes, what = 'layer') {
      if (!/^sha256:[0-9a-f]{64}$/.test(digest))
        throw new ResolutionError(`unsupported digest "${digest}" of a ${what}`)
      const bytes = await read(`/blobs/${digest}`, maxBytes, '*/*')
      const actual = digestOf(bytes)
      if (actual !== digest) throw wrongDigest(what, digest, actual)
      return bytes
    },
  }
}

function wrongDigest(what: string, wanted: string, got: string): ResolutionError {
  return new ResolutionError(`${what} digest: "${got}" does not match requested digest: "${wanted}"`)
}

function statusWords(status: number): string {
  return status === 404 ? 'MANIFEST_UNKNOWN: manifest unknown' : `unexpected status code ${status}`
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function parseJson(bytes: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
