import type { Container, Pod } from '../resources/core.js'
import type { ConfigReader } from './config-reader.js'
import { environmentOf } from './environment.js'
import { mountsOf } from './mounts.js'
import type { ContainerConfig } from './runtime.js'
import type { MadeVolume } from './volumes.js'

/** A container with everything resolved, or in a kubelet's words why it cannot be started yet. */
export async function configureContainer(
  pod: Pod,
  container: Container,
  volumes: ReadonlyMap<string, MadeVolume>,
  baseEnv: Readonly<Record<string, string>>,
  read: ConfigReader,
): Promise<ContainerConfig | string> {
  const mounts = await mountsOf(container, volumes)
  if (mounts.kind === 'problem') return mounts.message
  const environment = await environmentOf(pod, container, baseEnv, read)
  if (environment.kind === 'problem') return environment.problem.message
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser
  const group = container.securityContext?.runAsGroup ?? pod.spec.securityContext?.runAsGroup
  return {
    container: environment.container,
    env: environment.env,
    mounts: mounts.mounts,
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(group === undefined ? {} : { runAsGroup: group }),
  }
}
