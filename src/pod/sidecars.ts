/** Sidecars run as they are: not wrapped by the entrypoint, not waited for, seen by the first step through readiness. */
import type { Container } from '../resources/core.js'
import type { Sidecar, TaskRunSpec } from '../resources/tekton.js'
import { sidecarContainerName } from '../run/task-variables.js'
import { type BoundWorkspaces, workspaceMounts } from '../run/workspaces.js'
import { mergeResources } from './compute-resources.js'
import { SCRIPTS_MOUNT, sidecarScriptPath } from './scripts.js'
import { withMounts } from './volumes.js'

export function sidecarContainers(
  sidecars: readonly Sidecar[],
  overrides: TaskRunSpec['sidecarSpecs'],
  workspaces: BoundWorkspaces,
  isolated: ReadonlySet<string>,
): readonly Container[] {
  return sidecars.map((sidecar, index) => {
    const { script, workspaces: usages, computeResources, name, volumeMounts, volumeDevices: _, ...container } = sidecar
    const override = overrides?.find(one => one.name === name)?.computeResources
    const resources = mergeResources(computeResources, override)
    const mounts = withMounts(volumeMounts ?? [], [
      ...workspaceMounts(workspaces, isolated, usages),
      ...(script ? [SCRIPTS_MOUNT] : []),
    ])
    return {
      ...container,
      name: sidecarContainerName(sidecar),
      ...(script && { command: [sidecarScriptPath(index)] }),
      ...(resources && { resources }),
      ...(mounts.length > 0 && { volumeMounts: mounts }),
    }
  })
}
