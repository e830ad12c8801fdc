/** What the restricted profile of Kubernetes' Pod Security Standards asks of a container. */
import type { Container, SecurityContext } from '../resources/core.js'
import { asRecord } from '../resources/shape.js'

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

/**
 * Fills in what a container leaves unsaid, in a namespace that would refuse the Pod otherwise. What it does say stands, so
 * that who asks for more is refused, and told so.
 *
 * @param pod the Pod's own security context, which holds for all of its containers
 */
export function withRestricted(container: Container, pod: SecurityContext = {}): Container {
  const own = container.securityContext ?? {}
  const capabilities = asRecord(own['capabilities'])
  const saysNoUser = (own.runAsNonRoot ?? pod.runAsNonRoot) === undefined && (own.runAsUser ?? pod.runAsUser) !== 0
  return {
    ...container,
    securityContext: {
      ...own,
      ...(own.allowPrivilegeEscalation === undefined && !escalates(own) && { allowPrivilegeEscalation: false }),
      ...(capabilities['drop'] === undefined && { capabilities: { ...capabilities, drop: ['ALL'] } }),
      ...(saysNoUser && { runAsNonRoot: true }),
      ...(!(own['seccompProfile'] ?? pod['seccompProfile']) && { seccompProfile: { type: 'RuntimeDefault' } }),
    },
  }
}

/** The API server takes these for a contradiction, and would say that instead of what the profile has against them. */
function escalates(own: SecurityContext): boolean {
  const added = asRecord(own['capabilities'])['add']
  return own['privileged'] === true || (Array.isArray(added) && added.some(name => /^(CAP_)?SYS_ADMIN$/.test(name)))
}
