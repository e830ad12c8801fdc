/** Who sent a delivery, what kind of event it is and what it is about: for lists, in a few short words. Pure. */
import type { Delivery } from '../inbox/inbox.js'

export type Source = 'github' | 'gitlab' | 'bitbucket' | 'gitea' | 'slack' | 'cloudevent' | 'schedule' | 'webhook'

export interface EventSource {
  readonly source: Source
  /** As the sender names it: `pull_request`, `Push Hook`, `repo:push`. '' when it does not. */
  readonly event: string
}

/** Gitea and its like send GitHub's headers too, so theirs are looked for first. */
const EVENT_HEADERS: readonly (readonly [string, Source])[] = [
  ['x-gitea-event', 'gitea'],
  ['x-forgejo-event', 'gitea'],
  ['x-gogs-event', 'gitea'],
  ['x-github-event', 'github'],
  ['x-gitlab-event', 'gitlab'],
  ['x-event-key', 'bitbucket'],
  ['ce-type', 'cloudevent'],
]
const PART_CHARACTERS = 80
const SUBJECT_CHARACTERS = 200

export function sourceOf({ to, headers }: Pick<Delivery, 'to' | 'headers'>): EventSource {
  if (to.kind === 'Schedule') return { source: 'schedule', event: '' }
  const value = (name: string) => (Object.hasOwn(headers, name) ? headers[name]?.[0] : undefined)
  for (const [name, source] of EVENT_HEADERS) {
    const event = value(name)
    if (event !== undefined) return { source, event: short(event) }
  }
  if (value('x-slack-signature') !== undefined) return { source: 'slack', event: '' }
  if (value('content-type')?.startsWith('application/cloudevents')) return { source: 'cloudevent', event: '' }
  return { source: 'webhook', event: '' }
}

/** As `acme/app #12 opened main 1a2b3c4 by octocat`, as far as the payload says so; '' when it says nothing of the kind. */
export function subjectOf(body: unknown): string {
  const [pull, issue] = [at(body, 'pull_request') ?? at(body, 'pullrequest'), at(body, 'issue')]
  const attributes = at(body, 'object_attributes')
  const number = (prefix: string, value: unknown) => (typeof value === 'number' ? `${prefix}${value}` : '')
  const sender = senderOf(body)
  const parts = [
    repositoryOf(body),
    number('#', at(pull, 'number') ?? at(pull, 'id') ?? at(issue, 'number')) || number('!', at(attributes, 'iid')),
    text(at(body, 'action')) || text(at(attributes, 'action')),
    refOf(body),
    commitOf(body),
    sender === '' ? '' : `by ${sender}`,
  ]
  return parts
    .filter(part => part !== '')
    .join(' ')
    .slice(0, SUBJECT_CHARACTERS)
}

function repositoryOf(body: unknown): string {
  const server = at(body, 'pullRequest', 'toRef', 'repository') ?? at(body, 'repository')
  const [project, slug] = [text(at(server, 'project', 'key')), text(at(server, 'slug'))]
  return (
    text(at(body, 'repository', 'full_name')) ||
    text(at(body, 'project', 'path_with_namespace')) ||
    (project !== '' && slug !== '' ? `${project}/${slug}` : '') ||
    text(at(body, 'repository', 'name'))
  )
}

function refOf(body: unknown): string {
  const change = at(body, 'push', 'changes', 0)
  const ref =
    text(at(body, 'ref')) ||
    text(at(body, 'pull_request', 'head', 'ref')) ||
    text(at(body, 'object_attributes', 'source_branch')) ||
    text(at(change, 'new', 'name')) ||
    text(at(body, 'pullrequest', 'source', 'branch', 'name')) ||
    text(at(body, 'changes', 0, 'ref', 'displayId')) ||
    text(at(body, 'pullRequest', 'fromRef', 'displayId'))
  return ref.replace(/^refs\/(heads|tags)\//, '')
}

function commitOf(body: unknown): string {
  const commit =
    text(at(body, 'pull_request', 'head', 'sha')) ||
    text(at(body, 'object_attributes', 'last_commit', 'id')) ||
    text(at(body, 'after')) ||
    text(at(body, 'push', 'changes', 0, 'new', 'target', 'hash')) ||
    text(at(body, 'pullrequest', 'source', 'commit', 'hash')) ||
    text(at(body, 'changes', 0, 'toHash'))
  return /^[0-9a-f]{7,64}$/.test(commit) ? commit.slice(0, 7) : ''
}

function senderOf(body: unknown): string {
  return (
    text(at(body, 'sender', 'login')) ||
    text(at(body, 'user_username')) ||
    text(at(body, 'user', 'username')) ||
    text(at(body, 'actor', 'nickname')) ||
    text(at(body, 'actor', 'display_name')) ||
    text(at(body, 'actor', 'name'))
  )
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = (current as Readonly<Record<string | number, unknown>>)[key]
  }
  return current
}

function text(value: unknown): string {
  return typeof value === 'string' ? short(value) : ''
}

/** One line, whatever somebody called their branch. */
function short(value: string): string {
  return value
    .slice(0, PART_CHARACTERS)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .trim()
}
