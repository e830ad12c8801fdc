/** A task's workspaces: which are bound to what, which volume and path each gets, and who sees it. */
import type { Volume, VolumeMount } from '../resources/core.js'
import type { TaskRun, WorkspaceBinding, WorkspaceDeclaration, WorkspaceUsage } from '../resources/tekton.js'
import { claimName, hashedName } from './names.js'
import type { FeatureFlags, Settings } from './settings.js'
import type { Replacements } from './substitute.js'
import { NOTHING } from './substitute.js'

export interface BoundWorkspace {
  readonly name: string
  /** The Pod's volume, `ws-<5 hex>`. Two workspaces on the same claim share one. */
  readonly volume: string
  /** Where it lies unless a step says otherwise. */
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly: boolean
  /** '' when the source is not a claim. */
  readonly claim: string
}

export interface BoundWorkspaces {
  /** In the order of the bindings. */
  readonly bound: readonly BoundWorkspace[]
  readonly volumes: readonly Volume[]
}

/** With an inline task the run's bindings declare themselves: the task need not repeat them. */
export function withPropagated(
  declared: readonly WorkspaceDeclaration[] | undefined,
  bindings: readonly WorkspaceBinding[],
): readonly WorkspaceDeclaration[] {
  const names = new Set(declared?.map(({ name }) => name))
  return [...(declared ?? []), ...bindings.filter(({ name }) => !names.has(name)).map(({ name }) => ({ name }))]
}

/** With the installation's binding for every workspace that the task requires and the run does not bind. */
export function withDefaultBindings(
  run: TaskRun,
  declared: readonly WorkspaceDeclaration[] | undefined,
  binding: Settings['taskRunWorkspaceBinding'],
): TaskRun {
  if (binding === undefined) return run
  const bindings = run.spec.workspaces ?? []
  const bound = new Set(bindings.map(({ name }) => name))
  const added = (declared ?? []).filter(({ name, optional }) => !optional && !bound.has(name))
  if (added.length === 0) return run
  const workspaces = [...bindings, ...added.map(({ name }) => ({ ...binding, name }))]
  return { ...run, spec: { ...run.spec, workspaces } }
}

/** What is wrong with the bindings, in Tekton's words; undefined when nothing is. */
export function workspaceProblem(
  declared: readonly WorkspaceDeclaration[],
  bindings: readonly WorkspaceBinding[],
  coschedule: FeatureFlags['coschedule'],
): string | undefined {
  const bound = new Set(bindings.map(({ name }) => name))
  const missing = declared.find(({ name, optional }) => !optional && !bound.has(name))
  if (missing) return `declared workspace "${missing.name}" is required but has not been bound`
  const known = new Set(declared.map(({ name }) => name))
  const extra = bindings.find(({ name }) => !known.has(name))
  if (extra) return `workspace binding "${extra.name}" does not match any declared workspace`
  // The affinity assistant can bring a Pod to one claim's node only.
  if (coschedule === 'workspaces') {
    const claims = bindings.map(one => one.persistentVolumeClaim?.claimName ?? (one.volumeClaimTemplate && one.name))
    if (new Set(claims.filter(claim => claim !== undefined)).size > 1) {
      return 'more than one PersistentVolumeClaim is bound'
    }
  }
  return undefined
}

/** The bindings of declared workspaces, as volumes and places. `ownerUid` names the claims that templates make. */
export function bindWorkspaces(
  declared: readonly WorkspaceDeclaration[],
  bindings: readonly WorkspaceBinding[],
  ownerUid: string,
): BoundWorkspaces {
  const bound: BoundWorkspace[] = []
  const volumes: Volume[] = []
  const byClaim = new Map<string, string>()
  for (const binding of bindings) {
    const declaration = declared.find(({ name }) => name === binding.name)
    if (declaration === undefined) continue
    const claim = claimOf(binding, ownerUid)
    const shared = byClaim.get(claim)
    const volume = shared ?? volumeName(binding.name, new Set(volumes.map(({ name }) => name)))
    if (shared === undefined) {
      volumes.push({ name: volume, ...sourceOf(binding, claim) })
      if (claim !== '') byClaim.set(claim, volume)
    }
    bound.push({
      name: binding.name,
      volume,
      mountPath: declaration.mountPath || `/workspace/${binding.name}`,
      ...(binding.subPath && { subPath: binding.subPath }),
      readOnly: declaration.readOnly ?? false,
      claim,
    })
  }
  return { bound, volumes }
}

