/** Shapes of deliveries, which the API shows and nobody writes: for schemas only. `api/delivery-object.ts` makes them. */
import type { Fields, Shape } from './shape.js'

const created: Shape = {
  list: { type: 'CreatedObject', fields: { kind: 'string', namespace: 'string', name: 'string' } },
}

const dispatch = {
  phase: 'string',
  replay: 'integer',
  dispatchedAt: 'timestamp',
  durationMs: 'integer',
  verdicts: { map: 'integer' },
  created,
  message: 'string',
  triggers: {
    list: {
      type: 'TriggerVerdict',
      fields: { name: 'string', namespace: 'string', verdict: 'string', by: 'string', created, message: 'string' },
    },
  },
} as const satisfies Record<string, Shape>

export const DELIVERY_SPEC: Fields = {
  type: 'DeliverySpec',
  fields: {
    id: 'string',
    target: { type: 'DeliveryTarget', fields: { kind: 'string', name: 'string' } },
    source: 'string',
    event: 'string',
    subject: 'string',
    receivedAt: 'timestamp',
    url: 'string',
    headers: { map: { list: 'string' } },
    body: {
      type: 'DeliveryBody',
      fields: { bytes: 'integer', sha256: 'string', text: 'string', base64: 'base64' },
    },
  },
}

export const DELIVERY_STATUS: Fields = {
  type: 'DeliveryStatus',
  fields: {
    ...dispatch,
    copies: 'integer',
    earlier: { list: { type: 'DispatchStatus', fields: dispatch } },
  },
}
