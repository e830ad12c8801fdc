/** Flags that verbs share. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ObjectOutput, parseObjectOutput } from '../print/objects.js'

export const NAMESPACE = '-n, --namespace <namespace>'
const NAMESPACE_HELP = "where it is (default: the context's, or default)"

export function namespaceFlag(command: Command, help = NAMESPACE_HELP): Command {
  return command.option(NAMESPACE, help)
}

export function outputFlag(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'json, yaml, name or jsonpath=TEMPLATE').argParser(objectOutput),
  )
}

function objectOutput(text: string): ObjectOutput {
  try {
    return parseObjectOutput(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
