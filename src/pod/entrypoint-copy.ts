/** For a Pod that may land on nodes of several architectures: our image, which a node gets in its own, copies the entrypoint. */
import type { Container, SecurityContext } from '../resources/core.js'
import { restrictedContext } from './pod-security.js'
import { BIN, ENTRYPOINT_PATH } from './volumes.js'

/** Of our image. */
const PROGRAM = '/entrypoint'

/** Has Tekton's name, so that resources which an installation gives to `prepare` are this one's. */
export function entrypointCopy(image: string, pod: SecurityContext | undefined): Container {
  return {
    name: 'prepare',
    image,
    command: [PROGRAM],
    args: ['-copy_to', ENTRYPOINT_PATH],
    volumeMounts: [{ name: BIN.name, mountPath: BIN.mountPath }],
    securityContext: restrictedContext(pod),
  }
}
