/** What an image runs by itself, from its manifest and its config. */
import type { ImageCommand } from '../pod/image-commands.js'
import type { Manifest, Registry } from '../resolve/oci-registry.js'
import { ResolutionError } from '../resolve/resolver.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'

/** Real ones are some kilobytes, with a long history some hundred. */
const MAX_CONFIG_BYTES = 2 * 1_048_576

/**
 * By architecture: of those wanted, each that the image is made for. An image that is made for one only is taken as it is,
 * whatever it says it is made for.
 * @throws ResolutionError
 */
export async function imageCommands(
  registry: Registry,
  manifest: Manifest,
  architectures: readonly string[],
): Promise<Readonly<Record<string, ImageCommand>>> {
  const listed: unknown = manifest.content['manifests']
  if (!Array.isArray(listed)) {
    const command = await commandOf(registry, manifest)
    return Object.fromEntries(architectures.map(architecture => [architecture, command]))
  }
  const images = (listed as readonly unknown[]).filter(isRecord)
  const fitting = architectures.flatMap(architecture => {
    const image = images.find(one => isFor(architecture, one))
    return image ? [[architecture, image['digest']] as const] : []
  })
  if (fitting.length === 0) {
    const wanted = architectures.map(one => `linux/${one}`).join(' or ')
    throw new ResolutionError(`no child with platform ${wanted} in index`)
  }
  const commands: Record<string, ImageCommand> = {}
  for (const [architecture, digest] of fitting) {
    commands[architecture] = await commandOf(registry, await registry.manifest(soundDigest(digest, 'child')))
  }
  return commands
}

function isFor(architecture: string, { platform }: Json): boolean {
  return isRecord(platform) && platform['os'] === 'linux' && platform['architecture'] === architecture
}

async function commandOf(registry: Registry, { content }: Manifest): Promise<ImageCommand> {
  const descriptor = content['config']
  if (!isRecord(descriptor)) throw new ResolutionError('unsupported media type for image reference')
  const bytes = await registry.blob(soundDigest(descriptor['digest'], 'config'), MAX_CONFIG_BYTES, 'config')
  const config = asRecord(asRecord(parse(bytes))['config'])
  return { entrypoint: words(config, 'Entrypoint'), cmd: words(config, 'Cmd') }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new ResolutionError('the config of the image is no JSON')
  }
}

function words(config: Json, key: string): readonly string[] {
  const written = config[key] ?? []
  if (Array.isArray(written) && written.every(word => typeof word === 'string')) return written
  throw new ResolutionError(`${key} in the config of the image is no list of texts`)
}

function soundDigest(digest: unknown, what: string): string {
  if (typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest
  throw new ResolutionError(`the manifest of the image has no sha256 digest of its ${what}`)
}
