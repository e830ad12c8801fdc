/** Images put into a registry, as a client would push them. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { REGISTRY_LOGIN } from '../resolve/servers.js'

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'

export const digestOf = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export interface ImageConfig {
  readonly Entrypoint?: unknown
  readonly Cmd?: unknown
}

export const configOf = (config: ImageConfig, architecture = 'amd64'): string =>
  JSON.stringify({ os: 'linux', architecture, config, rootfs: { type: 'layers', diff_ids: [] } })

export const manifestOf = (config: string): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: [],
  })

export interface Pushing {
  /** With host. */
  readonly to: string
  readonly tag: string
}

/** @returns the digest */
export async function pushImage(at: Pushing, config: ImageConfig, architecture = 'amd64'): Promise<string> {
  const text = configOf(config, architecture)
  await pushBlob(at.to, text)
  return pushManifest(at, MANIFEST, manifestOf(text))
}

export async function pushIndex(at: Pushing, configs: Readonly<Record<string, ImageConfig>>): Promise<string> {
  const manifests: object[] = [
    // What Docker's builder puts there besides images.
    {
      mediaType: MANIFEST,
      digest: digestOf(manifestOf('{}')),
      size: 1,
      platform: { os: 'unknown', architecture: 'unknown' },
    },
  ]
  await pushBlob(at.to, '{}')
  await pushManifest({ ...at, tag: 'attestation' }, MANIFEST, manifestOf('{}'))
  for (const [architecture, config] of Object.entries(configs)) {
    const digest = await pushImage({ ...at, tag: `${at.tag}-${architecture}` }, config, architecture)
    const size = manifestOf(configOf(config, architecture)).length
    manifests.push({ mediaType: MANIFEST, digest, size, platform: { os: 'linux', architecture } })
  }
  return pushManifest(at, INDEX, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }))
}

const AUTHORIZATION = `Basic ${Buffer.from(`${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`).toString('base64')}`

function split(to: string): readonly [host: string, repository: string] {
  const slash = to.indexOf('/')
  return [to.slice(0, slash), to.slice(slash + 1)]
}

async function pushBlob(to: string, content: string): Promise<void> {
  const [host, repository] = split(to)
  const headers = { authorization: AUTHORIZATION }
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers })
  const place = new URL(begun.headers.get('location') ?? '', `http://${host}`)
  place.searchParams.set('digest', digestOf(content))
  const put = await fetch(place, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: content,
  })
  expect(put.status).toBe(201)
}

async function pushManifest({ to, tag }: Pushing, type: string, content: string): Promise<string> {
  const [host, repository] = split(to)
  const put = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { authorization: AUTHORIZATION, 'content-type': type },
    body: content,
  })
  expect(put.status, await put.text()).toBe(201)
  return digestOf(content)
}

/** As `kubectl create secret docker-registry` makes it. */
export function pullSecret(name: string, host: string, password = REGISTRY_LOGIN.password): string {
  const auth = Buffer.from(`${REGISTRY_LOGIN.username}:${password}`).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name },
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [host]: { auth } } }) },
  })
}

/** The older kind. */
export function dockercfgSecret(name: string, host: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockercfg',
    metadata: { name },
    stringData: { '.dockercfg': JSON.stringify({ [host]: REGISTRY_LOGIN }) },
  })
}
