import type { Command } from 'commander'
import { KINDS } from '../../../resources/kinds.js'
import type { Invocation } from '../../context.js'
import { isRunKind, type Noun } from '../../nouns/nouns.js'
import type { ObjectOutput } from '../../print/objects.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from '../engine.js'
import { namespaceFlag, outputFlag } from '../objects.js'
import { wholeNumber } from '../values.js'

interface ListFlags extends EngineFlagValues {
  readonly allNamespaces?: boolean
  readonly label?: string
  readonly limit?: number
  readonly reverse?: boolean
  readonly headers: boolean
  readonly output?: ObjectOutput
}

export function addList(parent: Command, noun: Noun, { context, exit }: Invocation): void {
  const { kind } = noun
  const command = parent.command('list').alias('ls').description(`list ${kind}s`)
  const definition = kind === 'PipelineRun' ? 'Pipeline' : kind === 'TaskRun' ? 'Task' : undefined
  if (definition) command.argument(`[${definition.toLowerCase()}]`, `only runs of this ${definition}`)
  if (KINDS[kind].namespaced) {
    namespaceFlag(command).option('-A, --all-namespaces', 'of all namespaces')
  }
  command.option('--label <selector>', 'only what has these labels: app=web,tier!=db')
  if (isRunKind(kind)) {
    command
      .option('--limit <n>', 'only so many, the newest; 0 for all', wholeNumber, 0)
      .option('--reverse', 'the oldest first')
  }
  outputFlag(command).option('--no-headers', 'rows only')
  addEngineFlags(command).action(async (...args: unknown[]) => {
    const of = definition ? (args[0] as string | undefined) : undefined
    const flags = args[definition ? 1 : 0] as ListFlags
    const { listCommand } = await import('../../commands/list.js')
    const { allNamespaces = false, label, limit = 0, reverse = false, headers, output } = flags
    exit(
      await listCommand(context('warn'), {
        place: engineFlags(flags),
        noun,
        allNamespaces,
        limit,
        reverse,
        headers,
        ...(of && { of }),
        ...(label && { label }),
        ...(output && { output }),
      }),
    )
  })
}
