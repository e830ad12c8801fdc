/**
 * Objects in a bucket of Amazon S3, or of any store that speaks its language. The only file that knows the SDK.
 *
 * What is relied on: a PUT that was answered is seen by every later GET and LIST, as Amazon has had it since 2020, and
 * MinIO and Ceph always. Asked for are four things that every such store has: PutObject, GetObject with a range,
 * ListObjectsV2 and DeleteObject. Not asked for: checksums that newer SDKs send by default and older stores refuse
 * (`WHEN_REQUIRED`), DeleteObjects, which cannot do without one, conditions, and uploads in parts.
 */
import { Agent } from 'node:https'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { type Blobs, BlobsError, checkKey, MOST_LISTED } from './blobs.js'

export interface S3Place {
  readonly bucket: string
  /** Starts every key; without a slash at its ends. '' for none. */
  readonly prefix: string
  /** Of a store that is not Amazon's: `https://host[:port]`. */
  readonly endpoint?: string
  /** Without one: as the environment says; of a store with an endpoint `us-east-1`, since most of these have none. */
  readonly region?: string
  /** `host/bucket/key`, not `bucket.host/key`. */
  readonly pathStyle: boolean
}

export interface S3Options {
  readonly place: S3Place
  /** PEM, instead of those that Node trusts. */
  readonly certificateAuthority?: string
  /** Default: as the SDK finds them, in the environment, in files, from the Pod's service account or from the node. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly limits?: S3Limits
}

export interface S3Limits {
  readonly connectMs: number
  /** Until an answer begins, and between two pieces of it. */
  readonly answerMs: number
  /** For all tries of one call. */
  readonly callMs: number
  readonly tries: number
}

const LIMITS: S3Limits = { connectMs: 5_000, answerMs: 20_000, callMs: 60_000, tries: 5 }
const DEFAULT_REGION = 'us-east-1'
/** Told by these whose turn it is: that of a person. */
const SET_UP_WRONG = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
])

/** Loads the SDK: 25 MB and a fifth of a second. Nothing is asked of the store yet. */
export async function openS3Blobs(options: S3Options): Promise<Blobs & { close(): void }> {
  const { place, limits = LIMITS } = options
  const sdk = await import('@aws-sdk/client-s3')
  const client: S3Client = new sdk.S3Client(clientConfig(options, limits))
  const { bucket: Bucket } = place
  const where = `bucket ${Bucket}${place.endpoint ? ` at ${place.endpoint}` : ''}`
  const lead = place.prefix === '' ? '' : `${place.prefix}/`
  const keyOf = (key: string): string => {
    checkKey(key)
    return lead + key
  }

  async function ask<T>(what: string, request: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    try {
      return await request({ abortSignal: AbortSignal.timeout(limits.callMs) })
    } catch (error) {
      throw error instanceof BlobsError ? error : problemOf(`${what} in ${where}`, error)
    }
  }

  return {
    place: where,
    async put(key, bytes) {
      const command = new sdk.PutObjectCommand({ Bucket, Key: keyOf(key), Body: bytes, ContentLength: bytes.length })
      await ask(`writing ${key}`, how => client.send(command, how))
    },

    async get(key, { start, end } = { start: 0 }) {
      const isEmpty = end !== undefined && end <= start
      // There is no empty range; the first byte tells whether there is such an object.
      const last = isEmpty ? start : (end ?? Number.POSITIVE_INFINITY) - 1
      const isWhole = start === 0 && last === Number.POSITIVE_INFINITY
      const Range = `bytes=${start}-${last === Number.POSITIVE_INFINITY ? '' : last}`
      const command = new sdk.GetObjectCommand({ Bucket, Key: keyOf(key), ...(!isWhole && { Range }) })
      return ask(`reading ${key}`, async how => {
        try {
          const { Body } = await client.send(command, how)
          const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0)
          return isEmpty ? new Uint8Array(0) : bytes
        } catch (error) {
          const code = nameOf(error)
          if (code === 'NoSuchKey') return undefined
          if (code === 'InvalidRange' || statusOf(error) === 416) return new Uint8Array(0)
          throw error
        }
      })
    },

    async list(prefix, { after, limit = MOST_LISTED } = {}) {
      const command = new sdk.ListObjectsV2Command({
        Bucket,
        Prefix: lead + prefix,
        MaxKeys: limit,
        ...(after !== undefined && { StartAfter: lead + after }),
      })
      const { Contents = [], IsTruncated = false } = await ask(`listing ${JSON.stringify(prefix)}`, how =>
        client.send(command, how),
      )
      const entries = Contents.map(({ Key = '', Size = 0 }) => ({ key: Key.slice(lead.length), size: Size }))
      return { entries, more: IsTruncated }
    },

    async remove(key) {
      const command = new sdk.DeleteObjectCommand({ Bucket, Key: keyOf(key) })
      await ask(`removing ${key}`, async how => {
        try {
          await client.send(command, how)
        } catch (error) {
          // Amazon answers 204 for what is not there; others do not.
          if (nameOf(error) !== 'NoSuchKey') throw error
        }
      })
    },

    close() {
      client.destroy()
    },
  }
}

function clientConfig({ place, certificateAuthority, credentials }: S3Options, limits: S3Limits): S3ClientConfig {
  const { endpoint, pathStyle } = place
  const region = place.region ?? (endpoint === undefined ? undefined : DEFAULT_REGION)
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
    forcePathStyle: pathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: limits.tries,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      requestTimeout: limits.answerMs,
      throwOnRequestTimeout: true,
      socketTimeout: limits.answerMs,
      httpsAgent: new Agent({
        keepAlive: true,
        maxSockets: 50,
        ...(certificateAuthority !== undefined && { ca: certificateAuthority }),
      }),
    },
  }
}

function problemOf(what: string, error: unknown): BlobsError {
  const code = nameOf(error)
  const status = statusOf(error)
  const said = [code, status].filter(each => each !== undefined && each !== 'Error').join(' ')
  const isSetUpWrong = (code !== undefined && SET_UP_WRONG.has(code)) || status === 403 || status === 301
  // The SDK's own error holds the whole request, with its signature.
  const cause = error instanceof Error ? new Error(error.message) : error
  return new BlobsError(`${what}${said && ` (${said})`}`, { cause, isSetUpWrong })
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode
}
