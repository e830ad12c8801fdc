/** The bundles resolver against a real registry, and against servers that only claim to be one. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createBundlesResolver } from '../../src/resolve/bundles.js'
import { loginFor } from '../../src/resolve/oci-credentials.js'
import { parseImageReference } from '../../src/resolve/oci-reference.js'
import { cases } from '../helpers/cases.js'
import { storeWith } from '../reconcile/real-store.js'
import { request, resolutionOf, TASK, told } from './requests.js'
import { LOOPBACK, NOTHING, serve, serveRegistry } from './servers.js'

async function ask(params: Readonly<Record<string, string>>, guard = LOOPBACK, ...objects: readonly string[]) {
  const cluster = await storeWith(...objects)
  const resolution = resolutionOf(cluster, createBundlesResolver({ cluster, guard }))
  return told(await resolution.resolve(request('bundles', params), AbortSignal.timeout(20_000)))
}

const GETTING = 'error getting "bundleresolver" "default/r": '
const INVALID = 'invalid resource request "default/r": '
const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** One file, as `tar` packs it. */
function tar(content: Buffer | string, claimed = Buffer.byteLength(content)): Buffer {
  const header = Buffer.alloc(512)
  header.write('task')
  header.write('0000644\0', 100)
  header.write(`${claimed.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write('0', 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512)
  Buffer.from(content).copy(body)
  return Buffer.concat([header, body, Buffer.alloc(1_024)])
}

const ANNOTATIONS = {
  'dev.tekton.image.apiVersion': 'v1',
  'dev.tekton.image.name': 'lint',
  'dev.tekton.image.kind': 'task',
}

interface Layer {
  readonly bytes: Buffer
  readonly annotations?: Readonly<Record<string, string>>
}

const manifestOf = (layers: readonly Layer[]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 },
    layers: layers.map(({ bytes, annotations = ANNOTATIONS }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: digestOf(bytes),
      size: bytes.length,
      annotations,
    })),
  })

async function push(host: string, repository: string, tag: string, layers: readonly Layer[]): Promise<string> {
  for (const bytes of [Buffer.from('{}'), ...layers.map(layer => layer.bytes)]) {
    const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    const place = new URL(begun.headers.get('location') ?? '', `http://${host}`)
    place.searchParams.set('digest', digestOf(bytes))
    const put = await fetch(place, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    })
    expect(put.status).toBe(201)
  }
  const manifest = manifestOf(layers)
  const put = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body: manifest,
  })
  expect(put.status, await put.text()).toBe(201)
  return digestOf(manifest)
}

test('an object of a bundle in a real registry is found, by tag and by digest, as tar and as it is', async () => {
  const host = await serveRegistry()
  const digest = await push(host, 'team/bundle', 'v1', [
    { bytes: gzipSync(tar(TASK)) },
    { bytes: Buffer.from(TASK), annotations: { ...ANNOTATIONS, 'dev.tekton.image.name': 'raw' } },
  ])
  for (const bundle of [`${host}/team/bundle:v1`, `${host}/team/bundle@${digest}`]) {
    expect(await ask({ bundle, name: 'lint', kind: 'Task' })).toMatchObject({
      data: TASK,
      refSource: {
        uri: `${host}/team/bundle`,
        digest: { sha256: digest.replace('sha256:', '') },
        entryPoint: 'lint',
      },
      annotations: {
        'resolution.tekton.dev/dev.tekton.image.kind': 'task',
        'resolution.tekton.dev/dev.tekton.image.name': 'lint',
        'resolution.tekton.dev/dev.tekton.image.apiVersion': 'v1',
      },
    })
  }
  expect(await ask({ bundle: `${host}/team/bundle:v1`, name: 'raw' })).toMatchObject({ data: TASK })
  expect(await ask({ bundle: `${host}/team/bundle:v1`, name: 'nobody' })).toBe(
    `${GETTING}could not find object in image with kind: task and name: nobody`,
  )
  expect(await ask({ bundle: `${host}/team/nobody:v1`, name: 'lint' })).toBe(
    `${GETTING}cannot retrieve the oci image: GET http://${host}/v2/team/nobody/manifests/v1: MANIFEST_UNKNOWN: manifest unknown`,
  )
})

