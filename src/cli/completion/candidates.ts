/** What may come next on a command line: of what kind, and which texts of those that there are. Pure. */
import type { Command, Option } from 'commander'
import type { Kind } from '../../resources/kinds.js'
import { NOUNS, SCHEDULE } from '../nouns/nouns.js'
import { runKindOf } from '../print/lists.js'

export interface Candidate {
  readonly text: string
  readonly about: string
}

/** Words that are known already, or names that somebody has to look up; files are left to the shell. */
export type Wanted =
  | { readonly is: 'words'; readonly words: readonly Candidate[] }
  | { readonly is: 'names'; readonly of: Kind }
  | { readonly is: 'contexts' }
  | { readonly is: 'files' }

const NAMES_OF_FLAGS: Readonly<Record<string, Kind>> = {
  '--namespace': 'Namespace',
  '--serviceaccount': 'ServiceAccount',
  '--use-pipelinerun': 'PipelineRun',
  '--use-taskrun': 'TaskRun',
  '--pipeline': 'Pipeline',
  '--listener': 'EventListener',
}

/** `words`: those after the program's name; the last one is being typed. */
export function wantedAfter(program: Command, words: readonly string[]): Wanted {
  const current = words.at(-1) ?? ''
  const { command, given, pending } = follow(program, words.slice(0, -1))
  if (pending !== undefined) return valueOfFlag(pending)
  if (current.startsWith('-')) {
    const options = [...command.options, ...program.options].filter(({ hidden, long }) => !hidden && long)
    const flags = options.map(({ long, description }) => ({ text: long ?? '', about: description }))
    return { is: 'words', words: [...flags, { text: '--help', about: 'this command and its flags' }] }
  }
  if (command.commands.length > 0 && given === 0) {
    const below = command.createHelp().visibleCommands(command)
    return {
      is: 'words',
      words: below.map(each => ({ text: each.name(), about: each.summary() || each.description() })),
    }
  }
  return argumentOf(command, given)
}

interface Followed {
  readonly command: Command
  /** Arguments that the command has already. */
  readonly given: number
  /** The flag whose value comes next. */
  readonly pending: Option | undefined
}

function follow(program: Command, words: readonly string[]): Followed {
  let command = program
  let given = 0
  let pending: Option | undefined
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(({ short, long }) => short === word || long === word)
      if (option?.required || option?.optional) pending = option
    } else {
      const below = command.commands.find(each => each.name() === word || each.aliases().includes(word))
      if (below !== undefined && given === 0) command = below
      else given++
    }
  }
  return { command, given, pending }
}

function valueOfFlag({ long = '', argChoices }: Option): Wanted {
  if (argChoices !== undefined) return { is: 'words', words: argChoices.map(text => ({ text, about: '' })) }
  if (long === '--context') return { is: 'contexts' }
  const kind = NAMES_OF_FLAGS[long]
  if (kind !== undefined) return { is: 'names', of: kind }
  if (long !== '--output') return { is: 'files' }
  return { is: 'words', words: ['json', 'yaml', 'name'].map(text => ({ text, about: '' })) }
}

/** The names that a command takes are of its noun; behind a Pipeline, those of its runs. */
function argumentOf(command: Command, given: number): Wanted {
  const argument = command.registeredArguments[Math.min(given, command.registeredArguments.length - 1)]
  const isTooMany = argument !== undefined && !argument.variadic && given >= command.registeredArguments.length
  if (argument === undefined || isTooMany) return { is: 'files' }
  if (argument.argChoices) return { is: 'words', words: argument.argChoices.map(text => ({ text, about: '' })) }
  if (command.name() === 'trigger') return { is: 'names', of: 'EventListener' }
  const noun = [...Object.values(NOUNS), SCHEDULE].find(({ name }) => name === command.parent?.name())
  if (noun === undefined || ['next'].includes(command.name())) return { is: 'files' }
  if (command.name() === 'list') {
    return { is: 'names', of: noun.kind === 'PipelineRun' ? 'Pipeline' : 'Task' }
  }
  return { is: 'names', of: given > 0 && !argument.variadic ? (runKindOf(noun.kind) ?? noun.kind) : noun.kind }
}

/** Names may come from anybody's cluster, and some shells put them on the command line as they are. */
const SAFE = /^[A-Za-z0-9_-][A-Za-z0-9._:@/+-]*$/

/** One to a line, with what it is behind a tab. */
export function completionLines(candidates: readonly Candidate[], current: string): string {
  return candidates
    .filter(({ text }) => text.startsWith(current) && SAFE.test(text))
    .map(({ text, about }) => {
      const line = about.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').trim()
      return line === '' ? `${text}\n` : `${text}\t${line}\n`
    })
    .join('')
}
