import type { Command } from 'commander'
import type { Invocation } from '../../context.js'
import type { Noun } from '../../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag } from '../objects.js'
import { count, duration, names, wholeNumber } from '../values.js'

interface LogsFlags extends EngineFlagValues {
  readonly follow?: boolean
  readonly all?: boolean
  readonly task?: readonly string[]
  readonly step?: readonly string[]
  readonly timestamps?: boolean
  readonly prefix: boolean
  readonly last?: boolean
  readonly limit: number
  readonly logFailed?: boolean
  readonly tail?: number
  readonly since?: number
  readonly exitWithPipelinerunError?: boolean
}

export function addLogs(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const { kind } = noun
  const isDefinition = kind === 'Pipeline' || kind === 'Task'
  const run = isDefinition ? `${kind}Run` : kind
  const command = parent
    .command('logs')
    .description(`what the steps of a ${run} said, retries and finally tasks included`)
    .argument('[name]', isDefinition ? `the ${kind}` : `the ${run}`)
  if (isDefinition) command.argument('[run]', `one of its ${run}s; asked for on a terminal`)
  command
    .option('-f, --follow', 'go on until the run has ended')
    .option('-a, --all', 'with what Tekton does before the first step')
    .option(kind === 'PipelineRun' ? '--timestamps' : '-t, --timestamps', 'with the time of each line')
    .option('--no-prefix', 'without [task : step] in front of each line')
    .option('-L, --last', 'of the newest run')
    .option('--limit <n>', 'how many runs are offered to choose from', count, 5)
    .option('--log-failed', 'only of tasks that failed')
    .option('--tail <lines>', 'only so many of the last lines of each step', wholeNumber)
    .option('--since <duration>', 'only what was said within this time, such as 5m', duration)
    .option(
      '-E, --exit-with-pipelinerun-error',
      'exit code 0 when the run succeeded, 1 when it failed, 2 when it goes on',
    )
  if (run === 'PipelineRun') {
    command.option(isDefinition ? '--task <names>' : '-t, --task <names>', 'only of these tasks; repeatable', names, [])
  }
  command.option('-s, --step <names>', 'only of these steps; repeatable', names, [])
  addEngineFlags(namespaceFlag(command)).action(async (name: string | undefined, ...rest: unknown[]) => {
    const runName = isDefinition ? (rest[0] as string | undefined) : undefined
    const flags = rest[isDefinition ? 1 : 0] as LogsFlags
    const { logsCommand } = await import('../../commands/logs.js')
    exit(
      await logsCommand(context('warn'), {
        place: engineFlags(flags),
        noun,
        last: flags.last === true,
        limit: flags.limit,
        follow: flags.follow === true,
        prefix: flags.prefix,
        timestamps: flags.timestamps === true,
        tasks: flags.task ?? [],
        steps: flags.step ?? [],
        failedOnly: flags.logFailed === true,
        initContainers: flags.all === true,
        exitWithRun: flags.exitWithPipelinerunError === true,
        ...(name && { name }),
        ...(runName && { runName }),
        ...(flags.tail !== undefined && { tailLines: flags.tail }),
        ...(flags.since !== undefined && { sinceSeconds: Math.max(1, Math.ceil(flags.since / 1_000)) }),
      }),
    )
  })
}
