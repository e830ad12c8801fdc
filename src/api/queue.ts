/** `queue` of `tektite.dev/v1alpha1`: how much there is to do, and who does it. It has no names, so it is no resource to discover. */
import type { QueueReport } from '../resources/queue-report.js'
import { OWN_GROUP, OWN_VERSION, type OwnHandler } from './own-resources.js'
import { ApiError } from './status.js'

/** As it is now. Asked for by each page that is open, every few seconds. */
export type ReportQueue = () => Promise<Omit<QueueReport, 'apiVersion' | 'kind'>>

export function queueHandler(report: ReportQueue): OwnHandler {
  return async ({ resource, name, method, path }) => {
    if (resource !== 'queue' || name !== undefined) return undefined
    if (method !== 'GET') {
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: the queue can only be read`)
    }
    const body: QueueReport = { apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'QueueReport', ...(await report()) }
    return { code: 200, body }
  }
}
