/** Tekton's way to ask a sidecar to stop: its image gives way to one that ends at once. */
import { STOPPED_SIDECARS_ANNOTATION } from './annotations.js'
import { type Container, NOP_IMAGE, type Pod } from './core.js'

/** The Pod says so itself, since the image that does it may be another after an upgrade. */
export function isAskedToStop({ metadata }: Pod, { name, image }: Pick<Container, 'name' | 'image'>): boolean {
  return image === NOP_IMAGE || named(metadata).includes(name)
}

/** @param image a real kubelet has to be able to pull it; where it cannot, it still ends what ran */
export function withStoppedSidecars(pod: Pod, containers: readonly string[], image: string): Pod {
  const asked = [...new Set([...named(pod.metadata), ...containers])].join(',')
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [STOPPED_SIDECARS_ANNOTATION]: asked } },
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(one => (containers.includes(one.name) ? { ...one, image } : one)),
    },
  }
}

function named({ annotations }: Pod['metadata']): readonly string[] {
  return annotations?.[STOPPED_SIDECARS_ANNOTATION]?.split(',') ?? []
}
