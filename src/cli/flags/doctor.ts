/** The flags of `tektite doctor`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'

interface DoctorFlags {
  readonly data: string
  readonly output?: 'json'
}

export function addDoctor(program: Command, { context, exit }: Invocation): void {
  program
    .command('doctor')
    .description('what this machine offers to pipelines, what it lacks, and what to do about it')
    .option('--data <dir>', 'the data folder of an engine', '.tektite')
    .addOption(new Option('-o, --output <format>', 'print what was found').choices(['json']))
    .addHelpText('after', '\nExit code: 0 pipelines run here, 1 they do not.')
    .action(async ({ data, output }: DoctorFlags) => {
      const { doctorCommand } = await import('../commands/doctor.js')
      exit(await doctorCommand(context('warn'), { dataDir: data, ...(output && { output }) }))
    })
}
