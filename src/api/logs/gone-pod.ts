/** A Pod that is gone, as far as its logs tell: for whoever asks for those. */
import type { Pod } from '../../resources/core.js'
import type { ApiDeps } from '../deps.js'
import type { ObjectRequest } from '../request.js'

/**
 * kubectl gets a Pod before it asks for its log, and says which command it does that for. All others are told that there
 * is none.
 */
export function isForLogs({ info, headers }: ObjectRequest): boolean {
  return info.id === 'Pod' && headers['kubectl-command'] === 'kubectl logs'
}

/** The last one that had this name. Undefined when nothing of it is stored. */
export async function gonePod(
  { storedPods }: Pick<ApiDeps, 'storedPods'>,
  { namespace, name }: Pick<ObjectRequest, 'namespace' | 'name'>,
): Promise<Pod | undefined> {
  const last = (await storedPods?.(namespace, name))?.at(-1)
  if (last === undefined || last.containers.length === 0) return undefined
  const containers = last.containers.map(container => ({ name: container, image: '' }))
  const state = { terminated: { exitCode: 0, reason: 'Deleted', startedAt: EPOCH, finishedAt: EPOCH } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid: last.podUid, resourceVersion: '', creationTimestamp: EPOCH },
    spec: { containers, restartPolicy: 'Never' },
    status: {
      phase: 'Unknown',
      message: 'this Pod was deleted; its logs are kept',
      containerStatuses: containers.map(container => ({
        ...container,
        imageID: '',
        ready: false,
        restartCount: 0,
        state,
      })),
    },
  }
}

/** Nobody knows any more: for output whose times were not noted, which the shim does. */
const EPOCH = '1970-01-01T00:00:00Z'
