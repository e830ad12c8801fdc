/** The volumes and mounts that every Pod of ours has, whatever its task says. */
import type { Volume, VolumeMount } from '../resources/core.js'

export const ENTRYPOINT_KEY = 'entrypoint'
export const ENTRYPOINT_PATH = `/tekton/bin/${ENTRYPOINT_KEY}`
export const READY_ANNOTATION = 'tekton.dev/ready'
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
const BIN: VolumeMount = { name: 'tekton-internal-bin', mountPath: '/tekton/bin', readOnly: true }
const DOWNWARD: VolumeMount = { name: 'tekton-internal-downward', mountPath: '/tekton/downward', readOnly: true }

/** Where step `index` posts that it has ended. */
export function runFolder(index: number): string {
  return `/tekton/run/${index}`
}

/** @param entrypoint name of the ConfigMap that carries the entrypoint binary */
export function implicitVolumes(steps: number, entrypoint: string): readonly Volume[] {
  return [
    ...SHARED.map(({ name }) => ({ name, emptyDir: {} })),
    { name: BIN.name, configMap: { name: entrypoint, defaultMode: EXECUTABLE } },
    {
      name: DOWNWARD.name,
      downwardAPI: {
        items: [
          { path: 'ready', fieldRef: { fieldPath: `metadata.annotations['${READY_ANNOTATION}']` } },
          { path: 'cancel', fieldRef: { fieldPath: `metadata.annotations['${CANCEL_ANNOTATION}']` } },
        ],
      },
    },
    ...Array.from({ length: steps }, (_, index) => ({ name: runVolume(index), emptyDir: {} })),
  ]
}

/**
 * A step's own. Its folder in /tekton/run is also its folder in /tekton/steps: there is no link to make, and as each
 * is writable in its own step only, no step can forge the word or the results of another.
 */
export function implicitMounts(index: number, containers: readonly string[]): readonly VolumeMount[] {
  const folders = containers.flatMap((container, of) => {
    const readOnly = of === index ? {} : { readOnly: true }
    return [
      { name: runVolume(of), mountPath: runFolder(of), ...readOnly },
      { name: runVolume(of), mountPath: `/tekton/steps/${container}`, ...readOnly },
    ]
  })
  return [...SHARED, BIN, DOWNWARD, ...folders]
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

function runVolume(index: number): string {
  return `tekton-internal-run-${index}`
}

function clean(path: string): string {
  return path.replace(/\/+$/, '').replace(/\/{2,}/g, '/')
}
