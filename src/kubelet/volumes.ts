/**
 * A Pod's volumes as folders. emptyDir, projected and downwardAPI lie in the Pod's own folder and go with it;
 * ConfigMaps and Secrets are shared (shared-volumes.ts); claims outlive Pods.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../cluster/cluster.js'
import { pathSegment } from '../lib/path-segment.js'
import type { DownwardAPIItem, PersistentVolumeClaim, Pod, Volume, VolumeProjection } from '../resources/core.js'
import type { ConfigReader } from './config-reader.js'
import { notFound } from './environment.js'
import { fieldValue } from './field-ref.js'
import { openHostPath } from './host-path.js'
import type { SharedVolumes } from './shared-volumes.js'
import { DEFAULT_FILE_MODE, filesOf, isInside, replaceFile, type VolumeFile, writeFiles } from './volume-files.js'

export interface MadeVolume {
  readonly hostPath: string
  /** Where this process finds it, if elsewhere. */
  readonly view?: string
  readonly readOnly: boolean
}

export type Made =
  | { readonly kind: 'made'; readonly volumes: ReadonlyMap<string, MadeVolume> }
  /** Nothing of the Pod starts until this is mended. The words are a kubelet's. */
  | { readonly kind: 'problem'; readonly message: string }
  /** As a scheduler says it: the Pod waits for a claim. */
  | { readonly kind: 'unschedulable'; readonly message: string }

export interface VolumeDeps {
  readonly cluster: Cluster
  readonly read: ConfigReader
  readonly shared: SharedVolumes
  /** Holds the claims' folders. */
  readonly claimsDir: string
  /** For a claim that stands for a folder of this machine. */
  readonly folderOfClaim?: FolderOfClaim
  /** For texts that a container will run, where paths have to be rewritten (rewrite.ts). */
  readonly rewrite: (text: string) => string
}

export type FolderOfClaim = (
  claim: PersistentVolumeClaim,
) => { readonly path: string; readonly view?: string } | undefined

type OneMade = MadeVolume | { readonly problem: string } | { readonly unschedulable: string }

/** Makes the volumes that some container mounts. Safe to repeat. */
export async function makeVolumes(pod: Pod, podDir: string, deps: VolumeDeps): Promise<Made> {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const mounted = new Set(containers.flatMap(container => container.volumeMounts ?? []).map(mount => mount.name))
  const wanted = (pod.spec.volumes ?? []).filter(volume => mounted.has(volume.name))
  if (wanted.length > 0) mkdirSync(join(podDir, 'volumes'), { recursive: true, mode: 0o755 })
  const made = await Promise.all(wanted.map(volume => makeVolume(pod, volume, volumeDir(podDir, volume.name), deps)))
  const volumes = new Map<string, MadeVolume>()
  for (const [index, one] of made.entries()) {
    const name = wanted[index]?.name ?? ''
    if ('unschedulable' in one) return { kind: 'unschedulable', message: one.unschedulable }
    if ('problem' in one) {
      return { kind: 'problem', message: `MountVolume.SetUp failed for volume "${name}" : ${one.problem}` }
    }
    volumes.set(name, one)
  }
  return { kind: 'made', volumes }
}

/**
 * Brings the files that show the Pod's own metadata up to date: a step waits for its annotation to appear in one. Each
 * file is replaced by a rename, which wakes a watch on the folder.
 */
export function refreshDownward(
  before: Pod | undefined,
  pod: Pod,
  podDir: string,
  deps: Pick<VolumeDeps, 'rewrite'>,
): void {
  for (const volume of pod.spec.volumes ?? []) {
    const projected = (volume.projected?.sources ?? []).flatMap(source => source.downwardAPI?.items ?? [])
    const mode = volume.downwardAPI?.defaultMode ?? volume.projected?.defaultMode ?? DEFAULT_FILE_MODE
    for (const item of [...(volume.downwardAPI?.items ?? []), ...projected]) {
      const path = item.fieldRef?.fieldPath ?? ''
      const value = fieldValue(pod, path)
      if (value === undefined || !isInside(item.path)) continue
      if (before !== undefined && value === fieldValue(before, path)) continue
      replaceFile(volumeDir(podDir, volume.name), downwardFile(item, value, mode, deps.rewrite))
    }
  }
}

function volumeDir(podDir: string, volume: string): string {
  return join(podDir, 'volumes', pathSegment(volume))
}

