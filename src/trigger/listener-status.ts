/** What an EventListener's status says, where no Deployment and no Service stands behind it. Pure. */

import { toTimestamp } from '../lib/time.js'
import type { Condition } from '../resources/meta.js'
import { asRecord } from '../resources/shape.js'
import type { EventListener } from '../resources/triggers.js'

export interface ListenerFacts {
  /** Where its events are posted to. */
  readonly url: string
  /** What its triggers name and is not there. */
  readonly missing: readonly string[]
  /** Its triggers act with service accounts of the cluster. */
  readonly hasAccounts?: boolean
  /** Epoch ms. */
  readonly now: number
}

type Status = NonNullable<EventListener['status']>

/** Set, when there is something in the spec that a Deployment would have used. */
export const UNUSED_FIELDS = 'tektite.dev/UnusedFields'

const NAMED_AT_MOST = 10

/** The present status itself when nothing changed, so that a look that finds nothing new writes nothing. */
export function listenerStatus(
  listener: EventListener,
  { url, missing, now, hasAccounts = false }: ListenerFacts,
): Status {
  const { metadata, status = {} } = listener
  const unused = unusedFields(listener, hasAccounts)
  const wanted: readonly Omit<Condition, 'lastTransitionTime'>[] = [
    { type: 'Available', status: 'True', reason: 'ListenerServes', message: `events are taken in at ${url}` },
    // Tekton's stays True whatever is missing: the listener itself works, and other triggers of it may.
    missing.length === 0
      ? { type: 'Ready', status: 'True', message: 'EventListener is ready' }
      : { type: 'Ready', status: 'True', reason: 'MissingReferences', message: missingText(missing) },
    ...(unused.length === 0
      ? []
      : [{ type: UNUSED_FIELDS, status: 'True', reason: 'NoDeployment', message: unusedText(unused) } as const]),
  ]
  const conditions = wanted.map(condition => withTime(condition, status.conditions ?? [], now))
  const next: Status = { address: { url }, configuration: { generatedName: `el-${metadata.name}` }, conditions }
  return JSON.stringify(next) === JSON.stringify(status) ? status : next
}

/** As Kubernetes: the time is of the last change of `status`. */
function withTime(
  condition: Omit<Condition, 'lastTransitionTime'>,
  before: readonly Condition[],
  now: number,
): Condition {
  const known = before.find(({ type, status }) => type === condition.type && status === condition.status)
  return { ...condition, lastTransitionTime: known?.lastTransitionTime ?? toTimestamp(now) }
}

function missingText(missing: readonly string[]): string {
  const named = missing.slice(0, NAMED_AT_MOST).join(', ')
  const more = missing.length > NAMED_AT_MOST ? ` and ${missing.length - NAMED_AT_MOST} more` : ''
  return `EventListener is ready, but its triggers name what is not there: ${named}${more}. Create it, or correct the name`
}

function unusedText(unused: readonly string[]): string {
  return `accepted and not used, because one process serves all EventListeners and makes no Deployment or Service for each: ${unused.join('; ')}`
}

/** What is written in the spec for a Deployment, Service or Knative Service of its own, with what to do instead. */
function unusedFields({ spec }: EventListener, hasAccounts: boolean): readonly string[] {
  const { kubernetesResource, customResource } = (spec.resources ?? {}) as Readonly<Record<string, unknown>>
  const pod = asRecord(asRecord(asRecord(asRecord(kubernetesResource)['spec'])['template'])['spec'])
  const fields = [
    ...Object.keys(asRecord(kubernetesResource)).flatMap(name =>
      name === 'spec'
        ? specFields(asRecord(kubernetesResource)['spec'])
        : [`spec.resources.kubernetesResource.${name}`],
    ),
    ...(customResource === undefined ? [] : ['spec.resources.customResource']),
  ]
  return [
    ...(fields.length === 0 ? [] : [fields.join(', ')]),
    ...(hasTls(pod) ? ['TLS_CERT and TLS_KEY (TLS ends at a proxy in front of the hooks port)'] : []),
    ...(!hasAccounts && (isOwnAccount(spec.serviceAccountName) || isOwnAccount(pod['serviceAccountName']))
      ? ['the service account of the listener (there is no Pod that would have it)']
      : []),
  ]
}

function specFields(spec: unknown): readonly string[] {
  return Object.keys(asRecord(spec)).map(name => `spec.resources.kubernetesResource.spec.${name}`)
}

function hasTls(pod: Readonly<Record<string, unknown>>): boolean {
  const containers: readonly unknown[] = Array.isArray(pod['containers']) ? pod['containers'] : []
  return containers.some(container => {
    const env = asRecord(container)['env']
    return Array.isArray(env) && env.some(one => /^TLS_(CERT|KEY)$/.test(String(asRecord(one)['name'])))
  })
}

/** Admission writes `default` where there is none. */
function isOwnAccount(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && name !== 'default'
}
