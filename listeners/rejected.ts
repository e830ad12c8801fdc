/** What the history keeps of a delivery that was refused at the door: who sent what and why it was refused, no body. */
import { createHash } from 'node:crypto'
import type { Delivery, RejectedDelivery } from '../src/inbox/inbox.js'
import type { Rejection } from '../src/trigger/guard.js'
import { maskHeaders, maskUrl } from '../src/trigger/redact.js'

const HEADERS = 40
const VALUE_CHARACTERS = 200
const URL_CHARACTERS = 500
const REFUSALS = 20

/** Under an id of its own: what a stranger sends must not be taken for, or hide, the delivery whose id it claims. */
export function rejectedDelivery(delivery: Delivery, rejections: readonly Rejection[]): RejectedDelivery {
  const { body, ...meta } = delivery
  const { namespace, name } = delivery.to
  const headers = Object.entries(maskHeaders(delivery.headers))
    .slice(0, HEADERS)
    .map(([header, values]) => [header, values.slice(0, 1).map(value => value.slice(0, VALUE_CHARACTERS))] as const)
  return {
    delivery: {
      ...meta,
      id: `${namespace}/${name}/rejected/${delivery.eventId}`,
      url: maskUrl(delivery.url).slice(0, URL_CHARACTERS),
      headers: Object.fromEntries(headers),
    },
    bodyBytes: body.length,
    bodyHash: createHash('sha256').update(body).digest('hex'),
    refusals: rejections.slice(0, REFUSALS),
  }
}
