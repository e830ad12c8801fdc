import type { Command } from 'commander'
import type { Invocation } from '../../context.js'
import type { Noun } from '../../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag } from '../objects.js'
import { pair, repeated } from '../values.js'

interface RerunFlags extends EngineFlagValues {
  readonly last?: boolean
  readonly fromFailed?: boolean
  readonly param: readonly { readonly name: string; readonly value: string }[]
  readonly showlog?: boolean
}

export function addRerun(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const kind = noun.kind as 'PipelineRun' | 'TaskRun'
  const command = parent
    .command('rerun')
    .description(`start a ${kind} once more, as a new one`)
    .argument('[name]', 'which one; asked for on a terminal, and not needed where there is only one')
  if (kind === 'PipelineRun') command.option('--from-failed', 'take over the tasks that succeeded, and run the others')
  command
    .option('-p, --param <name=value>', 'instead of the one it had; repeatable', repeated(pair), [])
    .option('-L, --last', 'the newest')
    .option('--showlog', 'follow the logs to the end of the run; the exit code is 1 when it failed')
  addEngineFlags(namespaceFlag(command)).action(async (name: string | undefined, flags: RerunFlags) => {
    const { rerunCommand } = await import('../../commands/rerun.js')
    exit(
      await rerunCommand(context('warn'), {
        place: engineFlags(flags),
        kind,
        last: flags.last === true,
        fromFailed: flags.fromFailed === true,
        params: flags.param,
        showLog: flags.showlog === true,
        ...(name && { name }),
      }),
    )
  })
}
