/** Who a container's process is, from the security contexts of container and Pod. */
import { imageName } from '../lib/image-name.js'
import type { Container, Pod } from '../resources/core.js'
import { imageShell } from './image-shell.js'

export interface Identity {
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly groups?: readonly number[]
}

/** Distroless' and Chainguard's user. */
const NOBODY = 65_532

/**
 * A string says why a kubelet refuses, in its words. The user of an image that is not used cannot be looked up: base
 * images are known to be root's, and any other that must not run as root gets an ordinary user.
 */
export function identityOf(pod: Pod, container: Container): Identity | string {
  const own = container.securityContext ?? {}
  const shared = pod.spec.securityContext ?? {}
  const user = own.runAsUser ?? shared.runAsUser
  const group = own.runAsGroup ?? shared.runAsGroup
  const nonRoot = own.runAsNonRoot ?? shared.runAsNonRoot ?? false
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  if (nonRoot && user === 0) return `container's runAsUser breaks non-root policy ${where}`
  if (nonRoot && user === undefined && isRootsImage(container.image)) {
    return `container has runAsNonRoot and image will run as root ${where}`
  }
  const chosen = user ?? (nonRoot ? NOBODY : undefined)
  const groups = [...(shared.fsGroup === undefined ? [] : [shared.fsGroup]), ...(shared.supplementalGroups ?? [])]
  return {
    ...(chosen === undefined ? {} : { runAsUser: chosen }),
    ...(group === undefined ? {} : { runAsGroup: group }),
    ...(groups.length === 0 ? {} : { groups }),
  }
}

function isRootsImage(image: string): boolean {
  const { owner } = imageName(image)
  return imageShell(image) !== undefined && owner !== 'chainguard'
}
