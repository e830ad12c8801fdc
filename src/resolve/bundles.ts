/** An object of a Tekton bundle: a container image whose layers are manifests. */
import type { Cluster } from '../cluster/cluster.js'
import type { Guard } from '../fetch/guard.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import { layerObject, MAX_LAYER_BYTES } from './bundle-layer.js'
import { pullLogin } from './oci-credentials.js'
import { type ImageReference, parseImageReference } from './oci-reference.js'
import { type Manifest, openRegistry, type Registry } from './oci-registry.js'
import { type Found, ResolutionError, type Resolver, type ResolverRequest } from './resolver.js'
import { fetchTimeoutMs, HTTP_RETRY, retryFrom } from './retry.js'

const MAX_OBJECTS = 20
const API_VERSION = 'dev.tekton.image.apiVersion'
const NAME = 'dev.tekton.image.name'
const KIND = 'dev.tekton.image.kind'

export interface BundlesResolverDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly guard: () => Promise<Guard>
}

interface Asked {
  readonly bundle: string
  readonly image: ImageReference
  readonly name: string
  readonly kind: string
  readonly secrets: readonly string[]
  readonly serviceAccount: string
}

export function createBundlesResolver({ cluster, guard }: BundlesResolverDeps): Resolver {
  return {
    type: 'bundles',
    name: 'bundleresolver',
    configMap: 'bundleresolver-config',
    flag: 'enable-bundles-resolver',
    defaults: { 'default-service-account': 'default', 'default-kind': 'task', 'fetch-timeout': '1m' },
    prepare(request) {
      const { namespace, config } = request
      const asked = read(request)
      if (typeof asked === 'string') return { is: 'wrong', message: asked }
      const timeoutMs = fetchTimeoutMs(config)
      if (timeoutMs === undefined) {
        return { is: 'wrong', message: `error parsing bundle timeout value ${config.get('fetch-timeout')}` }
      }
      return {
        is: 'ready',
        immutable: asked.image.digest !== undefined,
        cacheable: true,
        withSecrets: true,
        timeoutMs,
        retry: retryFrom(config, HTTP_RETRY),
        async fetch(signal) {
          const { registry, repository } = asked.image
          const login = await pullLogin(cluster, namespace, asked, `${registry}/${repository}`)
          return objectOf(asked, openRegistry(asked.image, { guard: await guard(), signal, login }))
        },
      }
    },
  }
}

function read({ params, config }: ResolverRequest): Asked | string {
  const serviceAccount = params.get('serviceAccount') || config.get('default-service-account') || ''
  if (serviceAccount === '') return 'default Service Account was not set during installation of the bundle resolver'
  const bundle = params.get('bundle') ?? ''
  if (bundle === '') return 'parameter "bundle" required'
  const image = parseImageReference(bundle)
  if (typeof image === 'string') return `invalid bundle reference: ${image}`
  const name = params.get('name') ?? ''
  if (name === '') return 'parameter "name" required'
  const kind = params.get('kind') || config.get('default-kind') || ''
  if (kind === '') return 'default resource Kind was not set during installation of the bundle resolver'
  const secret = params.get('secret') ?? ''
  return { bundle, image, name, kind, secrets: secret === '' ? [] : [secret], serviceAccount }
}

async function objectOf({ bundle, image, name, kind }: Asked, registry: Registry): Promise<Found> {
  const manifest = await imageManifest(registry, image.version).catch((error: unknown) => {
    if (!(error instanceof ResolutionError)) throw error
    throw new ResolutionError(`cannot retrieve the oci image: ${error.message}`, { temporary: error.temporary })
  })
  const layers = layersOf(manifest)
  const problem = layersProblem(layers)
  if (problem !== undefined) throw new ResolutionError(`invalid tekton bundle ${bundle}, error: ${problem}`)
  const layer = layers.find(
    ({ annotations }) => annotations[NAME] === name && String(annotations[KIND]).toLowerCase() === kind.toLowerCase(),
  )
  if (layer === undefined) {
    throw new ResolutionError(`could not find object in image with kind: ${kind} and name: ${name}`)
  }
  return {
    data: await layerObject(await registry.blob(layer.digest, MAX_LAYER_BYTES)),
    refSource: {
      uri: `${image.registry}/${image.repository}`,
      digest: { sha256: manifest.digest.replace(/^sha256:/, '') },
      entryPoint: name,
    },
    annotations: Object.fromEntries(
      [KIND, NAME, API_VERSION].map(key => [`resolution.tekton.dev/${key}`, String(layer.annotations[key])]),
    ),
  }
}

/** Of an index, the image for linux/amd64, as every client takes it that is not told otherwise. */
async function imageManifest(registry: Registry, version: string): Promise<Manifest> {
  const found = await registry.manifest(version)
  const listed: unknown = found.content['manifests']
  if (!Array.isArray(listed)) return found
  const images = (listed as readonly unknown[]).filter(isRecord)
  const isDefault = ({ platform }: Json): boolean =>
    isRecord(platform) && platform['os'] === 'linux' && platform['architecture'] === 'amd64'
  const { digest } = images.find(isDefault) ?? {}
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new ResolutionError('no child with platform linux/amd64 in index')
  }
  return registry.manifest(digest)
}

interface Layer {
  readonly digest: string
  readonly annotations: Json
}

function layersOf({ content }: Manifest): readonly Layer[] {
  const layers: unknown = content['layers']
  const all: readonly unknown[] = Array.isArray(layers) ? layers : []
  return all.map(layer => {
    const { digest, annotations } = asRecord(layer)
    return {
      digest: typeof digest === 'string' ? digest : '',
      annotations: asRecord(annotations),
    }
  })
}

function layersProblem(layers: readonly Layer[]): string | undefined {
  if (layers.length > MAX_OBJECTS) return `contained more than the maximum ${MAX_OBJECTS} allow objects`
  for (const [index, { annotations }] of layers.entries()) {
    const missing = [API_VERSION, NAME, KIND].find(key => typeof annotations[key] !== 'string')
    if (missing !== undefined) return `the layer ${index} does not contain a ${missing} annotation`
    const kind = String(annotations[KIND])
    if (kind.toLowerCase().replace(/s$/, '') !== kind) {
      return `the layer ${index} the annotation ${KIND} must be lowercased and singular, found ${kind}`
    }
  }
  return undefined
}
