/** The commands of one noun: `tektite pipeline list` and its like. What a verb does is loaded when it is asked for. */
import type { Command } from 'commander'
import type { AddCommand } from '../command-table.js'
import type { Invocation } from '../context.js'
import type { Noun, Verb } from '../nouns/nouns.js'
import { addCancel } from './verbs/cancel.js'
import { addDelete } from './verbs/delete.js'
import { addDescribe } from './verbs/describe.js'
import { addExport } from './verbs/export.js'
import { addList } from './verbs/list.js'
import { addLogs } from './verbs/logs.js'
import { addRerun } from './verbs/rerun.js'
import { addStart } from './verbs/start.js'

/** Adds `tektite NOUN VERB` with its flags. */
export type AddVerb = (command: Command, noun: Noun, invocation: Invocation) => void

const ADD: Readonly<Record<Verb, AddVerb>> = {
  list: addList,
  describe: addDescribe,
  start: addStart,
  logs: addLogs,
  cancel: addCancel,
  rerun: addRerun,
  delete: addDelete,
  export: addExport,
}

export function addNoun(noun: Noun): AddCommand {
  return (program, invocation) => addVerbs(program.command(noun.name).description(noun.summary), noun, invocation)
}

export function addVerbs(command: Command, noun: Noun, invocation: Invocation): void {
  command.helpCommand(false)
  for (const verb of noun.verbs) ADD[verb](command, noun, invocation)
}
