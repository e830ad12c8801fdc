/** The command line: flags only, each command is a function in `commands/`. */
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.js'
import { parseDuration } from '../lib/duration.js'
import { describeError } from '../lib/fault.js'
import { createLog } from '../logging.js'
import type { CliContext } from './context.js'
import { OUTPUTS, type Output } from './print/output.js'

interface RunFlags {
  readonly file: string[]
  readonly config: string[]
  readonly param: { name: string; value: string }[]
  readonly workspace: { name: string; directory: string }[]
  readonly timeout?: number
  readonly output?: Output
}

interface ValidateFlags {
  readonly recursive: boolean
  readonly config: string[]
  readonly output?: 'json'
}

interface UpFlags {
  readonly port: number
  readonly hooksPort: number
  readonly data: string
  readonly redis?: string
}

/** Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Command('tektite')
    .description('Runs Tekton pipelines from git webhooks and cron schedules, on a laptop or on Kubernetes.')
    .exitOverride()
    .showSuggestionAfterError()

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
    .option('-w, --workspace <name=dir>', 'a folder of this machine as workspace', repeated(workspace), [])
    .option('--timeout <duration>', 'for the whole command, such as 5m', duration)
    .addOption(new Option('-o, --output <format>', 'print the finished runs to stdout').choices(OUTPUTS))
    .addHelpText(
      'after',
      '\nExit code: 0 all succeeded, 1 some failed, 2 the input is wrong (nothing was run), 130 interrupted.',
    )
    .action(async (flags: RunFlags) => {
      const { runCommand } = await import('./commands/run.js')
      exitCode = await runCommand(createContext('warn'), {
        files: flags.file,
        config: flags.config,
        params: flags.param,
        workspaces: flags.workspace,
        ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
        ...(flags.output && { output: flags.output }),
      })
    })

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
      const { validateCommand } = await import('./commands/validate.js')
      exitCode = await validateCommand(createContext('warn'), { paths, ...flags })
    })

  program
    .command('up')
    .description('run the embedded engine as a server: API, webhook listeners, workers and kubelet in one process')
    .option('--port <port>', 'the API, on loopback', port, 6440)
    .option('--hooks-port <port>', 'webhooks, on all interfaces', port, 6480)
    .option('--data <dir>', 'where everything is kept', '.tektite')
    .option('--redis <url>', 'keep queue and inbox in this Redis (BullMQ)')
    .action(async (flags: UpFlags) => {
      const { upCommand } = await import('./commands/up.js')
      exitCode = await upCommand(createContext('info'), {
        port: flags.port,
        hooksPort: flags.hooksPort,
        dataDir: flags.data,
        ...(flags.redis && { redisUrl: flags.redis }),
      })
    })

  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    // Commander has printed what is wrong already; its help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`error: ${describeError(error)}\n`)
    return 2
  }
  return exitCode
}

function createContext(logLevel: 'info' | 'warn'): CliContext {
  const config = readConfig(logLevel)
  return {
    config,
    log: createLog(config.logLevel),
    now: Date.now,
    stdin: () => text(process.stdin),
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      process.on('SIGTERM', callback)
      return () => {
        process.off('SIGINT', callback)
        process.off('SIGTERM', callback)
      }
    },
  }
}

/** A flag that may be repeated. */
function repeated<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)]
}

function pair(text: string): { name: string; value: string } {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be of the form name=value.')
  return { name: text.slice(0, at), value: text.slice(at + 1) }
}

function workspace(text: string): { name: string; directory: string } {
  const { name, value } = pair(text)
  return { name, directory: resolve(value) }
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h30m.')
  return ms
}

function port(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new InvalidArgumentError('It must be a port: 0 (any free one) to 65535.')
  }
  return number
}
