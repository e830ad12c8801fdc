/** `NOUN rerun`: the same run once more, all of it or from what failed. */
import type { PersistentVolumeClaim } from '../../resources/core.js'
import type { New } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { claimsOf, type RerunOptions, rerunOf, rerunProblem } from '../../run/rerun.js'
import { seeingArchived } from '../client/archived-run.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { chooseObject } from '../nouns/choose.js'
import { type GivenParam, paramValues } from '../start/params.js'

export interface RerunCommandOptions {
  readonly place: PlaceFlags
  readonly kind: 'PipelineRun' | 'TaskRun'
  readonly name?: string
  readonly last: boolean
  readonly fromFailed: boolean
  readonly params: readonly GivenParam[]
  readonly showLog: boolean
}

/** With `showLog` the exit code says how the run ended. @throws ClientError when it cannot be rerun */
export async function rerunCommand(context: CliContext, options: RerunCommandOptions): Promise<number> {
  const { kind, showLog } = options
  const client = await openClient(context, options.place)
  const created = await rerunChosen(context, client, options)
  const noun = kind.toLowerCase()
  context.stdout.write(`${kind} started: ${created.metadata.name}\n`)
  if (showLog) {
    const { followRunLogs } = await import('./logs.js')
    return followRunLogs(context, client, created, true)
  }
  const { namespace } = created.metadata
  context.stdout.write(`\nTo follow it:\n  tektite ${noun} logs ${created.metadata.name} -f -n ${namespace}\n`)
  return 0
}

async function rerunChosen(
  context: CliContext,
  client: Client,
  { kind, name, last, fromFailed, params }: RerunCommandOptions,
): Promise<PipelineRun | TaskRun> {
  const seeing = await seeingArchived(client, kind, name)
  const run = (await chooseObject(context, seeing, kind, { last, ...(name && { name }) })) as PipelineRun | TaskRun
  const problem = rerunProblem(run, { fromFailed })
  if (problem !== undefined) throw new ClientError(409, problem)
  return rerun(client, run, { fromFailed, params: paramValues(declaredBy(run), params) })
}

async function rerun(
  client: Client,
  run: PipelineRun | TaskRun,
  options: RerunOptions,
): Promise<PipelineRun | TaskRun> {
  const { namespace } = run.metadata
  const names = options.fromFailed ? claimsOf(run) : []
  const found = await Promise.all(names.map(name => client.get('PersistentVolumeClaim', { namespace, name })))
  const claims = found.filter(
    claim => claim !== undefined && claim.metadata.deletionTimestamp === undefined,
  ) as PersistentVolumeClaim[]
  const wanted = rerunOf(run, { ...options, claims: new Set(claims.map(claim => claim.metadata.name)) })
  const created =
    wanted.kind === 'PipelineRun'
      ? await client.create('PipelineRun', wanted as New<PipelineRun>)
      : await client.create('TaskRun', wanted as New<TaskRun>)
  for (const claim of claims) await share(client, claim, created)
  return created
}

/** Or it would go with the earlier run, while this one works with it. */
async function share(client: Client, { metadata }: PersistentVolumeClaim, run: PipelineRun | TaskRun): Promise<void> {
  const { apiVersion, kind } = run
  const owner = { apiVersion, kind, name: run.metadata.name, uid: run.metadata.uid }
  const { name, namespace, resourceVersion } = metadata
  const ownerReferences = [...(metadata.ownerReferences ?? []), owner]
  await client.patch('PersistentVolumeClaim', { namespace, name }, { metadata: { resourceVersion, ownerReferences } })
}

/** What a param's text is split by. */
function declaredBy(run: PipelineRun | TaskRun) {
  const { status, spec } = run
  if (run.kind === 'PipelineRun') {
    const { pipelineSpec } = (status ?? {}) as NonNullable<PipelineRun['status']>
    return pipelineSpec?.params ?? (spec as PipelineRun['spec']).pipelineSpec?.params ?? []
  }
  const { taskSpec } = (status ?? {}) as NonNullable<TaskRun['status']>
  return taskSpec?.params ?? (spec as TaskRun['spec']).taskSpec?.params ?? []
}
