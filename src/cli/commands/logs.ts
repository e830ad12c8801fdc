/** `NOUN logs`: what the steps of a run said. */
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { seeingArchived } from '../client/archived-run.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { type LogOptions, showLogs } from '../logs/follow-logs.js'
import { chooseObject, existing } from '../nouns/choose.js'
import { DEFINITION_LABELS, type Noun } from '../nouns/nouns.js'
import { runKindOf } from '../print/lists.js'
import { onOneLine, printable, styleFor } from '../print/style.js'

export interface LogsOptions extends LogOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  /** Of the run; of a Pipeline or Task, the run behind it. */
  readonly name?: string
  readonly runName?: string
  readonly last: boolean
  /** How many runs are offered. */
  readonly limit: number
  /** The exit code says how the run ended: 0, 1, or 2 when that is not known yet. */
  readonly exitWithRun: boolean
}

/** As of a program that SIGINT ends. */
const INTERRUPTED = 130

/** 0, unless nothing of what there was is there any more: 1. */
export async function logsCommand(context: CliContext, options: LogsOptions): Promise<number> {
  const { noun, name, runName } = options
  const kind = runKindOf(noun.kind)
  const named = kind === undefined ? name : runName
  const client = await seeingArchived(await openClient(context, options.place), kind ?? noun.kind, named)
  return show(context, client, await runOf(context, client, options), options)
}

/** For `start --showlog`. */
export function followRunLogs(
  context: CliContext,
  client: Client,
  run: PipelineRun | TaskRun,
  exitWithRun: boolean,
): Promise<number> {
  const filter = { tasks: [], steps: [], failedOnly: false, initContainers: false }
  return show(context, client, run, { ...filter, follow: true, prefix: true, timestamps: false, exitWithRun })
}

async function show(
  context: CliContext,
  client: Client,
  chosen: PipelineRun | TaskRun,
  options: LogOptions & { readonly exitWithRun: boolean },
): Promise<number> {
  const { config, stderr } = context
  const { run, read, gone, isInterrupted } = await showLogs(context, client, chosen, options)
  if (isInterrupted) return INTERRUPTED
  if (run === undefined) {
    stderr.write(`${chosen.kind} "${onOneLine(chosen.metadata.name)}" was deleted\n`)
    return 1
  }
  const { status, reason = '', message = '' } = succeededCondition(run) ?? {}
  if (status === 'False') {
    const name = `${run.kind} ${onOneLine(run.metadata.name)}`
    stderr.write(`${styleFor(stderr, config).red(`${name} failed: ${reason}`)}: ${printable(message)}\n`)
  } else if (read === 0 && gone === 0) {
    stderr.write(isDone(run) ? 'nothing was said\n' : 'nothing has been said so far: -f waits for it\n')
  }
  if (options.exitWithRun) return status === 'True' ? 0 : status === 'False' ? 1 : 2
  return gone > 0 && read === 0 ? 1 : 0
}

async function runOf(context: CliContext, client: Client, options: LogsOptions): Promise<PipelineRun | TaskRun> {
  const { noun, name, runName, last, limit } = options
  const kind = runKindOf(noun.kind)
  // Of a run itself.
  if (kind === undefined) {
    const chosen = { last, limit, ...(name && { name }) }
    return chooseObject(context, client, noun.kind as 'PipelineRun' | 'TaskRun', chosen)
  }
  if (runName === undefined) {
    const labelSelector = name === undefined ? DEFINITION_LABELS[kind] : `${DEFINITION_LABELS[kind]}=${name}`
    return chooseObject(context, client, kind, { last, limit, labelSelector })
  }
  const run = await existing(client, kind, runName)
  const of = run.metadata.labels?.[DEFINITION_LABELS[kind]]
  if (of === name) return run
  throw new ClientError(0, `${kind} "${runName}" is none of ${noun.kind} "${name}": it is of "${of ?? 'none'}"`)
}
