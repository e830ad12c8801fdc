/** `pipeline start`, `task start`: a run of a definition, with values from flags, a file, an earlier run or a person. */
import type { New } from '../../resources/meta.js'
import type { Param, Pipeline, PipelineRun, Task, TaskRun, WorkspaceBinding } from '../../resources/tekton.js'
import { seeingArchived } from '../client/archived-run.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { chooseObject, existing } from '../nouns/choose.js'
import { DEFINITION_LABELS, type Noun, RUN_KINDS } from '../nouns/nouns.js'
import { type ObjectOutput, objectText } from '../print/objects.js'
import { type Definition, gapLines, gapsOf, newRun, type RunChoices } from '../start/new-run.js'
import { type GivenParam, mergedParams, paramValues } from '../start/params.js'
import type { AskedWorkspace } from '../start/workspaces.js'

export interface StartOptions extends Omit<RunChoices, 'namespace' | 'params' | 'workspaces' | 'podTemplate'> {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly name?: string
  /** With the Pipeline or Task in it. */
  readonly file?: string
  readonly params: readonly GivenParam[]
  readonly paramsFile?: string
  readonly workspaces: readonly AskedWorkspace[]
  readonly podTemplateFile?: string
  /** As the last run of it. */
  readonly last: boolean
  /** As this run. */
  readonly useRun?: string
  /** Nothing is asked about params that have a default. */
  readonly useParamDefaults: boolean
  readonly skipOptionalWorkspaces: boolean
  readonly dryRun: boolean
  readonly showLog: boolean
  /** The exit code says how the run ended. */
  readonly exitWithRun: boolean
  readonly output?: ObjectOutput
}

/** 0: it was started; with `exitWithRun` how it ended. @throws ClientError when something is missing: nothing was started */
export async function startCommand(context: CliContext, options: StartOptions): Promise<number> {
  const { stdout } = context
  const { dryRun, output, noun, showLog } = options
  const client = await openClient(context, options.place)
  const definition = await definitionOf(context, client, options)
  const base = await baseOf(client, definition, options)
  const choices = await choicesOf(context, client, definition, base, options)
  const lines = gapLines(definition, gapsOf(definition, choices, base))
  if (lines.length > 0) {
    const { kind, metadata } = definition.object
    throw new ClientError(
      0,
      `${kind} "${metadata.name}" cannot be started:\n${lines.map(line => `  ${line}`).join('\n')}`,
    )
  }
  const run = newRun(definition, choices, base)
  const created = await create(client, run, dryRun)
  if (dryRun) {
    const shown = run as unknown as PipelineRun
    stdout.write(await objectText(output ?? { is: 'yaml' }, output?.is === 'name' ? created : shown))
    return 0
  }
  const { name, namespace } = created.metadata
  if (output !== undefined) {
    stdout.write(output.is === 'name' ? `${name}\n` : await objectText(output, created))
  } else {
    stdout.write(`${created.kind} started: ${name}\n`)
  }
  if (showLog) {
    const { followRunLogs } = await import('./logs.js')
    return followRunLogs(context, client, created, options.exitWithRun)
  }
  if (output === undefined) {
    const noun_ = RUN_KINDS[noun.kind as keyof typeof RUN_KINDS].toLowerCase()
    stdout.write(`\nTo follow it:\n  tektite ${noun_} logs ${name} -f -n ${namespace}\n`)
  }
  return 0
}

function create(client: Client, run: New<PipelineRun> | New<TaskRun>, dryRun: boolean): Promise<PipelineRun | TaskRun> {
  return run.kind === 'PipelineRun'
    ? client.create('PipelineRun', run as New<PipelineRun>, { dryRun })
    : client.create('TaskRun', run as New<TaskRun>, { dryRun })
}

async function definitionOf(context: CliContext, client: Client, options: StartOptions): Promise<Definition> {
  const { noun, name, file } = options
  const kind = noun.kind as 'Pipeline' | 'Task'
  if (file !== undefined) {
    if (name !== undefined) throw new ClientError(0, `name a ${kind}, or give a file with one: not both`)
    const { readDefinition } = await import('../start/read-files.js')
    return { object: await readDefinition(file, kind, client.namespace, context.stdin), embedded: true }
  }
  const object = await chooseObject(context, client, kind, name === undefined ? {} : { name })
  return { object: object as Pipeline | Task, embedded: false }
}

async function baseOf(
  client: Client,
  { object }: Definition,
  { last, useRun, noun }: StartOptions,
): Promise<PipelineRun | TaskRun | undefined> {
  const kind = RUN_KINDS[noun.kind as keyof typeof RUN_KINDS]
  if (useRun !== undefined) return existing(await seeingArchived(client, kind, useRun), kind, useRun)
  if (!last) return undefined
  const labelSelector = `${DEFINITION_LABELS[kind]}=${object.metadata.name}`
  return chooseObject({ ask: undefined, now: () => 0 }, client, kind, { last: true, labelSelector })
}

async function choicesOf(
  context: CliContext,
  { namespace }: Client,
  definition: Definition,
  base: PipelineRun | TaskRun | undefined,
  options: StartOptions,
): Promise<RunChoices> {
  const { paramsFile, podTemplateFile, workspaces: asked } = options
  const files = await import('../start/read-files.js')
  const specs = definition.object.spec.params ?? []
  const fromFile = paramsFile === undefined ? [] : await files.readParamsFile(paramsFile, context.stdin)
  const given = mergedParams(fromFile, paramValues(specs, options.params))
  const bound = await Promise.all(asked.map(each => files.readWorkspace(each, context.stdin)))
  const podTemplate = podTemplateFile && (await files.readPodTemplate(podTemplateFile, context.stdin))
  const chosen = {
    ...options,
    namespace,
    params: given,
    workspaces: bound,
    ...(podTemplate && { podTemplate }),
  }
  // An earlier run says everything; a dry run may be in a pipe, but whoever has a terminal is asked there as well.
  return base !== undefined || context.ask === undefined ? chosen : asking(context, definition, chosen, options)
}

async function asking(
  { ask, stderr }: CliContext,
  { object }: Definition,
  choices: RunChoices,
  { useParamDefaults, skipOptionalWorkspaces, serviceAccount }: StartOptions,
): Promise<RunChoices> {
  if (ask === undefined) return choices
  const { askForParam, askForServiceAccount, askForWorkspace } = await import('../start/prompts.js')
  const has = (list: readonly { readonly name: string }[], name: string) => list.some(each => each.name === name)
  const params: Param[] = []
  const workspaces: WorkspaceBinding[] = []
  let asked = false
  for (const spec of object.spec.params ?? []) {
    if (has(choices.params, spec.name) || (useParamDefaults && spec.default !== undefined)) continue
    asked = true
    const param = await askForParam(ask, spec)
    if (param) params.push(param)
  }
  for (const workspace of object.spec.workspaces ?? []) {
    if (has(choices.workspaces, workspace.name) || (skipOptionalWorkspaces && workspace.optional)) continue
    asked = true
    const binding = await askForWorkspace(ask, workspace)
    if (binding) workspaces.push(binding)
  }
  const account = asked && serviceAccount === undefined ? await askForServiceAccount(ask) : undefined
  if (asked) stderr.write('\n')
  return {
    ...choices,
    params: [...choices.params, ...params],
    workspaces: [...choices.workspaces, ...workspaces],
    ...(account && { serviceAccount: account }),
  }
}