/**
 * The mounts of one step or sidecar. A workspace that any of them lists in its `workspaces` is isolated: only those
 * that list it see it.
 */
export function workspaceMounts(
  { bound }: BoundWorkspaces,
  isolated: ReadonlySet<string>,
  usages: readonly WorkspaceUsage[] | undefined,
): readonly VolumeMount[] {
  return bound.flatMap(workspace => {
    const usage = usages?.find(({ name }) => name === workspace.name)
    if (isolated.has(workspace.name) && usage === undefined) return []
    const mount: VolumeMount = {
      name: workspace.volume,
      mountPath: usage?.mountPath || workspace.mountPath,
      ...(workspace.subPath && { subPath: workspace.subPath }),
      ...(workspace.readOnly && { readOnly: true }),
    }
    return [mount]
  })
}

export function isolatedWorkspaces(
  users: readonly { readonly workspaces?: readonly WorkspaceUsage[] }[],
): ReadonlySet<string> {
  return new Set(users.flatMap(user => user.workspaces?.map(({ name }) => name) ?? []))
}

/** `$(workspaces.…)` of the whole task. Of an optional workspace that is not bound everything but `bound` is ''. */
export function workspaceReplacements(
  declared: readonly WorkspaceDeclaration[],
  { bound }: BoundWorkspaces,
): Replacements {
  const strings = declared.flatMap(({ name }) => {
    const workspace = bound.find(one => one.name === name)
    return [
      [`workspaces.${name}.bound`, workspace ? 'true' : 'false'],
      [`workspaces.${name}.path`, workspace?.mountPath ?? ''],
      [`workspaces.${name}.claim`, workspace?.claim ?? ''],
      [`workspaces.${name}.volume`, workspace?.volume ?? ''],
    ] as const
  })
  return { ...NOTHING, strings: new Map(strings) }
}

/** Inside a step or sidecar that mounts a workspace elsewhere, its path is that place. */
export function usageReplacements(usages: readonly WorkspaceUsage[] | undefined): Replacements {
  const moved = usages?.flatMap(({ name, mountPath }) =>
    mountPath ? [[`workspaces.${name}.path`, mountPath] as const] : [],
  )
  return { ...NOTHING, strings: new Map(moved) }
}

function claimOf(binding: WorkspaceBinding, ownerUid: string): string {
  if (binding.persistentVolumeClaim) return binding.persistentVolumeClaim.claimName
  const template = binding.volumeClaimTemplate
  return template ? claimName(template.metadata?.name, binding.name, ownerUid) : ''
}

function sourceOf(binding: WorkspaceBinding, claim: string): Omit<Volume, 'name'> {
  const { emptyDir, persistentVolumeClaim, volumeClaimTemplate, configMap, secret, projected, csi } = binding
  if (volumeClaimTemplate) return { persistentVolumeClaim: { claimName: claim } }
  if (persistentVolumeClaim) return { persistentVolumeClaim }
  if (configMap) return { configMap }
  if (secret) return { secret }
  if (projected) return { projected }
  if (csi) return { csi }
  return { emptyDir: emptyDir ?? {} }
}

/** As Tekton: when two names meet, that name with a `$` behind it is hashed. */
function volumeName(workspace: string, taken: ReadonlySet<string>): string {
  let name = hashedName('ws', workspace, 5)
  while (taken.has(name)) name = hashedName('ws', `${name}$`, 5)
  return name
}
