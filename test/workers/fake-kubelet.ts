/** A kubelet without processes: a test says what each Pod comes to, and its status is written as a kubelet would. */
import type { Cluster } from '../../src/cluster/cluster.js'
import type { Pod, PodStatus } from '../../src/resources/core.js'
import { containerStatus, exited, running } from '../helpers/task-run-world.js'
import { until } from '../kubelet/until.js'

const key = (name: string) => ({ namespace: 'default', name })

/** Waits for a Pod, which the engine makes. */
export function podNamed(cluster: Cluster, name: string): Promise<Pod> {
  return until(`Pod ${name}`, () => cluster.get('Pod', key(name)))
}

export async function startPod(cluster: Cluster, name: string): Promise<void> {
  const pod = await podNamed(cluster, name)
  const containerStatuses = pod.spec.containers.map(container =>
    containerStatus(container.name, running(), { ready: true, started: true }),
  )
  await writeStatus(cluster, name, { phase: 'Running', containerStatuses })
}

export async function endPod(
  cluster: Cluster,
  name: string,
  {
    exitCode = 0,
    results = {},
  }: { readonly exitCode?: number; readonly results?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const pod = await podNamed(cluster, name)
  const entries = Object.entries(results).map(([result, value]) => ({ key: result, value, type: 1 }))
  const containerStatuses = pod.spec.containers.map(container =>
    containerStatus(container.name, exited(exitCode, entries)),
  )
  await writeStatus(cluster, name, { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses })
}

/** The engine writes to the Pod as well (its annotations), so the write is made on the newest version. */
async function writeStatus(cluster: Cluster, name: string, status: PodStatus): Promise<void> {
  await until(`the status of Pod ${name} to be written`, async () => {
    const pod = await podNamed(cluster, name)
    return cluster.replaceStatus('Pod', { ...pod, status })
  })
}
