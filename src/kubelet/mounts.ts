import { chmod, lstat, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container } from '../resources/core.js'
import { expand } from './expand.js'
import type { Mount } from './runtime.js'
import { isInside } from './volume-files.js'
import type { MadeVolume } from './volumes.js'

export type Mounts =
  | { readonly kind: 'mounts'; readonly mounts: readonly Mount[] }
  | { readonly kind: 'problem'; readonly message: string }

/** Where each of a container's mounts lies, its subPath made and checked. */
export async function mountsOf(
  container: Container,
  volumes: ReadonlyMap<string, MadeVolume>,
  env: Readonly<Record<string, string>>,
): Promise<Mounts> {
  const mounts: Mount[] = []
  for (const { name, mountPath, subPath: fixed, subPathExpr, readOnly } of container.volumeMounts ?? []) {
    const subPath = fixed || (subPathExpr && expand(subPathExpr, env))
    const volume = volumes.get(name)
    if (volume === undefined) return { kind: 'problem', message: `volumeMount "${name}" names no volume of the Pod` }
    const hostPath = subPath ? await resolveSubPath(volume.hostPath, subPath) : volume.hostPath
    if (hostPath === undefined) {
      const message = `failed to create subPath directory for volumeMount "${name}" of container "${container.name}": subPath "${subPath}" leads out of the volume`
      return { kind: 'problem', message }
    }
    mounts.push({ hostPath, containerPath: mountPath, readOnly: volume.readOnly || readOnly === true })
  }
  return { kind: 'mounts', mounts }
}

/**
 * Segment by segment, because what lies in a volume is a step's work: a link is followed only where it stays inside,
 * and a missing folder is made only after that was checked.
 */
async function resolveSubPath(volumePath: string, subPath: string): Promise<string | undefined> {
  if (!isInside(subPath)) return undefined
  const root = await realpath(volumePath)
  let path = root
  for (const segment of subPath.split('/').filter(part => part !== '' && part !== '.')) {
    const next = join(path, segment)
    try {
      const info = await lstat(next)
      path = info.isSymbolicLink() ? await realpath(next) : next
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        throw new Error(`looking at ${next}`, { cause: error })
      }
      if (await isLink(next)) return undefined // one that leads nowhere
      await mkdir(next, { recursive: true })
      // As a kubelet: who may write in the volume may write in its folder, whatever our umask is.
      await chmod(next, (await lstat(path)).mode & 0o7777)
      path = next
    }
    if (path !== root && !path.startsWith(`${root}/`)) return undefined
  }
  return path
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    info => info.isSymbolicLink(),
    () => false,
  )
}
