/** What the restricted profile of Kubernetes' Pod Security Standards asks of a container. */
import type { SecurityContext } from '../resources/core.js'

/**
 * Of a container of ours, which needs no rights at all.
 *
 * @param pod the Pod's own security context. One that makes all containers root is not contradicted: the kubelet would
 * not start the container.
 */
export function restrictedContext(pod: SecurityContext | undefined): SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    ...(pod?.runAsUser !== 0 && { runAsNonRoot: true }),
    seccompProfile: { type: 'RuntimeDefault' },
  }
}
