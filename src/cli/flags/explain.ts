/** The flags of `tektite explain`. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from './engine.js'
import { namespaceFlag } from './objects.js'

interface ExplainFlags extends EngineFlagValues {
  readonly last?: boolean
  readonly output?: 'json'
}

export function addExplain(program: Command, { context, exit }: Invocation): void {
  const command = program
    .command('explain')
    .description('why a run is where it is: what it waits for, what failed, why tasks were skipped, and the way out')
    .argument('[name]', 'a PipelineRun or TaskRun, also one that is archived')
    .option('-L, --last', 'the newest PipelineRun')
    .addOption(new Option('-o, --output <format>', 'for other programs').choices(['json']))
  addEngineFlags(namespaceFlag(command)).action(async (name: string | undefined, flags: ExplainFlags) => {
    const { explainCommand } = await import('../commands/explain.js')
    const { last = false, output } = flags
    const options = { place: engineFlags(flags), last, ...(name && { name }), ...(output && { output }) }
    exit(await explainCommand(context('warn'), options))
  })
}
