/** The command line: the flags of each command are in `flags/`, what it does is a function in `commands/`. */
import { text } from 'node:stream/consumers'
import { Command, CommanderError } from 'commander'
import { ownEnvironment, readConfig } from '../config.js'
import { describeError } from '../lib/fault.js'
import { createLog } from '../logging.js'
import { version } from '../version.js'
import { createAsker } from './ask.js'
import { ignoreClosedPipe } from './closed-pipe.js'
import { COMMANDS, type CommandEntry, GROUPS } from './command-table.js'
import type { CliContext, Invocation } from './context.js'
import { printable } from './print/style.js'

/** Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  ignoreClosedPipe(process.stdout, process.stderr)
  let exitCode = 0
  const asker = createAsker(process.stdin, process.stderr)
  const program = new Command('tektite')
  const invocation: Invocation = {
    context: logLevel => ({ ...createContext(logLevel, program.opts()['color'] !== false), ask: asker.ask }),
    exit: code => {
      exitCode = code
    },
  }
  program
    .description('Runs Tekton pipelines from git webhooks and cron schedules, on a laptop or on Kubernetes.')
    .usage('<command> [flags]')
    .helpCommand('help [command]', 'what a command does, and its flags')
    .exitOverride()
    .showSuggestionAfterError()
    .commandsGroup(GROUPS.more)
    .option('-C, --no-color', 'plain text; also by NO_COLOR=1, and wherever no terminal is')
    .version(version(), '-V, --version', 'the version of this program')
    .helpOption('-h, --help', 'what a command does, and its flags')
  try {
    const called = calledIn(args)
    for (const entry of COMMANDS) await addEntry(program, invocation, entry, isNamed(entry, called))
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    // Commander has printed what is wrong already; its help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
    process.stderr.write(`error: ${printable(describeError(error))}\n`)
    return 2
  } finally {
    asker.close()
  }
  return exitCode
}

/** The first word that is no flag: none of the program's own flags takes a value. */
function calledIn(args: readonly string[]): string | undefined {
  const [first, second] = args.filter(each => !each.startsWith('-'))
  return first === 'help' ? second : first
}

function isNamed({ name, aliases = [] }: CommandEntry, called: string | undefined): boolean {
  return called === name || aliases.some(alias => alias === called)
}

/** What was not called is there for `--help` and for suggestions. */
async function addEntry(
  program: Command,
  invocation: Invocation,
  { name, aliases = [], group, summary, hidden, load }: CommandEntry,
  called: boolean,
): Promise<void> {
  if (hidden && !called) return
  if (called) (await load())(program, invocation)
  const command = program.commands.find(each => each.name() === name) ?? program.command(name)
  command.summary(summary).helpGroup(GROUPS[group]).aliases(aliases).helpOption('-h, --help', 'this text')
}

function createContext(logLevel: 'info' | 'warn', colour: boolean): Omit<CliContext, 'ask'> {
  const config = readConfig(logLevel)
  return {
    config: { ...config, color: config.color && colour },
    environment: ownEnvironment(),
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
