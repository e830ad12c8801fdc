import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Blobs } from '../../src/blobs/blobs.js'
import { openS3Blobs, type S3Place } from '../../src/blobs/s3.js'
import { blobsContract } from '../contract/blobs.js'
import { type Fault, type ProxiedRequest, startFaultProxy } from '../helpers/fault-proxy.js'
import { type ObjectStore, startObjectStore } from '../helpers/swift.js'

let store: ObjectStore
let blobs: Blobs & { close(): void }
let other: Blobs & { close(): void }
let place: S3Place

beforeAll(async () => {
  store = await startObjectStore()
  await store.createBucket('tektite')
  const { endpoint, region, credentials } = store
  place = { bucket: 'tektite', prefix: 'some/where', endpoint, region, pathStyle: true }
  blobs = await openS3Blobs({ place, credentials })
  other = await openS3Blobs({ place, credentials })
}, 30_000)
afterAll(async () => {
  blobs?.close()
  other?.close()
  await store?.close()
})

blobsContract('s3', () => ({ blobs, other: () => other }))

test('what is put lies under the prefix, and nothing outside of it is seen', async () => {
  const root = await openS3Blobs({ place: { ...place, prefix: '' }, credentials: store.credentials })
  await blobs.put('own/one', Buffer.from('1'))
  await root.put('some/where-else', Buffer.from('2'))
  expect((await root.list('some/where/own/')).entries).toEqual([{ key: 'some/where/own/one', size: 1 }])
  expect((await blobs.list('')).entries.map(({ key }) => key)).toContain('own/one')
  expect((await blobs.list('')).entries.filter(({ key }) => key.includes('else'))).toEqual([])
  root.close()
})

test.each([
  ['a bucket that is not there', { bucket: 'nowhere' }, {}, 'in bucket nowhere at', 'NoSuchBucket'],
  ['a secret key that is wrong', {}, { secretAccessKey: 'guessed' }, 'in bucket tektite at', 'SignatureDoesNotMatch'],
  ['an access key that nobody has', {}, { accessKeyId: 'who:ever' }, 'in bucket tektite at', 'SignatureDoesNotMatch'],
])('%s is told, as something a person has to mend', async (_, elsewhere, wrong, where, said) => {
  const own = await openS3Blobs({ place: { ...place, ...elsewhere }, credentials: { ...store.credentials, ...wrong } })
  for (const ask of [() => own.put('a', Buffer.from('x')), () => own.get('a'), () => own.list('')]) {
    const failure = await ask().catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'BlobsError', isSetUpWrong: true })
    expect(String(failure)).toContain(where)
    expect(String(failure)).toContain(said)
    expect(String(failure)).not.toContain('guessed')
  }
  own.close()
})

const FAULTS: readonly Fault[] = [
  { is: 'answer', code: 500 },
  { is: 'answer', code: 503 },
  { is: 'answer afterwards', code: 503 },
  { is: 'drop' },
  { is: 'lose reply' },
]

test.each(FAULTS)('a request that meets $is $code is tried again', async fault => {
  const seen: ProxiedRequest[] = []
  const tried = new Set<string>()
  const proxy = await startFaultProxy(Number(new URL(store.endpoint).port), request => {
    seen.push(request)
    const what = `${request.method} ${request.path}`
    if (tried.has(what)) return { is: 'none' }
    tried.add(what)
    return fault
  })
  const endpoint = `http://127.0.0.1:${proxy.port}`
  const own = await openS3Blobs({ place: { ...place, prefix: 'faults', endpoint }, credentials: store.credentials })
  await own.put('a/b', Buffer.from('content'))
  expect(Buffer.from((await own.get('a/b'))!).toString()).toBe('content')
  expect((await own.list('a/')).entries).toEqual([{ key: 'a/b', size: 7 }])
  await own.remove('a/b')
  expect(await own.get('a/b')).toBeUndefined()
  expect(seen.filter(({ method }) => method === 'PUT').length).toBeGreaterThan(1)
  // What stores refuse that are older than the SDK's habits.
  const headers = seen.flatMap(request => Object.entries(request.headers))
  expect(headers.filter(([name]) => /checksum|trailer|content-encoding|if-none-match/.test(name))).toEqual([])
  expect(headers.filter(([, value]) => /STREAMING|aws-chunked/.test(String(value)))).toEqual([])
  own.close()
  await proxy.close()
})

test('a store that never answers is given up, and named', async () => {
  const proxy = await startFaultProxy(1, () => ({ is: 'silence' }))
  const endpoint = `http://127.0.0.1:${proxy.port}`
  const limits = { connectMs: 500, answerMs: 100, callMs: 600, tries: 2 }
  const own = await openS3Blobs({ place: { ...place, endpoint }, credentials: store.credentials, limits })
  const failure = await own.list('').catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'BlobsError', isSetUpWrong: false })
  expect(String(failure)).toContain(`listing "" in bucket tektite at ${endpoint}`)
  own.close()
  await proxy.close()
})