/** Answers for one repository whatever is put there, digests or not. */
function fake(manifest: string, blobs: readonly Buffer[], asked: Readonly<Record<string, Buffer>> = {}) {
  return serve((incoming, response) => {
    const [, kind, version = ''] = /^\/v2\/x\/(manifests|blobs)\/(.+)$/.exec(incoming.url ?? '') ?? []
    const blob = asked[version] ?? blobs.find(bytes => digestOf(bytes) === version)
    if (kind === undefined) response.end('{}')
    else if (kind === 'manifests') response.end(manifest)
    else if (blob) response.end(blob)
    else response.writeHead(404).end()
  })
}

const lintOf = async (served: Promise<{ readonly url: string }>, more: Readonly<Record<string, string>> = {}) =>
  ask({ bundle: `${(await served).url.replace('http://', '')}/x:v1`, name: 'lint', ...more })

test('a bundle that is none is refused before a layer is read', async () => {
  const layer = { bytes: gzipSync(tar(TASK)) }
  const { 'dev.tekton.image.name': _, ...nameless } = ANNOTATIONS
  expect(await lintOf(fake(manifestOf(Array(21).fill(layer) as Layer[]), []))).toMatch(
    /invalid tekton bundle .*, error: contained more than the maximum 20 allow objects$/,
  )
  expect(await lintOf(fake(manifestOf([layer, { ...layer, annotations: nameless }]), []))).toMatch(
    /the layer 1 does not contain a dev\.tekton\.image\.name annotation$/,
  )
  const shouting = { ...layer, annotations: { ...ANNOTATIONS, 'dev.tekton.image.kind': 'Tasks' } }
  expect(await lintOf(fake(manifestOf([shouting]), []))).toMatch(
    /the layer 0 the annotation dev\.tekton\.image\.kind must be lowercased and singular, found Tasks$/,
  )
  expect(await lintOf(fake('no json', []))).toMatch(/could not parse image manifest/)
})

test('bytes that are not those of the digest are refused', async () => {
  const bytes = gzipSync(tar(TASK))
  const wrong = gzipSync(tar(TASK.replace('alpine', 'evil')))
  expect(await lintOf(fake(manifestOf([{ bytes }]), [], { [digestOf(bytes)]: wrong }))).toMatch(
    /layer digest: "sha256:.*" does not match requested digest/,
  )
  const { url } = await fake(manifestOf([{ bytes }]), [bytes])
  const bundle = `${url.replace('http://', '')}/x@sha256:${'0'.repeat(64)}`
  expect(await ask({ bundle, name: 'lint' })).toMatch(/manifest digest: "sha256:.*" does not match requested digest/)
})

test.each(
  cases({
    'zeros without end, packed': { make: () => gzipSync(Buffer.alloc(50 * 1_048_576)) },
    'a tar that claims more than it has': { make: () => gzipSync(tar('x', 0o7777777777)) },
  }),
)('a layer that would grow beyond all bounds is given up: %s', async (_, { make }) => {
  const bytes = make()
  expect(await lintOf(fake(manifestOf([{ bytes }]), [bytes]))).toBe(
    `${GETTING}failed to read tar bundle: it holds more than 1048576 bytes`,
  )
})

