import type { Command } from 'commander'
import { KINDS } from '../../../resources/kinds.js'
import type { Invocation } from '../../context.js'
import { isRunKind, type Noun } from '../../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag } from '../objects.js'
import { wholeNumber } from '../values.js'

interface DeleteFlags extends EngineFlagValues {
  readonly all?: boolean
  readonly force?: boolean
  readonly keep?: number
  readonly keepSince?: number
  readonly label?: string
  readonly pipeline?: string
  readonly task?: string
  readonly prs?: boolean
  readonly trs?: boolean
  readonly ignoreRunning?: boolean
}

export function addDelete(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const { kind } = noun
  const command = parent
    .command('delete')
    .alias('rm')
    .description(`delete ${kind}s`)
    .argument('[names...]', 'which ones')
    .option('--all', `all ${kind}s${KINDS[kind].namespaced ? ' of the namespace' : ''}`)
    .option('-f, --force', 'without being asked')
  if (KINDS[kind].namespaced) namespaceFlag(command)
  if (isRunKind(kind)) {
    command
      .option('--keep <n>', 'but the newest n', wholeNumber)
      .option('--keep-since <minutes>', 'but those that ended within these minutes', wholeNumber)
      .option('--label <selector>', 'only what has these labels')
      .option(
        '-i, --ignore-running',
        'leave alone what is under way (with --all, --keep and their like: the default)',
        true,
      )
      .option('--no-ignore-running', 'what is under way, too')
  }
  if (kind === 'PipelineRun') command.option('-p, --pipeline <name>', 'the runs of this Pipeline')
  if (kind === 'TaskRun') command.option('-t, --task <name>', 'the runs of this Task')
  if (kind === 'Pipeline') command.option('--prs', 'its PipelineRuns, too')
  if (kind === 'Task') command.option('--trs', 'its TaskRuns, too')
  command.addHelpText('after', '\nWithout a terminal to ask on, --force is needed.')
  addEngineFlags(command).action(async (names: string[], flags: DeleteFlags) => {
    const { deleteCommand } = await import('../../commands/delete.js')
    const { all = false, force = false, keep, keepSince, label, pipeline, task, ignoreRunning = true } = flags
    const of = pipeline ?? task
    exit(
      await deleteCommand(context('warn'), {
        place: engineFlags(flags),
        noun,
        names,
        all,
        force,
        withRuns: flags.prs === true || flags.trs === true,
        ignoreRunning,
        ...(keep !== undefined && { keep }),
        ...(keepSince !== undefined && { keepSinceMinutes: keepSince }),
        ...(label && { label }),
        ...(of && { of }),
      }),
    )
  })
}
