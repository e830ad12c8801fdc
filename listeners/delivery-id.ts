/** By what a delivery is recognised when it comes again. */
import { createHash } from 'node:crypto'

/** In this order; Gitea sends GitHub's header too, with the same value. GitLab's key stays the same over its retries. */
const ID_HEADERS = [
  'x-github-delivery',
  'x-gitea-delivery',
  'idempotency-key',
  'x-request-uuid',
  'x-request-id',
  'ce-id',
] as const

/**
 * The sender's id below the listener. Who sends none (a CronJob with curl, say) means each request for itself, as in
 * Tekton, however often the body is the same: then it is `eventId`. Ids that are long or odd are hashed: they become keys
 * of a store and parts of log lines.
 */
export function deliveryId(
  listener: { readonly namespace: string; readonly name: string },
  headers: Readonly<Record<string, readonly string[]>>,
  eventId: string,
): string {
  const prefix = `${listener.namespace}/${listener.name}`
  for (const header of ID_HEADERS) {
    const value = Object.hasOwn(headers, header) ? headers[header]?.[0] : undefined
    if (!value) continue
    // Bitbucket Server's; of anybody else it may be a proxy's, which need not know what is the same delivery.
    if (header === 'x-request-id' && !Object.hasOwn(headers, 'x-event-key')) continue
    // CloudEvents are unique by source and id together.
    const source = header === 'ce-id' ? `${headers['ce-source']?.[0] ?? ''} ` : ''
    return `${prefix}/${header}/${readable(source + value)}`
  }
  return `${prefix}/event/${eventId}`
}

function readable(id: string): string {
  return /^[\w.:-]{1,128}$/.test(id) ? id : sha256(id)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
