/** The flags of `tektite run`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { OUTPUTS, type Output } from '../print/output.js'
import type { SecretFlag } from '../run/secrets.js'
import { duration, pair, repeated, secret, workspace } from './values.js'

interface RunFlags {
  readonly file: string[]
  readonly config: string[]
  readonly param: { name: string; value: string }[]
  readonly workspace: { name: string; directory: string }[]
  readonly timeout?: number
  readonly output?: Output
  readonly writeBack?: true
  readonly paramsFile?: string
  readonly secret: SecretFlag[]
  readonly showlog?: boolean
  readonly watch?: true
  readonly debugOnFailure?: true
  readonly fromFailed?: true
}

export function addRun(program: Command, { context, exit }: Invocation): void {
  program
    .command('run')
    .description('run every PipelineRun and TaskRun of some files to the end, in a throw-away engine')
    .requiredOption(
      '-f, --file <file>',
      'a manifest, `-` for standard input; may be repeated',
      repeated(value => value),
    )
    .option(
      '--config <file>',
      'ConfigMaps config-defaults and feature-flags to run under; may be repeated',
      repeated(value => value),
      [],
    )
    .option('-p, --param <name=value>', 'a param for the runs; repeat for the elements of an array', repeated(pair), [])
    .option(
      '-w, --workspace <name=dir>',
      'a folder of this machine as workspace, as it is now; steps write in a copy',
      repeated(workspace),
      [],
    )
    .option('--write-back', 'when all succeeded, bring what steps changed in those folders to the folders themselves')
    .option('--params-file <file>', 'params as a map of YAML or JSON; -p comes before them')
    .option(
      '--secret <name=@file>',
      'a Secret of this run: name=@file, name.key=@file or name.key=env:VARIABLE; may be repeated',
      repeated(secret),
      [],
    )
    .option('--showlog', 'print all that steps write (the default where no terminal is)')
    .option('--no-showlog', 'print what failing steps wrote only')
    .option('--watch', 'run again when a file of -f or of a workspace changes, until Ctrl-C')
    .option('--from-failed', 'take over what succeeded in the last run of these files, which failed')
    .option('--debug-on-failure', 'a shell in the place of a step that failed; needs a terminal')
    .option('--timeout <duration>', 'for the whole command, such as 5m', duration)
    .addOption(new Option('-o, --output <format>', 'print the finished runs to stdout').choices(OUTPUTS))
    .addHelpText(
      'after',
      '\nExit code: 0 all succeeded, 1 some failed, 2 the input is wrong (nothing was run), 130 interrupted.',
    )
    .action(async (flags: RunFlags) => {
      const { runCommand } = await import('../commands/run.js')
      exit(
        await runCommand(context('warn'), {
          files: flags.file,
          config: flags.config,
          params: flags.param,
          workspaces: flags.workspace,
          ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
          ...(flags.output && { output: flags.output }),
          ...(flags.writeBack && { writeBack: true }),
          ...(flags.paramsFile !== undefined && { paramsFile: flags.paramsFile }),
          secretFlags: flags.secret,
          ...(flags.showlog !== undefined && { showLog: flags.showlog }),
          ...(flags.watch && { watch: true }),
          ...(flags.fromFailed && { fromFailed: true }),
          ...(flags.debugOnFailure && { debugOnFailure: true }),
        }),
      )
    })
}
