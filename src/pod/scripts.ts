/**
 * Scripts travel as annotations of the Pod and reach its containers through a downward-API volume: no init container
 * has to write them, and nothing on the way expands `$(…)` or backticks.
 */
import type { ConfigMap, KeyToPath, Volume, VolumeMount } from '../resources/core.js'
import type { New, OwnerReference } from '../resources/meta.js'
import type { TaskSpec } from '../resources/tekton.js'
import { childName } from '../run/names.js'

export const SCRIPTS_VOLUME = 'tekton-internal-scripts'
export const SCRIPTS_MOUNT: VolumeMount = { name: SCRIPTS_VOLUME, mountPath: '/tekton/scripts', readOnly: true }

/** All annotations of an object together may be 256 KiB; what is left is for those that are not ours. */
const MAX_ANNOTATION_BYTES = 200 * 1024
const ANNOTATION_PREFIX = 'tektite.dev/'
const EXECUTABLE = 0o555

export interface Scripts {
  readonly annotations: Readonly<Record<string, string>>
  /** None when the task has no scripts. */
  readonly volume: Volume | undefined
  /** Only for scripts too large to be annotations. */
  readonly configMap: New<ConfigMap> | undefined
}

export function stepScriptPath(index: number): string {
  return `${SCRIPTS_MOUNT.mountPath}/${stepFile(index)}`
}

export function sidecarScriptPath(index: number): string {
  return `${SCRIPTS_MOUNT.mountPath}/${sidecarFile(index)}`
}

/**
 * @param annotations those the Pod has anyway: they count against the same limit
 * @param owner of the ConfigMap, if one is needed. It is the TaskRun and not the Pod: the Pod has no uid yet, and all
 * attempts read the same scripts.
 */
export function collectScripts(
  task: TaskSpec,
  pod: { readonly namespace: string; readonly name: string },
  annotations: Readonly<Record<string, string>>,
  owner: OwnerReference,
): Scripts {
  const files = new Map<string, string>()
  for (const [index, step] of task.steps.entries())
    if (step.script) files.set(stepFile(index), withShebang(step.script))
  for (const [index, sidecar] of (task.sidecars ?? []).entries()) {
    if (sidecar.script) files.set(sidecarFile(index), withShebang(sidecar.script))
  }
  if (files.size === 0) return { annotations: {}, volume: undefined, configMap: undefined }
  const own = Object.fromEntries([...files].map(([file, text]) => [ANNOTATION_PREFIX + file, text]))
  if (bytesOf(annotations) + bytesOf(own) > MAX_ANNOTATION_BYTES) return inConfigMap(files, pod, owner)
  const items = [...files.keys()].map(file => ({
    path: file,
    fieldRef: { fieldPath: `metadata.annotations['${ANNOTATION_PREFIX}${file}']` },
  }))
  const volume = { name: SCRIPTS_VOLUME, downwardAPI: { defaultMode: EXECUTABLE, items } }
  return { annotations: own, volume, configMap: undefined }
}

function inConfigMap(
  files: ReadonlyMap<string, string>,
  pod: { readonly namespace: string; readonly name: string },
  owner: OwnerReference,
): Scripts {
  const name = childName(pod.name, '-scripts')
  const items: KeyToPath[] = [...files.keys()].map(file => ({ key: file, path: file }))
  return {
    annotations: {},
    volume: { name: SCRIPTS_VOLUME, configMap: { name, defaultMode: EXECUTABLE, items } },
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: pod.namespace, name, ownerReferences: [owner] },
      immutable: true,
      data: Object.fromEntries(files),
    },
  }
}

/** Blank lines before a `#!` still count as having one. They go: the kernel looks for it in the first two bytes only. */
function withShebang(script: string): string {
  const trimmed = script.trimStart()
  return trimmed.startsWith('#!') ? trimmed : `#!/bin/sh\nset -e\n${script}`
}

function stepFile(index: number): string {
  return `script-${index}`
}

function sidecarFile(index: number): string {
  return `sidecar-script-${index}`
}

function bytesOf(annotations: Readonly<Record<string, string>>): number {
  return new TextEncoder().encode(Object.entries(annotations).flat().join('')).length
}
