/** What is asked of a command in a container: Kubernetes' PodExecOptions. Pure. */
import { badRequest } from '../status.js'

export interface ExecRequest {
  readonly container: string | undefined
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** @throws ApiError 400 */
export function execRequest(query: URLSearchParams): ExecRequest {
  const flag = (name: string): boolean => !['0', 'false', null].includes(query.get(name)?.toLowerCase() ?? null)
  const command = query.getAll('command')
  if (command.length === 0 || command[0] === '')
    throw badRequest('you must specify at least one command for the container')
  if (command.some(part => part.includes('\0'))) throw badRequest('no part of a command can hold a NUL')
  const asked = {
    container: query.get('container') || undefined,
    command,
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    // A terminal has one output only.
    stderr: flag('stderr') && !flag('tty'),
    tty: flag('tty'),
  }
  if (asked.stdin || asked.stdout || asked.stderr) return asked
  throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
}
