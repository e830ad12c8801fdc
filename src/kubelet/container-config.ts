import type { Container, Pod } from '../resources/core.js'
import type { ConfigReader } from './config-reader.js'
import { environmentOf } from './environment.js'
import { identityOf } from './identity.js'
import { mountsOf } from './mounts.js'
import type { ContainerConfig, Mount } from './runtime.js'
import type { MadeVolume } from './volumes.js'

/**
 * A container with everything resolved, or in a kubelet's words why it cannot be started yet.
 *
 * @param more mounts that every container of the Pod has
 */
export async function configureContainer(
  pod: Pod,
  container: Container,
  volumes: ReadonlyMap<string, MadeVolume>,
  more: readonly Mount[],
  baseEnv: Readonly<Record<string, string>>,
  read: ConfigReader,
): Promise<ContainerConfig | string> {
  const identity = identityOf(pod, container)
  if (typeof identity === 'string') return identity
  const environment = await environmentOf(pod, container, baseEnv, read)
  if (environment.kind === 'problem') return environment.problem.message
  const mounts = await mountsOf(container, volumes, environment.env)
  if (mounts.kind === 'problem') return mounts.message
  // A volume that the author mounts at the same path wins.
  const own = new Set(mounts.mounts.map(({ containerPath }) => containerPath))
  return {
    container: environment.container,
    env: environment.env,
    mounts: [...more.filter(({ containerPath }) => !own.has(containerPath)), ...mounts.mounts],
    ...identity,
  }
}
