/** `NOUN list`: tkn's tables, or the objects as they are. */
import type { AnyResource } from '../../resources/kinds.js'
import type { RunSummary } from '../../resources/run-summary.js'
import type { Client } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import { listRuns } from '../client/runs-api.js'
import type { CliContext } from '../context.js'
import { DEFINITION_LABELS, isRunKind, type Noun } from '../nouns/nouns.js'
import { runOfSummary } from '../nouns/summarized.js'
import { type AnyRun, type NewestRuns, newestFirst, newestOf, objectTable } from '../print/lists.js'
import { type ObjectOutput, objectText } from '../print/objects.js'
import { styleFor, widthOf } from '../print/style.js'

export interface ListOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly allNamespaces: boolean
  /** Runs of this Pipeline or Task only. */
  readonly of?: string
  readonly label?: string
  /** 0: all. */
  readonly limit: number
  readonly reverse: boolean
  readonly headers: boolean
  readonly output?: ObjectOutput
}

/** 0: also when there are none. */
export async function listCommand(context: CliContext, options: ListOptions): Promise<number> {
  const { config, now, stdout, stderr } = context
  const { noun, allNamespaces, limit, reverse, headers, output } = options
  const client = await openClient(context, options.place)
  const { found, archived } = await objectsOf(client, options)
  const kept = limit > 0 ? found.slice(0, limit) : found
  const objects = reverse ? [...kept].reverse() : kept
  if (output !== undefined) {
    stdout.write(await objectText(output, objects))
  } else if (objects.length === 0) {
    const where = allNamespaces || client.namespace === '' ? '' : ` in namespace "${client.namespace}"`
    stderr.write(`no ${noun.kind}s${where}\n`)
  } else {
    const newest = noun.kind === 'Pipeline' ? await newestRuns(client, options) : undefined
    const view = {
      now: now(),
      style: styleFor(stdout, config),
      width: widthOf(stdout),
      headers,
      allNamespaces,
      archived,
    }
    stdout.write(objectTable(noun.kind, objects, view, newest))
  }
  return 0
}

interface Found {
  readonly found: readonly AnyResource[]
  /** Those of them whose objects are gone. */
  readonly archived?: ReadonlySet<AnyResource>
}

async function objectsOf(client: Client, options: ListOptions): Promise<Found> {
  const { noun, of, label, limit, output } = options
  const { kind } = noun
  const ofLabel =
    of !== undefined && (kind === 'PipelineRun' || kind === 'TaskRun') ? `${DEFINITION_LABELS[kind]}=${of}` : ''
  const labelSelector = [ofLabel, label ?? ''].filter(text => text !== '').join(',')
  const { namespace = '' } = inNamespace(client, options)
  // A table needs no objects, and an index knows runs that have none any more.
  if (output === undefined && (kind === 'PipelineRun' || kind === 'TaskRun')) {
    const runs = await listRuns(client, { kind, namespace, labelSelector, limit })
    if (runs !== undefined) return ofSummaries(runs)
  }
  const query = { namespace, ...(labelSelector && { labelSelector }) }
  const objects: readonly AnyResource[] = await client.list(kind, query)
  return { found: isRunKind(kind) ? newestFirst(objects as readonly AnyRun[]) : objects }
}

/** In the order of the index: a page of it is the beginning of the whole. */
function ofSummaries(summaries: readonly RunSummary[]): Found {
  const runs = summaries.map(summary => ({ run: runOfSummary(summary), archived: summary.archived }))
  const archived = new Set(runs.filter(each => each.archived).map(({ run }) => run))
  return { found: runs.map(({ run }) => run), archived }
}

async function newestRuns(client: Client, options: ListOptions): Promise<NewestRuns> {
  const runs = await client.list('PipelineRun', inNamespace(client, options))
  return newestOf(runs, DEFINITION_LABELS.PipelineRun)
}

function inNamespace({ namespace }: Client, { allNamespaces }: ListOptions): { readonly namespace?: string } {
  return allNamespaces ? {} : { namespace }
}
