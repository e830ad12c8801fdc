/** The volumes and mounts that every Pod of ours has, whatever its task says. */
import { READY_ANNOTATION } from '../resources/annotations.js'
import type { Volume, VolumeMount } from '../resources/core.js'
import type { EntrypointPlace } from './entrypoint-place.js'

const ENTRYPOINT_FILE = 'entrypoint'
export const ENTRYPOINT_PATH = `/tekton/bin/${ENTRYPOINT_FILE}`
export const CANCEL_ANNOTATION = 'tekton.dev/cancel'
export const READY_PATH = '/tekton/downward/ready'
export const CANCEL_PATH = '/tekton/downward/cancel'

const EXECUTABLE = 0o555
const SHARED: readonly VolumeMount[] = [
  { name: 'tekton-internal-workspace', mountPath: '/workspace' },
  { name: 'tekton-internal-home', mountPath: '/tekton/home' },
  { name: 'tekton-internal-results', mountPath: '/tekton/results' },
  { name: 'tekton-internal-artifacts', mountPath: '/tekton/artifacts' },
]
export const BIN: VolumeMount = { name: 'tekton-internal-bin', mountPath: '/tekton/bin', readOnly: true }
const RUN: VolumeMount = { name: 'tekton-internal-run', mountPath: '/tekton/run', readOnly: true }
export const STEPS_FOLDER = '/tekton/steps'
const STEPS: VolumeMount = { name: 'tekton-internal-steps', mountPath: STEPS_FOLDER, readOnly: true }
const DOWNWARD: VolumeMount = { name: 'tekton-internal-downward', mountPath: '/tekton/downward', readOnly: true }

/** Where step `index` posts that it has ended. */
export function runFolder(index: number): string {
  return `${RUN.mountPath}/${index}`
}

/** Where a step's exit code and results are, and where the next ones read them. */
export function stepFolder(container: string): string {
  return `${STEPS.mountPath}/${container}`
}

/** Under which the ConfigMap has the entrypoint of an architecture. */
export function entrypointKey(architecture: string): string {
  return `${ENTRYPOINT_FILE}-${architecture}`
}

/** @param configMap name of the one that carries the entrypoint's binaries */
export function implicitVolumes(configMap: string, place: EntrypointPlace): readonly Volume[] {
  return [
    ...[...SHARED, RUN, STEPS].map(({ name }) => ({ name, emptyDir: {} })),
    place.is === 'configMap'
      ? {
          name: BIN.name,
          configMap: {
            name: configMap,
            defaultMode: EXECUTABLE,
            items: [{ key: entrypointKey(place.architecture), path: ENTRYPOINT_FILE }],
          },
        }
      : { name: BIN.name, emptyDir: {} },
    {
      name: DOWNWARD.name,
      downwardAPI: {
        items: [
          { path: 'ready', fieldRef: { fieldPath: `metadata.annotations['${READY_ANNOTATION}']` } },
          { path: 'cancel', fieldRef: { fieldPath: `metadata.annotations['${CANCEL_ANNOTATION}']` } },
        ],
      },
    },
  ]
}

/**
 * What all steps post and leave can be read by all, and written by none but its own step, whose folders lie over the
 * read-only whole: no step can forge the word or the results of another. Four mounts, however many steps there are.
 *
 * @param containers of all steps
 * @param byNumber the step looks for folders of steps by number too, which Tekton has as links
 */
export function implicitMounts(
  index: number,
  containers: readonly string[],
  byNumber: boolean,
): readonly VolumeMount[] {
  const container = containers[index] ?? ''
  return [
    ...SHARED,
    BIN,
    DOWNWARD,
    RUN,
    { name: RUN.name, mountPath: runFolder(index), subPath: String(index) },
    ...(byNumber
      ? containers.flatMap((name, number) => stepFolders(name, number, number === index))
      : [STEPS, { name: STEPS.name, mountPath: stepFolder(container), subPath: container }]),
  ]
}

/** No kubelet makes links in a volume: a folder under two names is mounted twice. */
function stepFolders(container: string, number: number, isOwn: boolean): readonly VolumeMount[] {
  const mount = { name: STEPS.name, subPath: container, ...(!isOwn && { readOnly: true }) }
  return [stepFolder(container), stepFolder(String(number))].map(mountPath => ({ ...mount, mountPath }))
}

/** Whether texts name the folders of steps other than by the steps' names: `/tekton/steps/0`, `/tekton/steps/$i`. */
export function namesStepsByNumber(texts: readonly string[]): boolean {
  return texts.some(text => /\/tekton\/steps(?!\/step-)/.test(text))
}

/** Mounts that a container declares itself win over ours at the same path. They come last: they may lie inside one of ours. */
export function withMounts(own: readonly VolumeMount[], more: readonly VolumeMount[]): readonly VolumeMount[] {
  const taken = new Set(own.map(({ mountPath }) => clean(mountPath)))
  return [...more.filter(({ mountPath }) => !taken.has(clean(mountPath))), ...own]
}

/** The first name that two volumes share: such a Pod would be refused. */
export function duplicateVolume(volumes: readonly Volume[]): string | undefined {
  const names = volumes.map(({ name }) => name)
  return names.find((name, index) => names.indexOf(name) !== index)
}

function clean(path: string): string {
  return path.replace(/\/+$/, '').replace(/\/{2,}/g, '/')
}
