/** The flags of `tektite validate`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { repeated } from './values.js'

interface ValidateFlags {
  readonly recursive: boolean
  readonly config: string[]
  readonly output?: 'json'
}

export function addValidate(program: Command, { context, exit }: Invocation): void {
  program
    .command('validate')
    .description('check manifests as a cluster would, all at once, without running anything')
    .argument('<file...>', 'manifests and folders of them; `-` for standard input')
    .option('-R, --recursive', 'folders within folders too', false)
    .option(
      '--config <file>',
      'ConfigMaps config-defaults and feature-flags to check under; may be repeated',
      repeated(value => value),
      [],
    )
    .addOption(new Option('-o, --output <format>', 'print what was found to stdout').choices(['json']))
    .addHelpText(
      'after',
      '\nExit code: 0 nothing is wrong (there may be warnings), 1 something is, 2 a file or a flag cannot be read.',
    )
    .action(async (paths: string[], flags: ValidateFlags) => {
      const { validateCommand } = await import('../commands/validate.js')
      exit(await validateCommand(context('warn'), { paths, ...flags }))
    })
}
