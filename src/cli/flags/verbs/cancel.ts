import { type Command, Option } from 'commander'
import type { Invocation } from '../../context.js'
import type { Noun } from '../../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag } from '../objects.js'

const GRACES = ['CancelledRunFinally', 'StoppedRunFinally'] as const

interface CancelFlags extends EngineFlagValues {
  readonly grace?: (typeof GRACES)[number]
}

export function addCancel(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const command = parent
    .command('cancel')
    .description(`stop a ${noun.kind} that is under way`)
    .argument('<name>', 'which one')
  if (noun.kind === 'PipelineRun') {
    command.addOption(
      new Option(
        '--grace <how>',
        'CancelledRunFinally: stop tasks, run finally; StoppedRunFinally: let tasks end first',
      ).choices(GRACES),
    )
  }
  addEngineFlags(namespaceFlag(command)).action(async (name: string, flags: CancelFlags) => {
    const { cancelCommand } = await import('../../commands/cancel.js')
    const { grace } = flags
    exit(await cancelCommand(context('warn'), { place: engineFlags(flags), noun, name, ...(grace && { grace }) }))
  })
}
