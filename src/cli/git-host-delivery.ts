/** A webhook delivery as a git host would send it: headers and proof for a body. Pure. */
import { createHmac } from 'node:crypto'

export const HOSTS = ['github', 'gitlab', 'bitbucket', 'gitea'] as const
export type Host = (typeof HOSTS)[number]

export interface HostDelivery {
  readonly host: Host
  /** As the host names it; GitLab's also short, as `push` or `merge_request`. */
  readonly event?: string
  /** A UUID. */
  readonly deliveryId: string
  readonly secret?: string
  readonly body: Uint8Array
}

/** What GitLab calls its events in the header, by what it calls them in the payload. */
const GITLAB_EVENTS: Readonly<Record<string, string>> = {
  push: 'Push Hook',
  tag_push: 'Tag Push Hook',
  merge_request: 'Merge Request Hook',
  note: 'Note Hook',
  issue: 'Issue Hook',
  pipeline: 'Pipeline Hook',
  build: 'Job Hook',
  job: 'Job Hook',
  wiki_page: 'Wiki Page Hook',
  deployment: 'Deployment Hook',
  release: 'Release Hook',
}

export function hostHeaders(delivery: HostDelivery): Readonly<Record<string, string>> {
  const { host, event, deliveryId, secret, body } = delivery
  const hmac = secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex')
  const json = { 'Content-Type': 'application/json', 'User-Agent': 'tektite-trigger' }
  switch (host) {
    case 'github':
      return {
        ...json,
        ...given('X-GitHub-Event', event),
        'X-GitHub-Delivery': deliveryId,
        ...given('X-Hub-Signature-256', hmac && `sha256=${hmac}`),
      }
    case 'gitlab':
      return {
        ...json,
        ...given('X-Gitlab-Event', event && Object.hasOwn(GITLAB_EVENTS, event) ? GITLAB_EVENTS[event] : event),
        'X-Gitlab-Event-UUID': deliveryId,
        'Idempotency-Key': deliveryId,
        ...given('X-Gitlab-Token', secret),
      }
    case 'bitbucket':
      return {
        ...json,
        ...given('X-Event-Key', event),
        'X-Request-UUID': deliveryId,
        ...given('X-Hub-Signature', hmac && `sha256=${hmac}`),
      }
    case 'gitea':
      // Gitea sends its own headers and GitHub's.
      return {
        ...json,
        ...given('X-Gitea-Event', event),
        'X-Gitea-Delivery': deliveryId,
        ...given('X-Gitea-Signature', hmac),
        ...given('X-GitHub-Event', event),
        'X-GitHub-Delivery': deliveryId,
        ...given('X-Hub-Signature-256', hmac && `sha256=${hmac}`),
      }
    default:
      throw new Error(`unknown host ${JSON.stringify(host satisfies never)}`)
  }
}

const EVENT_HEADERS = ['x-github-event', 'x-gitlab-event', 'x-event-key', 'x-gitea-event']

export function namesEvent(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some(name => EVENT_HEADERS.includes(name.toLowerCase()))
}

/** Those given by hand win over ours, however they are spelled. */
export function withHeaders(
  ours: Readonly<Record<string, string>>,
  given: readonly { readonly name: string; readonly value: string }[],
): Readonly<Record<string, string>> {
  const theirs = new Set(given.map(({ name }) => name.toLowerCase()))
  const kept = Object.entries(ours).filter(([name]) => !theirs.has(name.toLowerCase()))
  return Object.fromEntries([...kept, ...given.map(({ name, value }) => [name, value] as const)])
}

function given(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value ? { [name]: value } : {}
}