async function makeVolume(pod: Pod, volume: Volume, dir: string, deps: VolumeDeps): Promise<OneMade> {
  const { configMap, secret, projected, downwardAPI, persistentVolumeClaim, hostPath } = volume
  if (configMap !== undefined) return makeShared(pod, 'ConfigMap', configMap.name, configMap, dir, deps)
  if (secret !== undefined) return makeShared(pod, 'Secret', secret.secretName, secret, dir, deps)
  if (persistentVolumeClaim !== undefined) {
    return makeClaim(pod, persistentVolumeClaim.claimName, persistentVolumeClaim.readOnly === true, deps)
  }
  if (downwardAPI !== undefined) {
    const mode = downwardAPI.defaultMode ?? DEFAULT_FILE_MODE
    return makeFiles(dir, downwardFiles(pod, downwardAPI.items ?? [], mode, deps.rewrite))
  }
  if (projected !== undefined) {
    const mode = projected.defaultMode ?? DEFAULT_FILE_MODE
    const all: VolumeFile[] = []
    for (const source of projected.sources) {
      const files = await projectedFiles(pod, source, mode, deps)
      if (typeof files === 'string') return { problem: files }
      all.push(...files)
    }
    return makeFiles(dir, all)
  }
  if (hostPath !== undefined) {
    const problem = openHostPath(hostPath)
    return problem === undefined ? { hostPath: hostPath.path, readOnly: false } : { problem }
  }
  const foreign = Object.keys(volume).find(key => !OWN_FOLDER.has(key))
  if (foreign !== undefined) {
    return {
      problem: `volumes of type ${foreign} need a cluster; use a persistentVolumeClaim, an emptyDir or a hostPath`,
    }
  }
  mkdirSync(dir, { recursive: true })
  // Whatever user a container runs as, and whatever our umask is. Only root can run it as another than ourselves.
  if (process.geteuid?.() === 0) {
    const group = pod.spec.securityContext?.fsGroup
    if (group !== undefined) chownSync(dir, -1, group)
    // What is made in it has the group too.
    chmodSync(dir, group === undefined ? 0o777 : 0o2777)
  }
  return { hostPath: dir, readOnly: false }
}

/** An emptyDir; what a volume without a source is; and a claim that lives as long as its Pod, which is no more than that. */
const OWN_FOLDER = new Set(['name', 'emptyDir', 'ephemeral'])

interface Shape {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[]
  readonly defaultMode?: number
  readonly optional?: boolean
}

async function makeShared(
  pod: Pod,
  kind: 'ConfigMap' | 'Secret',
  name: string,
  shape: Shape,
  dir: string,
  deps: VolumeDeps,
): Promise<OneMade> {
  const object = await deps.read(kind, name)
  if (object === undefined) {
    return shape.optional === true ? makeFiles(dir, []) : { problem: notFound(kind, name) }
  }
  const files = filesOf(object.bytes, shape.items, shape.defaultMode ?? DEFAULT_FILE_MODE, shape.optional === true)
  if (typeof files === 'string') return { problem: files }
  const { uid, resourceVersion } = object
  const hostPath = await deps.shared.hold(pod.metadata.uid, { kind, uid, resourceVersion }, files)
  return { hostPath, readOnly: true }
}

function makeFiles(dir: string, files: readonly VolumeFile[] | string): OneMade {
  if (typeof files === 'string') return { problem: files }
  mkdirSync(dir, { recursive: true, mode: 0o755 })
  writeFiles(dir, files)
  return { hostPath: dir, readOnly: true }
}

async function makeClaim(pod: Pod, claim: string, readOnly: boolean, deps: VolumeDeps): Promise<OneMade> {
  const found = await deps.cluster.get('PersistentVolumeClaim', { namespace: pod.metadata.namespace, name: claim })
  if (found === undefined) return { unschedulable: `persistentvolumeclaim "${claim}" not found` }
  const own = deps.folderOfClaim?.(found)
  if (own !== undefined) return { hostPath: own.path, ...(own.view !== undefined && { view: own.view }), readOnly }
  const hostPath = claimDir(deps.claimsDir, found.metadata)
  mkdirSync(hostPath, { recursive: true })
  chmodSync(hostPath, 0o777)
  return { hostPath, readOnly }
}

/** By uid too: a claim that was deleted and made again is empty. */
export function claimDir(
  claimsDir: string,
  claim: { readonly namespace: string; readonly name: string; readonly uid: string },
): string {
  return join(claimsDir, pathSegment(claim.namespace), pathSegment(claim.name), pathSegment(claim.uid))
}

function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIItem[],
  mode: number,
  rewrite: (text: string) => string,
): readonly VolumeFile[] | string {
  const files: VolumeFile[] = []
  for (const item of items) {
    const fieldPath = item.fieldRef?.fieldPath ?? ''
    const value = fieldValue(pod, fieldPath)
    if (value === undefined) return `field path "${fieldPath}" is not supported`
    if (!isInside(item.path)) return `path "${item.path}" must be relative and must not contain ".."`
    files.push(downwardFile(item, value, mode, rewrite))
  }
  return files
}

function downwardFile(
  item: DownwardAPIItem,
  value: string,
  mode: number,
  rewrite: (text: string) => string,
): VolumeFile {
  return { path: item.path, bytes: rewrite(value), mode: item.mode ?? mode }
}

async function projectedFiles(
  pod: Pod,
  source: VolumeProjection,
  mode: number,
  deps: VolumeDeps,
): Promise<readonly VolumeFile[] | string> {
  if (source.downwardAPI !== undefined) return downwardFiles(pod, source.downwardAPI.items ?? [], mode, deps.rewrite)
  if (source.serviceAccountToken !== undefined) return 'serviceAccountToken needs a cluster; use a secret'
  const from = source.secret ?? source.configMap
  if (from?.name === undefined) return []
  const kind = source.secret === undefined ? 'ConfigMap' : 'Secret'
  const object = await deps.read(kind, from.name)
  if (object === undefined) return from.optional === true ? [] : notFound(kind, from.name)
  return filesOf(object.bytes, from.items, mode, from.optional === true)
}
