/** `schedules/NAME/run` of `tektite.dev/v1alpha1`: a run that is asked for, and not fired by the clock. */
import type { Cluster } from '../cluster/cluster.js'
import type { Inbox } from '../inbox/inbox.js'
import { manualDelivery } from '../schedule/tick.js'
import { OWN_GROUP, OWN_VERSION, type OwnHandler, type OwnResource } from './own-resources.js'
import { ApiError } from './status.js'

/** What a run is asked for with. */
export interface RunRequests {
  readonly inbox: Pick<Inbox, 'accept'>
  readonly now: () => number
  /** Tells a request from others of the same second. */
  readonly newId: () => string
}

export interface RequestedRun {
  readonly apiVersion: string
  readonly kind: 'RequestedRun'
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly status: {
    /** The name of its delivery, which says what comes of it. */
    readonly delivery: string
  }
}

export const SCHEDULE_RESOURCES: readonly OwnResource[] = [
  { name: 'schedules/run', singularName: '', kind: 'Schedule', verbs: ['create'] },
]

/** A schedule that is suspended runs, too: that is what asking is for. Its concurrencyPolicy holds. */
export function schedulesHandler(cluster: Cluster, { inbox, now, newId }: RunRequests): OwnHandler {
  return async ({ resource, namespace, name, subresource, method, path }) => {
    if (resource !== 'schedules' || name === undefined || subresource !== 'run') return undefined
    if (method !== 'POST') {
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: POST asks for a run`)
    }
    const schedule = await cluster.get('Schedule', { namespace, name })
    if (schedule === undefined) {
      throw new ApiError(404, 'NotFound', `Schedule "${name}" not found in namespace "${namespace}"`)
    }
    const delivery = manualDelivery(schedule.metadata, schedule.spec.timeZone, newId(), now())
    const { eventId } = delivery
    await inbox.accept(delivery)
    const run: RequestedRun = {
      apiVersion: `${OWN_GROUP}/${OWN_VERSION}`,
      kind: 'RequestedRun',
      metadata: { namespace, name },
      status: { delivery: eventId },
    }
    return { code: 201, body: run }
  }
}
