/** The commands as commander knows them: the one that is called with all its flags, of the others the names. */
import { Command, Help, type Option } from 'commander'
import { version } from '../version.js'
import { COMMANDS, type CommandEntry, GROUPS } from './command-table.js'
import type { Invocation } from './context.js'

export async function createProgram(args: readonly string[], invocation: Invocation): Promise<Command> {
  const program = new Command('tektite')
    .description('Runs Tekton pipelines from git webhooks and cron schedules, on a laptop or on Kubernetes.')
    .usage('<command> [flags]')
    .commandsGroup(GROUPS.more)
    .helpCommand('help [command]', 'what a command does, and its flags')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ optionDescription: describedOption })
    .option('-C, --no-color', 'plain text; also by NO_COLOR=1, and wherever no terminal is')
    .version(version(), '-V, --version', 'the version of this program')
    .helpOption('-h, --help', 'what a command does, and its flags')
  const called = calledIn(args)
  for (const entry of COMMANDS) await addEntry(program, invocation, entry, isNamed(entry, called))
  return program
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
  { name, aliases = [], group, summary, load }: CommandEntry,
  called: boolean,
): Promise<void> {
  if (called) (await load())(program, invocation)
  const command = program.commands.find(each => each.name() === name) ?? program.command(name)
  command.summary(summary).helpGroup(GROUPS[group]).aliases(aliases).helpOption('-h, --help', 'this text')
}

/** That a flag which may be repeated was not given says nothing. */
function describedOption(option: Option): string {
  return new Help().optionDescription(option).replace(/ ?\(default: \[\]\)/, '')
}
