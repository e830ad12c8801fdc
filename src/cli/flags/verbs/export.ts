import type { Command } from 'commander'
import { KINDS } from '../../../resources/kinds.js'
import type { Invocation } from '../../context.js'
import type { Noun } from '../../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag } from '../objects.js'

export function addExport(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const command = parent
    .command('export')
    .description(`a ${noun.kind} as one would write it, for: kubectl create -f -`)
    .argument('[name]', 'which one; asked for on a terminal, and not needed where there is only one')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
  if (KINDS[noun.kind].namespaced) namespaceFlag(command)
  addEngineFlags(command).action(
    async (name: string | undefined, flags: EngineFlagValues & { readonly output: string }) => {
      if (flags.output !== 'yaml' && flags.output !== 'json') command.error('error: --output must be yaml or json')
      const { exportCommand } = await import('../../commands/export.js')
      const format = flags.output === 'json' ? 'json' : 'yaml'
      exit(await exportCommand(context('warn'), { place: engineFlags(flags), noun, format, ...(name && { name }) }))
    },
  )
}
