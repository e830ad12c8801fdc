/** `NOUN delete`: by name, all, all but the newest, those of a Pipeline or Task; not without being told to. */
import { isDone } from '../../status/conditions.js'
import { askYesOrNo } from '../ask.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { DEFINITION_LABELS, isRunKind, type Noun, type NounKind } from '../nouns/nouns.js'
import { type AnyRun, newestFirst, runKindOf } from '../print/lists.js'
import { onOneLine } from '../print/style.js'

export interface DeleteOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly names: readonly string[]
  readonly all: boolean
  readonly force: boolean
  /** Those of the Pipeline or Task, too. */
  readonly withRuns: boolean
  /** What is under way is left alone, unless it is named. */
  readonly ignoreRunning: boolean
  /** But so many, the newest. */
  readonly keep?: number
  /** But those that ended within these minutes. */
  readonly keepSinceMinutes?: number
  readonly label?: string
  /** Runs of this Pipeline or Task. */
  readonly of?: string
}

interface Doomed {
  readonly kind: NounKind
  readonly name: string
}

/** 0: all are gone; 1: some were not there. @throws ClientError when the flags do not say what is meant */
export async function deleteCommand(context: CliContext, options: DeleteOptions): Promise<number> {
  const { stdout, stderr, ask } = context
  const { noun, names, force } = options
  const bySelection = checked(options)
  const client = await openClient(context, options.place)
  const doomed = bySelection
    ? (await selected(client, options, context.now())).map(name => ({ kind: noun.kind, name }))
    : [...names.map(name => ({ kind: noun.kind, name })), ...(await runsOf(client, options))]
  if (doomed.length === 0) {
    stderr.write(`no ${noun.kind}s to delete in namespace "${client.namespace}"\n`)
    return 0
  }
  if (!force) {
    const what = `${countsOf(doomed)}${doomed.length <= 5 ? ` (${doomed.map(({ name }) => name).join(', ')})` : ''}`
    const question = `Delete ${onOneLine(what)} of namespace "${onOneLine(client.namespace)}"?`
    if (ask === undefined) throw new ClientError(0, `${question} There is no terminal to ask on: say --force`)
    if (!(await askYesOrNo(ask, question))) {
      stderr.write('nothing was deleted\n')
      return 1
    }
  }
  let missing = 0
  for (const { kind, name } of doomed) {
    if (await client.delete(kind, { namespace: client.namespace, name })) {
      stdout.write(`${kind} deleted: ${onOneLine(name)}\n`)
    } else {
      missing++
      stderr.write(`error: ${kind} "${onOneLine(name)}" is not in namespace "${client.namespace}"\n`)
    }
  }
  return missing === 0 ? 0 : 1
}

/** Whether what is meant has to be looked up. */
function checked({ noun, names, all, keep, keepSinceMinutes, label, of }: DeleteOptions): boolean {
  const bySelection =
    all || keep !== undefined || keepSinceMinutes !== undefined || label !== undefined || of !== undefined
  if (bySelection && names.length > 0) {
    throw new ClientError(0, 'names go without --all, --keep, --keep-since, --label, --pipeline and --task')
  }
  if (!bySelection && names.length === 0) {
    const more = isRunKind(noun.kind) ? ', --keep N, --keep-since MINUTES' : ''
    throw new ClientError(0, `say which ${noun.kind}s: give names, --all${more}`)
  }
  return bySelection
}

async function selected(client: Client, options: DeleteOptions, now: number): Promise<readonly string[]> {
  const { noun, label, of, keep = 0, keepSinceMinutes, ignoreRunning } = options
  const { kind } = noun
  const { namespace } = client
  if (!isRunKind(kind)) {
    const objects = await client.list(kind, { namespace, ...(label && { labelSelector: label }) })
    return objects.map(({ metadata }) => metadata.name)
  }
  const ofLabel = of !== undefined && kind !== 'CustomRun' ? `${DEFINITION_LABELS[kind]}=${of}` : ''
  const labelSelector = [ofLabel, label ?? ''].filter(text => text !== '').join(',')
  const runs: readonly AnyRun[] = await client.list(kind, { namespace, ...(labelSelector && { labelSelector }) })
  const since = keepSinceMinutes === undefined ? Number.POSITIVE_INFINITY : now - keepSinceMinutes * 60_000
  return newestFirst(runs.filter(run => !ignoreRunning || isDone(run)))
    .slice(keep)
    .filter(run => !(Date.parse(run.status?.completionTime ?? '') > since))
    .map(({ metadata }) => metadata.name)
}

async function runsOf(client: Client, { noun, names, withRuns }: DeleteOptions): Promise<readonly Doomed[]> {
  const kind = runKindOf(noun.kind)
  if (!withRuns || kind === undefined) return []
  const found = names.map(name =>
    client.list(kind, { namespace: client.namespace, labelSelector: `${DEFINITION_LABELS[kind]}=${name}` }),
  )
  return (await Promise.all(found)).flat().map(({ metadata }) => ({ kind, name: metadata.name }))
}

function countsOf(doomed: readonly Doomed[]): string {
  const kinds = [...new Set(doomed.map(({ kind }) => kind))]
  return kinds
    .map(kind => {
      const count = doomed.filter(each => each.kind === kind).length
      return `${count} ${kind}${count === 1 ? '' : 's'}`
    })
    .join(' and ')
}
