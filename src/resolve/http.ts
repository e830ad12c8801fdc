/** A manifest at a URL. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Cluster } from '../cluster/cluster.js'
import type { Guard } from '../fetch/guard.js'
import { httpGet } from './http-get.js'
import { MAX_DATA_BYTES, ResolutionError, type Resolver, type ResolverRequest } from './resolver.js'
import { fetchTimeoutMs, HTTP_RETRY } from './retry.js'
import { secretKey } from './secret-key.js'
import { shownUrl } from './shown-url.js'

const HEX_DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 }

export interface HttpResolverDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly guard: () => Promise<Guard>
}

export function createHttpResolver({ cluster, guard }: HttpResolverDeps): Resolver {
  return {
    type: 'http',
    name: 'Http',
    configMap: 'http-resolver-config',
    flag: 'enable-http-resolver',
    defaults: { 'fetch-timeout': '1m' },
    prepare(request) {
      const { params, namespace, config } = request
      const message = paramProblem(request)
      if (message !== undefined) return { is: 'wrong', message }
      const timeoutMs = fetchTimeoutMs(config)
      if (timeoutMs === undefined) {
        return { is: 'wrong', message: `error parsing timeout value ${config.get('fetch-timeout')}` }
      }
      const url = params.get('url') ?? ''
      return {
        is: 'ready',
        immutable: false,
        cacheable: false,
        withSecrets: params.has('http-password-secret'),
        timeoutMs,
        retry: HTTP_RETRY,
        async fetch(signal) {
          const authorization = await basicAuth(cluster, namespace, params)
          const options = { guard: await guard(), signal, maxBytes: MAX_DATA_BYTES }
          const { status, body } = await httpGet(url, { ...options, ...(authorization && { authorization }) }).catch(
            (error: unknown) => {
              if (!(error instanceof ResolutionError) || error.message.startsWith('response body')) throw error
              const { temporary } = error
              throw new ResolutionError(`error fetching URL: Get "${shownUrl(url)}": ${error.message}`, { temporary })
            },
          )
          if (status !== 200) {
            const temporary = status >= 500 || status === 429
            throw new ResolutionError(`requested URL '${shownUrl(url)}' is not found`, { temporary })
          }
          checkDigest(params.get('digest'), body)
          return {
            data: body,
            refSource: { uri: shownUrl(url), digest: { sha256: hashOf('sha256', body) } },
            annotations: {},
          }
        },
      }
    },
  }
}

function paramProblem({ params }: ResolverRequest): string | undefined {
  const url = params.get('url')
  if (url !== undefined) {
    if (!URL.canParse(url)) return `cannot parse url ${url}: parse ${JSON.stringify(url)}: invalid URI for request`
    if (!/^https?:$/.test(new URL(url).protocol)) return `url ${url} is not a valid http(s) url`
  }
  const needs = (one: string, other: string): string | undefined => {
    if (!params.has(one)) return undefined
    if (!params.has(other)) return `missing required param ${other} when using ${one}`
    return params.get(one) === '' ? `value ${one} cannot be empty` : undefined
  }
  return (
    needs('http-username', 'http-password-secret') ??
    needs('http-password-secret', 'http-username') ??
    (url === undefined ? 'missing required http resolver params: url' : undefined)
  )
}

async function basicAuth(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  params: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const secret = params.get('http-password-secret')
  if (secret === undefined) return undefined
  const key = params.get('http-password-secret-key') || 'password'
  const password = await secretKey(cluster, namespace, secret, key)
  return `Basic ${Buffer.from(`${params.get('http-username')}:${password}`).toString('base64')}`
}

/** @throws ResolutionError when the body is not what the author expects. */
function checkDigest(digest: string | undefined, body: Buffer): void {
  if (digest === undefined) return
  const wrong = (why: string): ResolutionError => new ResolutionError(`error validating digest: ${why}`)
  const [, algorithm = '', expected = ''] = /^([^:]*):(.*)$/s.exec(digest) ?? []
  if (!digest.includes(':')) throw wrong(`invalid digest format: ${digest}`)
  const digits = Object.hasOwn(HEX_DIGITS, algorithm) ? HEX_DIGITS[algorithm] : undefined
  if (digits === undefined) throw wrong(`invalid digest algorithm: ${algorithm}`)
  if (expected.length !== digits) {
    throw wrong(`invalid ${algorithm} digest value, expected length: ${digits}, got: ${expected.length}`)
  }
  if (!/^[0-9a-f]*$/i.test(expected)) throw wrong('error decoding expected SHA string: it is not hexadecimal')
  const actual = hashOf(algorithm, body)
  if (!timingSafeEqual(Buffer.from(expected.toLowerCase()), Buffer.from(actual))) {
    throw wrong(`SHA mismatch, expected ${expected}, got ${actual}`)
  }
}

function hashOf(algorithm: string, body: Buffer): string {
  return createHash(algorithm).update(body).digest('hex')
}
