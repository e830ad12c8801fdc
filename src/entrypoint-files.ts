/** The compiled entrypoint, as the ConfigMap that carries it into Pods. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { ARCHITECTURES } from './pod/entrypoint-place.js'
import { entrypointKey } from './pod/volumes.js'
import {
  createEntrypointSource,
  type EntrypointContent,
  type EntrypointSource,
  NOTHING_REMEMBERED,
  ON_A_CLUSTER,
} from './reconcile/observe/entrypoint-source.js'

/** This machine's, as Kubernetes calls it. */
export const OWN_ARCHITECTURE = arch() === 'x64' ? 'amd64' : arch()

/** For Pods of this machine. `folder` is what `make -C entrypoint` fills. */
export async function readOwnEntrypoint(folder: string): Promise<EntrypointSource> {
  const binary = await read(join(folder, 'entrypoint'))
  if (binary === undefined)
    throw new Error(`the entrypoint is missing at ${join(folder, 'entrypoint')}; run "npm run build"`)
  const offer = { defaultArchitecture: OWN_ARCHITECTURE, hasNodes: false }
  return createEntrypointSource(contentOf(new Map([[OWN_ARCHITECTURE, binary]]), offer), NOTHING_REMEMBERED)
}

export interface ClusterEntrypointOptions {
  /** Holds `entrypoint-amd64`, `entrypoint-arm64`; or the `entrypoint` that was built for this machine. */
  readonly folder: string
  /** Ours with the entrypoint in it, for Pods that may land on nodes of several architectures. */
  readonly image?: string | undefined
  /** Of nodes that we may not read. */
  readonly defaultArchitecture?: string | undefined
}

/** For Pods of a cluster. */
export async function readClusterEntrypoint(options: ClusterEntrypointOptions): Promise<EntrypointSource> {
  const { folder, image, defaultArchitecture = OWN_ARCHITECTURE } = options
  const found = await Promise.all(
    ARCHITECTURES.map(async one => [one, await read(join(folder, entrypointKey(one)))] as const),
  )
  const binaries = new Map(found.flatMap(([one, binary]) => (binary ? [[one, binary] as const] : [])))
  if (!binaries.has(OWN_ARCHITECTURE)) {
    const own = await read(join(folder, 'entrypoint'))
    if (own) binaries.set(OWN_ARCHITECTURE, own)
  }
  if (binaries.size === 0) {
    throw new Error(
      `the entrypoint is missing in ${folder}: no ${ARCHITECTURES.map(entrypointKey).join(', no ')} and no entrypoint`,
    )
  }
  return createEntrypointSource(contentOf(binaries, { defaultArchitecture, hasNodes: true, image }), ON_A_CLUSTER)
}

function contentOf(
  binaries: ReadonlyMap<string, Buffer>,
  offer: Omit<EntrypointContent['offer'], 'architectures'>,
): EntrypointContent {
  const hash = createHash('sha256')
  for (const [architecture, bytes] of binaries) hash.update(`${architecture} ${bytes.length} `).update(bytes)
  let encoded: Readonly<Record<string, string>> | undefined
  return {
    name: `tektite-entrypoint-${hash.digest('hex').slice(0, 16)}`,
    offer: { ...offer, architectures: [...binaries.keys()] },
    binaryData() {
      encoded ??= Object.fromEntries(
        [...binaries].map(([architecture, bytes]) => [entrypointKey(architecture), bytes.toString('base64')]),
      )
      return encoded
    },
  }
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
