import type { Command } from 'commander'
import { KINDS } from '../../../resources/kinds.js'
import type { Invocation } from '../../context.js'
import { isRunKind, type Noun } from '../../nouns/nouns.js'
import type { ObjectOutput } from '../../print/objects.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag, outputFlag } from '../objects.js'

interface DescribeFlags extends EngineFlagValues {
  readonly last?: boolean
  readonly output?: ObjectOutput
}

export function addDescribe(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const { kind } = noun
  const command = parent
    .command('describe')
    .alias('desc')
    .description(`everything about a ${kind}`)
    .argument('[name]', 'which one; asked for on a terminal, and not needed where there is only one')
  if (KINDS[kind].namespaced) namespaceFlag(command)
  if (isRunKind(kind)) command.option('-L, --last', 'the newest')
  outputFlag(command)
  addEngineFlags(command).action(async (name: string | undefined, flags: DescribeFlags) => {
    const { describeCommand } = await import('../../commands/describe.js')
    const { last = false, output } = flags
    const chosen = { place: engineFlags(flags), noun, last, ...(name && { name }), ...(output && { output }) }
    exit(await describeCommand(context('warn'), chosen))
  })
}
