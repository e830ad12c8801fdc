/** Which object a command is about. */
import type { Kinds } from '../../resources/kinds.js'
import { succeededCondition } from '../../status/conditions.js'
import { askWhich } from '../ask.js'
import { type Client, ClientError } from '../client/client.js'
import type { CliContext } from '../context.js'
import { type AnyRun, newestFirst } from '../print/lists.js'
import { statusText } from '../print/run-status.js'
import { onOneLine } from '../print/style.js'
import { ago } from '../print/times.js'
import { isRunKind, type NounKind } from './nouns.js'

/** Names in an error message. */
const NAMED = 10
/** As tkn: so many runs are offered. */
const OFFERED = 5

export interface Choice {
  readonly name?: string
  /** The newest. Only of runs. */
  readonly last?: boolean
  /** How many are offered to a person. */
  readonly limit?: number
  readonly labelSelector?: string
}

/** The one that is named, the newest, the only one there is, or the one that the person picks. @throws ClientError */
export async function chooseObject<K extends NounKind>(
  { ask, now }: Pick<CliContext, 'ask' | 'now'>,
  client: Client,
  kind: K,
  { name, last = false, limit = OFFERED, labelSelector }: Choice,
): Promise<Kinds[K]> {
  const { namespace } = client
  if (name !== undefined) return existing(client, kind, name)
  const query = { namespace, ...(labelSelector && { labelSelector }) }
  const found = await client.list(kind, query)
  const objects = (isRunKind(kind) ? newestFirst(found as readonly AnyRun[]) : found) as readonly Kinds[K][]
  const [first, ...others] = objects
  const which = labelSelector === undefined ? '' : ` with ${labelSelector}`
  if (first === undefined) throw new ClientError(404, `no ${kind}s in namespace "${namespace}"${which}`)
  if (last || others.length === 0) return first
  if (ask === undefined) {
    const named = objects.slice(0, NAMED).map(({ metadata }) => metadata.name)
    const more = objects.length > NAMED ? ', …' : ''
    const wayOut = isRunKind(kind) ? 'name one, or say --last' : 'name one'
    throw new ClientError(0, `there are ${objects.length} ${kind}s${which} (${named.join(', ')}${more}): ${wayOut}`)
  }
  const offered = isRunKind(kind) ? objects.slice(0, limit) : objects
  const lines = offered.map(object => lineOf(object as AnyRun, now()))
  const line = await askWhich(ask, `Which ${kind}?`, lines)
  return offered[lines.indexOf(line)] ?? first
}

/** @throws ClientError with the names of others when it is not there */
export async function existing<K extends NounKind>(client: Client, kind: K, name: string): Promise<Kinds[K]> {
  const { namespace } = client
  const object = await client.get(kind, { namespace, name })
  if (object !== undefined) return object
  const others = (await client.list(kind, { namespace })).map(({ metadata }) => metadata.name)
  const named = others.slice(0, NAMED).join(', ')
  const there = others.length === 0 ? 'there is none' : `there are: ${named}${others.length > NAMED ? ', …' : ''}`
  throw new ClientError(404, `${kind} "${name}" is not in namespace "${namespace}" of ${client.said}; ${there}`)
}

function lineOf(object: AnyRun, now: number): string {
  const { name } = object.metadata
  if (!isRunKind(object.kind)) return onOneLine(name)
  return onOneLine(`${name}  started ${ago(object.status?.startTime, now)}  ${statusText(succeededCondition(object))}`)
}