test('a registry that wants a token gets one for the pull secret’s login, and the login nobody else', async () => {
  const bytes = gzipSync(tar(TASK))
  const manifest = manifestOf([{ bytes }])
  const blobs = await serve((_request, response) => response.end(bytes))
  const { url, headers, seen } = await serve((incoming, response) => {
    const { authorization } = incoming.headers
    if (incoming.url?.startsWith('/token')) {
      const isLogin = authorization === `Basic ${Buffer.from('u:p').toString('base64')}`
      response.writeHead(isLogin ? 200 : 401).end(isLogin ? JSON.stringify({ token: 't0ken' }) : '')
    } else if (authorization !== 'Bearer t0ken') {
      const challenge = `Bearer realm="http://${incoming.headers.host}/token",service="s",scope="repository:x:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    } else if (incoming.url?.includes('/blobs/')) response.writeHead(307, { location: blobs.url }).end()
    else response.end(manifest)
  })
  const host = url.replace('http://', '')
  const config = JSON.stringify({ auths: { [host]: { auth: Buffer.from('u:p').toString('base64') } } })
  const objects = [
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { name: 'pull' },
      stringData: { '.dockerconfigjson': config },
    }),
    '{apiVersion: v1, kind: ServiceAccount, metadata: {name: puller}, imagePullSecrets: [{name: gone}, {name: pull}]}',
  ]
  const params = { bundle: `${host}/x:v1`, name: 'lint' }
  expect(await ask({ ...params, secret: 'pull' }, LOOPBACK, ...objects)).toMatchObject({ data: TASK })
  expect(await ask({ ...params, serviceAccount: 'puller' }, LOOPBACK, ...objects)).toMatchObject({ data: TASK })
  expect(seen).toContain('GET /token?service=s&scope=repository%3Ax%3Apull')
  const sent = headers.filter((_, index) => !seen[index]?.startsWith('GET /token'))
  expect(sent.some(({ authorization }) => authorization?.startsWith('Basic'))).toBe(false)
  expect(blobs.headers.map(({ authorization }) => authorization)).toEqual([undefined, undefined])
  expect(await ask(params, LOOPBACK, ...objects)).toMatch(/cannot retrieve the oci image: GET .*/)
})

test.each(
  cases({
    'no bundle': { params: { name: 'a' }, message: 'parameter "bundle" required' },
    'no name': { params: { bundle: 'a/b' }, message: 'parameter "name" required' },
    'no reference': {
      params: { bundle: 'a/B C', name: 'a' },
      message: /^invalid bundle reference: could not parse reference: a\/B C/,
    },
    'a path': { params: { bundle: 'a.b/../x', name: 'a' }, message: /^invalid bundle reference: / },
  } as const),
)('refused: %s', async (_, { params, message }) => {
  const answer = String(await ask(params))
  expect(answer.startsWith(INVALID)).toBe(true)
  if (typeof message === 'string') expect(answer).toBe(INVALID + message)
  else expect(answer.slice(INVALID.length)).toMatch(message)
})

test('a registry on an address that is not allowed is not asked', async () => {
  expect(await ask({ bundle: '10.0.0.1:5000/x', name: 'a' }, NOTHING)).toMatch(/"10\.0\.0\.1" is a private address/)
})

test.each(
  cases({
    'a name of Docker Hub': ['alpine', 'index.docker.io', 'library/alpine', 'latest'],
    'a folder of Docker Hub': ['team/app:1', 'index.docker.io', 'team/app', '1'],
    'a registry with a port': ['localhost:5000/a/b', 'localhost:5000', 'a/b', 'latest'],
    'a tag and a digest': [`r.io/a:1@sha256:${'0'.repeat(64)}`, 'r.io', 'a', `sha256:${'0'.repeat(64)}`],
  } as const),
)('an image reference: %s', (_, [text, registry, repository, version]) => {
  expect(parseImageReference(text)).toMatchObject({ registry, repository, version })
})

test('the login of the longest path counts, hosts match as a whole', () => {
  const login = (name: string) => ({ auth: Buffer.from(`${name}:p`).toString('base64') })
  const auths = {
    'https://index.docker.io/v1/': login('hub'),
    'r.example': login('host'),
    'r.example/team': login('team'),
    '*.wild.example': login('wild'),
  }
  expect(loginFor(auths, 'index.docker.io/library/a')?.username).toBe('hub')
  expect(loginFor(auths, 'r.example/other')?.username).toBe('host')
  expect(loginFor(auths, 'r.example/team/app')?.username).toBe('team')
  expect(loginFor(auths, 'r.example/teams')?.username).toBe('host')
  expect(loginFor(auths, 'a.wild.example/x')?.username).toBe('wild')
  expect(loginFor(auths, 'evil-r.example/x')).toBeUndefined()
  expect(loginFor(auths, 'a.b.wild.example/x')).toBeUndefined()
})
