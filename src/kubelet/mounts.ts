import { chmod, lstat, mkdir, open, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
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
    const hostPath = subPath ? await resolveSubPath(volume, subPath) : volume.hostPath
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
async function resolveSubPath({ hostPath, view = hostPath }: MadeVolume, subPath: string): Promise<string | undefined> {
  if (!isInside(subPath)) return undefined
  const root = await realPath(view)
  const seen = (path: string): string => join(view, relative(root, path))
  let path = root
  for (const segment of subPath.split('/').filter(part => part !== '' && part !== '.')) {
    const next = join(path, segment)
    try {
      const info = await lstat(seen(next))
      path = info.isSymbolicLink() ? await realPath(seen(next)) : next
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        throw new Error(`looking at ${next}`, { cause: error })
      }
      if (await isLink(seen(next))) return undefined // one that leads nowhere
      await mkdir(seen(next), { recursive: true })
      // As a kubelet: who may write in the volume may write in its folder, whatever our umask is.
      await chmod(seen(next), (await lstat(seen(path))).mode & 0o7777)
      path = next
    }
    if (path !== root && !path.startsWith(`${root}/`)) return undefined
  }
  return path
}

/** `realpath` would take a way through /proc for a link to our own root: the kernel is asked what it has opened. */
async function realPath(path: string): Promise<string> {
  const opened = await open(path, PATH_ONLY)
  try {
    return await readlink(`/proc/self/fd/${opened.fd}`)
  } finally {
    await opened.close()
  }
}

/** O_PATH: nothing is read, and a pipe is not waited for. The same on every machine that Node runs on. */
const PATH_ONLY = 0o10000000

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    info => info.isSymbolicLink(),
    () => false,
  )
}
