/** By what a delivery is recognised when it comes again. */
import { createHash } from 'node:crypto'

/** In this order; Gitea sends GitHub's header too, with the same value. GitLab's key stays the same over its retries. */
const ID_HEADERS = ['x-github-delivery', 'x-gitea-delivery', 'idempotency-key', 'x-request-uuid', 'ce-id'] as const

/**
 * The sender's id below the listener, or a hash of listener and body. Ids that are long or odd are hashed: they become
 * keys of a store and parts of log lines.
 */
export function deliveryId(
  listener: { readonly namespace: string; readonly name: string; readonly uid: string },
  headers: Readonly<Record<string, readonly string[]>>,
  body: Uint8Array,
): string {
  const prefix = `${listener.namespace}/${listener.name}`
  for (const header of ID_HEADERS) {
    const value = Object.hasOwn(headers, header) ? headers[header]?.[0] : undefined
    if (!value) continue
    // CloudEvents are unique by source and id together.
    const source = header === 'ce-id' ? `${headers['ce-source']?.[0] ?? ''} ` : ''
    return `${prefix}/${header}/${readable(source + value)}`
  }
  return `${prefix}/sha256/${sha256(listener.uid, body)}`
}

function readable(id: string): string {
  return /^[\w.:-]{1,128}$/.test(id) ? id : sha256(id)
}

function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  // The first part is a uid or stands alone, so that no two lists of parts read the same.
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
