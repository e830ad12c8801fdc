import { createHash, randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathSegment } from '../lib/path-segment.js'
import { type VolumeFile, writeFiles } from './volume-files.js'

/**
 * ConfigMaps and Secrets as folders, each made once for all Pods that mount it in the same shape, read-only. The
 * entrypoint travels in a ConfigMap: without this every Pod would cost its copy. A folder's name is the object's uid and
 * version, so what changes gets a new folder and a started Pod keeps what it has.
 */
export interface SharedVolumes {
  /** The folder, held for `pod` until it lets go.  */
  hold(pod: string, identity: SharedIdentity, files: readonly VolumeFile[]): Promise<string>
  release(pod: string): Promise<void>
  /** Takes away what an engine before us left. Only while no container runs. */
  clear(): Promise<void>
}

export interface SharedIdentity {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly uid: string
  readonly resourceVersion: string
}

interface Shared {
  readonly kind: SharedIdentity['kind']
  readonly made: Promise<string>
  readonly holders: Set<string>
}

export function createSharedVolumes(options: { readonly rootDir: string }): SharedVolumes {
  const shared = new Map<string, Shared>()

  return {
    hold(pod, identity, files) {
      const shape = files.map(({ path, mode }) => [path, mode])
      const hash = createHash('sha256')
        .update(JSON.stringify([identity, shape]))
        .digest('hex')
        .slice(0, 32)
      let volume = shared.get(hash)
      if (volume === undefined) {
        volume = { kind: identity.kind, made: make(options.rootDir, pathSegment(hash), files), holders: new Set() }
        shared.set(hash, volume)
        // A failure is not kept: the next Pod tries again.
        volume.made.catch(() => shared.delete(hash))
      }
      volume.holders.add(pod)
      return volume.made
    },

    async release(pod) {
      for (const volume of shared.values()) volume.holders.delete(pod)
      // ConfigMaps are kept while few: the next Pod of the same pipeline comes soon. Secrets go at once.
      for (const [hash, volume] of shared) {
        if (volume.holders.size > 0 || (volume.kind === 'ConfigMap' && shared.size <= KEPT)) continue
        shared.delete(hash)
        await rm(await volume.made, { recursive: true, force: true })
      }
    },

    async clear() {
      shared.clear()
      await rm(options.rootDir, { recursive: true, force: true })
    },
  }
}

/** Folders kept although no Pod holds them. */
const KEPT = 64

/** A name of its own each time: one that is let go of may still be being deleted while the next Pod asks for it. */
async function make(rootDir: string, name: string, files: readonly VolumeFile[]): Promise<string> {
  const path = join(rootDir, `${name}-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(path, { recursive: true, mode: 0o755 })
    writeFiles(path, files)
    return path
  } catch (cause) {
    await rm(path, { recursive: true, force: true })
    throw new Error(`making shared volume ${path}`, { cause })
  }
}
