import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Invocation } from '../../context.js'
import type { Noun } from '../../nouns/nouns.js'
import type { ObjectOutput } from '../../print/objects.js'
import { type AskedWorkspace, parseWorkspace } from '../../start/workspaces.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag, outputFlag } from '../objects.js'
import { goDuration, pair, repeated } from '../values.js'

interface NameValue {
  readonly name: string
  readonly value: string
}

interface StartFlags extends EngineFlagValues {
  readonly filename?: string
  readonly param: readonly NameValue[]
  readonly paramsFile?: string
  readonly workspace: readonly AskedWorkspace[]
  readonly serviceaccount?: string
  readonly taskServiceaccount?: readonly NameValue[]
  readonly labels: readonly NameValue[]
  readonly prefixName?: string
  readonly pipelineTimeout?: string
  readonly tasksTimeout?: string
  readonly finallyTimeout?: string
  readonly timeout?: string
  readonly podTemplate?: string
  readonly last?: boolean
  readonly usePipelinerun?: string
  readonly useTaskrun?: string
  readonly useParamDefaults?: boolean
  readonly skipOptionalWorkspace?: boolean
  readonly dryRun?: boolean
  readonly showlog?: boolean
  readonly exitWithPipelinerunError?: boolean
  readonly output?: ObjectOutput
}

export function addStart(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const { kind } = noun
  const isPipeline = kind === 'Pipeline'
  const run = `${kind}Run`
  const command = parent
    .command('start')
    .description(`start a ${kind}: creates a ${run}; what is missing is asked for on a terminal`)
    .argument('[name]', `the ${kind}`)
    .option(
      '-p, --param <name=value>',
      'an array takes a,b, an object key:value, key:value; repeatable',
      repeated(pair),
      [],
    )
    .option('--params-file <file>', 'params as a map in YAML or JSON; - for standard input')
    .option(
      '-w, --workspace <binding>',
      'name=…,claimName=…[,subPath=…]; emptyDir=; config=…; secret=…; volumeClaimTemplateFile=…; csiFile=…; repeatable',
      repeated(workspace),
      [],
    )
    .option('-f, --filename <file>', `a file with the ${kind}, instead of one of the API server; - for standard input`)
    .option('-s, --serviceaccount <name>', 'the service account')
    .option('-l, --labels <label=value>', 'labels of the run, with commas between; repeatable', labels, [])
    .option('--prefix-name <prefix>', 'what the name of the run begins with', namePrefix)
    .option('--pod-template <file>', 'a file with a Pod template')
  if (isPipeline) {
    command
      .option('--task-serviceaccount <task=name>', 'the service account of one task; repeatable', repeated(pair), [])
      .option('--pipeline-timeout <duration>', 'of the whole run', goDuration)
      .option('--tasks-timeout <duration>', 'of all tasks', goDuration)
      .option('--finally-timeout <duration>', 'of the finally tasks', goDuration)
  } else {
    command.option('--timeout <duration>', 'of the run', goDuration)
  }
  command
    .option('-L, --last', `with all values of the last ${run}`)
    .option(isPipeline ? '--use-pipelinerun <name>' : '--use-taskrun <name>', `with all values of this ${run}`)
    .option('--use-param-defaults', 'do not ask about params that have a default')
    .option('--skip-optional-workspace', 'do not ask about optional workspaces')
    .option('--dry-run', 'print what would be created, checked by the API server, and create nothing')
    .option('--showlog', 'follow the logs to the end of the run')
    .addOption(new Option('-E, --exit-with-pipelinerun-error', 'with --showlog: exit code 1 when the run failed'))
  addEngineFlags(outputFlag(namespaceFlag(command))).action(async (name: string | undefined, flags: StartFlags) => {
    const { startCommand } = await import('../../commands/start.js')
    const timeout = flags.pipelineTimeout ?? flags.timeout
    const useRun = flags.usePipelinerun ?? flags.useTaskrun
    exit(
      await startCommand(context('warn'), {
        place: engineFlags(flags),
        noun,
        params: flags.param,
        workspaces: flags.workspace,
        labels: Object.fromEntries(flags.labels.map(label => [label.name, label.value])),
        taskServiceAccounts: flags.taskServiceaccount ?? [],
        last: flags.last === true,
        useParamDefaults: flags.useParamDefaults === true,
        skipOptionalWorkspaces: flags.skipOptionalWorkspace === true,
        dryRun: flags.dryRun === true,
        showLog: flags.showlog === true,
        exitWithRun: flags.exitWithPipelinerunError === true,
        ...(name && { name }),
        ...(flags.filename && { file: flags.filename }),
        ...(flags.paramsFile && { paramsFile: flags.paramsFile }),
        ...(flags.serviceaccount && { serviceAccount: flags.serviceaccount }),
        ...(flags.prefixName && { prefixName: flags.prefixName }),
        ...(flags.podTemplate && { podTemplateFile: flags.podTemplate }),
        ...(timeout && { timeout }),
        ...(flags.tasksTimeout && { tasksTimeout: flags.tasksTimeout }),
        ...(flags.finallyTimeout && { finallyTimeout: flags.finallyTimeout }),
        ...(useRun && { useRun }),
        ...(flags.output && { output: flags.output }),
      }),
    )
  })
}

function workspace(text: string): AskedWorkspace {
  try {
    return parseWorkspace(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

function labels(text: string, before: readonly NameValue[] = []): NameValue[] {
  return [...before, ...text.split(',').map(pair)]
}

function namePrefix(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('It must be lower-case letters, digits and dashes.')
  }
  return text
}
