/** The flags of `tektite init`. The command itself is loaded when it is asked for. */
import type { Command } from 'commander'
import type { Invocation } from '../context.js'

interface InitFlags {
  readonly name?: string
  readonly force: boolean
  readonly dryRun: boolean
}

export function addInit(program: Command, { context, exit }: Invocation): void {
  program
    .command('init')
    .description('write a pipeline, a webhook and a schedule for the repository at hand into .tekton/')
    .argument('[folder]', 'the top of the repository', '.')
    .option('--name <name>', 'of the pipeline; by default that of the folder')
    .option('--force', 'write over what is there', false)
    .option('--dry-run', 'print the files instead', false)
    .addHelpText('after', '\nExit code: 0 written, 2 there are such files already, or a flag is wrong.')
    .action(async (folder: string, flags: InitFlags) => {
      const { initCommand } = await import('../commands/init.js')
      exit(await initCommand(context('warn'), { folder, ...flags }))
    })
}
