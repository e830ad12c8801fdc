/** A delivery as the API shows it: a Kubernetes-like object, with credentials masked. Pure. */
import type {
  BriefState,
  DeliveryRecord,
  DeliveryState,
  DeliverySummary,
  EarlierDispatch,
  Refusal,
  Verdict,
} from '../inbox/inbox.js'
import type { DeliveryObject, DispatchStatus, ObjectReference, TriggerStatus } from '../resources/deliveries.js'
import { maskHeaders, maskUrl } from '../trigger/redact.js'
import { sourceOf } from '../trigger/source.js'
import { OWN_GROUP, OWN_VERSION } from './own-resources.js'

export function listedDelivery(summary: DeliverySummary): DeliveryObject {
  const { copies, replay, state } = summary
  return { ...envelope(summary, {}, {}), status: { ...briefStatus(state, replay), copies } }
}

export function shownDelivery(
  summary: DeliverySummary,
  { delivery, state, copies, replay, earlier }: DeliveryRecord,
  options: { readonly body: boolean },
): DeliveryObject {
  const body = options.body ? textOf(delivery.body) : {}
  return {
    ...envelope(summary, { headers: maskHeaders(delivery.headers) }, body),
    status: {
      ...fullStatus(summary.state, { state, replay }),
      copies,
      ...(earlier.length > 0 && { earlier: earlier.map(one => fullStatus(undefined, one)) }),
    },
  }
}

function envelope(
  { delivery, bodyBytes, bodyHash }: DeliverySummary,
  shown: { readonly headers?: Readonly<Record<string, readonly string[]>> },
  body: { readonly text?: string; readonly base64?: string },
): Omit<DeliveryObject, 'status'> {
  const { id, eventId, receivedAt, to, url, subject = '' } = delivery
  const received = new Date(receivedAt).toISOString()
  return {
    apiVersion: `${OWN_GROUP}/${OWN_VERSION}`,
    kind: 'Delivery',
    metadata: {
      name: eventId,
      namespace: to.namespace,
      uid: eventId,
      creationTimestamp: `${received.slice(0, 19)}Z`,
      labels: to.kind === 'EventListener' ? { 'triggers.tekton.dev/eventlistener': to.name } : {},
    },
    spec: {
      id,
      target: { kind: to.kind, name: to.name },
      ...sourceOf(delivery),
      subject,
      receivedAt: received,
      url: maskUrl(url),
      ...shown,
      body: { bytes: bodyBytes, sha256: bodyHash, ...body },
    },
  }
}

function briefStatus(state: BriefState, replay: number): DispatchStatus {
  switch (state.is) {
    case 'pending':
      return { phase: 'Pending', replay }
    case 'done': {
      const ended = { dispatchedAt: new Date(state.at).toISOString(), durationMs: state.durationMs }
      const made = { verdicts: state.counts, created: state.created.map(toReference) }
      return { phase: 'Dispatched', replay, ...ended, ...made, ...(state.why !== '' && { message: state.why }) }
    }
    case 'poisoned': {
      const message = `given up after ${state.attempts} tries: ${state.reason}`
      return { phase: 'GivenUp', replay, dispatchedAt: new Date(state.at).toISOString(), message }
    }
    case 'rejected':
      return {
        phase: 'Rejected',
        replay,
        message: state.refusals[0] === undefined ? '' : refusalText(state.refusals[0]),
      }
    default:
      throw new Error(`unknown state ${JSON.stringify(state satisfies never)}`)
  }
}

function fullStatus(brief: BriefState | undefined, { state, replay }: EarlierDispatch): DispatchStatus {
  if (state.is === 'rejected') return { ...briefStatus(state, replay), triggers: state.refusals.map(refusedTrigger) }
  if (state.is !== 'done') return briefStatus(state, replay)
  const triggers = state.verdicts.map(({ trigger, namespace, is, by, created, message }) => ({
    name: trigger,
    namespace,
    verdict: is,
    by,
    created: created.map(toReference),
    message,
  }))
  const created = triggers.flatMap(trigger => trigger.created)
  const known = brief?.is === 'done' ? briefStatus(brief, replay) : countedStatus(state, replay)
  return { ...known, created, triggers }
}

function countedStatus(state: Extract<DeliveryState, { is: 'done' }>, replay: number): DispatchStatus {
  const count = (is: Verdict['is']) => state.verdicts.filter(verdict => verdict.is === is).length
  const verdicts = { fired: count('fired'), filtered: count('filtered'), failed: count('failed') }
  const ended = { dispatchedAt: new Date(state.at).toISOString(), durationMs: state.durationMs }
  return { phase: 'Dispatched', replay, ...ended, verdicts }
}

function refusedTrigger(refusal: Refusal): TriggerStatus {
  const by = `${refusal.header} with Secret ${refusal.secret}`
  // A trigger's Secrets are where it is.
  const [namespace = ''] = refusal.secret.split('/')
  return { name: refusal.trigger, namespace, verdict: 'rejected', by, created: [], message: refusalText(refusal) }
}

function refusalText({ why, wayOut }: Refusal): string {
  return wayOut === '' ? why : `${why}: ${wayOut}`
}

/** `PipelineRun/<namespace>/<name>`. */
function toReference(text: string): ObjectReference {
  const [kind = '', namespace = '', name = ''] = text.split('/')
  return { kind, namespace, name }
}

function textOf(body: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body) }
  } catch {
    // Not text: shown as it can be shown in JSON.
    return { base64: Buffer.from(body).toString('base64') }
  }
}
