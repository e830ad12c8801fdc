import type { Cluster } from '../cluster/cluster.js'
import type { Key } from '../resources/meta.js'
import type { TaskRun } from '../resources/tekton.js'
import { createPodMaskers } from './pod-maskers.js'

export interface TailDeps {
  readonly cluster: Pick<Cluster, 'get'>
  /** The end of a container's output, as its kubelet has it; '' when there is nothing to be had. */
  readonly logTail: (pod: Key, container: string, maxBytes: number) => Promise<string>
}

/**
 * The end of a step's output out of its Pod, without what the Pod's Secrets hold. Once the Pod is gone, there is nothing; and
 * where its Secrets cannot be read, nothing is shown.
 */
export function maskedTail({ cluster, logTail }: TailDeps) {
  const maskerFor = createPodMaskers(cluster)
  return async ({ metadata: { namespace }, status }: TaskRun, container: string, maxBytes: number): Promise<string> => {
    const name = status?.podName
    const pod = name ? await cluster.get('Pod', { namespace, name }) : undefined
    if (pod === undefined) return ''
    const text = await logTail(pod.metadata, container, maxBytes)
    if (text === '') return ''
    const masker = await maskerFor(pod).catch(() => undefined)
    if (masker === undefined) return ''
    return Buffer.concat([masker.write(Buffer.from(text)), masker.end()]).toString('utf8')
  }
}
