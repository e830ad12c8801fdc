/** The flags of `tektite graph`. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from './engine.js'
import { namespaceFlag } from './objects.js'
import { repeated } from './values.js'

interface GraphFlags extends EngineFlagValues {
  readonly filename: readonly string[]
  readonly last?: boolean
  readonly output?: 'mermaid' | 'dot' | 'json'
  readonly ascii?: boolean
}

const KINDS: Readonly<Record<string, 'pipeline' | 'pipelinerun' | 'taskrun'>> = {
  pipeline: 'pipeline',
  pipelines: 'pipeline',
  p: 'pipeline',
  pipelinerun: 'pipelinerun',
  pipelineruns: 'pipelinerun',
  pr: 'pipelinerun',
  taskrun: 'taskrun',
  taskruns: 'taskrun',
  tr: 'taskrun',
}

export function addGraph(program: Command, { context, exit }: Invocation): void {
  const command = program
    .command('graph')
    .description('draw a pipeline, or a run with how far each task is and what decided how long it took')
    .usage('[flags] -f FILE | [pipeline|pipelinerun|taskrun] NAME | --last')
    .argument('[what...]', 'pipeline NAME, pipelinerun NAME, or a name of either')
    .option(
      '-f, --filename <file>',
      'manifests with Pipelines; a folder, or - for standard input; repeatable',
      repeated(file => file),
      [],
    )
    .option('-L, --last', 'the newest PipelineRun')
    .addOption(new Option('-o, --output <format>', 'for other programs').choices(['mermaid', 'dot', 'json']))
    .option('--ascii', 'draw with ASCII only')
  addEngineFlags(namespaceFlag(command)).action(async (what: string[], flags: GraphFlags) => {
    const { filename, output } = flags
    const [first, second, ...rest] = what
    const kind = second === undefined ? undefined : KINDS[first ?? '']
    const name = second ?? first
    if (rest.length > 0 || (second !== undefined && kind === undefined)) {
      command.error(
        `error: "${what.join(' ')}" is nothing to draw: say pipeline NAME, pipelinerun NAME or taskrun NAME`,
      )
    }
    if (filename.length > 0 && name !== undefined) command.error('error: give -f FILE or a name, not both')
    const { graphCommand } = await import('../commands/graph.js')
    exit(
      await graphCommand(context('warn'), {
        place: engineFlags(flags),
        files: filename,
        last: flags.last === true,
        ascii: flags.ascii === true,
        ...(kind && { kind }),
        ...(name && { name }),
        ...(output && { output }),
      }),
    )
  })
}
