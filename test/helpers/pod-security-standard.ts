/**
 * The restricted profile of Kubernetes' Pod Security Standards, v1.32, as their page and k8s.io/pod-security-admission/policy
 * say it. Baseline is part of it.
 */
import type { Container, PodSpec, SecurityContext } from '../../src/resources/core.js'
import { asRecord } from '../../src/resources/shape.js'

const VOLUME_KINDS: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

/** Everything for which the namespace's admission would refuse the Pod. */
export function restrictedProblems(spec: PodSpec): readonly string[] {
  const pod = spec.securityContext ?? {}
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(field => asRecord(spec)[field] === true),
    ...(spec.volumes ?? []).flatMap(({ name, ...source }) =>
      Object.keys(source)
        .filter(kind => !VOLUME_KINDS.has(kind))
        .map(kind => `volume ${name} is a ${kind}`),
    ),
    ...(Object.keys(asRecord(pod['sysctls'])).length > 0 ? ['sysctls'] : []),
    ...(pod.runAsUser === 0 ? ['the Pod runs as root'] : []),
    ...containers.flatMap(one => containerProblems(one, pod).map(problem => `${one.name}: ${problem}`)),
  ]
}

/** Of one container; `pod` is what the Pod says for all. */
export function containerProblems(
  { securityContext = {}, ports = [] }: Container,
  pod: SecurityContext,
): readonly string[] {
  const { add, drop } = asRecord(securityContext['capabilities'])
  const seccomp = asRecord(securityContext['seccompProfile'] ?? pod['seccompProfile'])['type']
  const added = Array.isArray(add) ? add.filter(one => one !== 'NET_BIND_SERVICE') : []
  return [
    ...(securityContext.privileged ? ['privileged'] : []),
    ...(securityContext.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation is not false']),
    ...(Array.isArray(drop) && drop.includes('ALL') ? [] : ['capabilities.drop is not ALL']),
    ...(added.length === 0 ? [] : [`capabilities.add is ${added.join()}`]),
    ...((securityContext.runAsNonRoot ?? pod.runAsNonRoot) === true ? [] : ['runAsNonRoot is not true']),
    ...((securityContext.runAsUser ?? pod.runAsUser) === 0 ? ['runs as root'] : []),
    ...(seccomp === 'RuntimeDefault' || seccomp === 'Localhost' ? [] : ['seccompProfile is none']),
    ...((securityContext['procMount'] ?? 'Default') === 'Default' ? [] : ['procMount']),
    ...(ports.some(port => asRecord(port)['hostPort']) ? ['hostPort'] : []),
  ]
}
