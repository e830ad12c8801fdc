/** A container that the runtime could not start: whose fault that is, from the runtime's words. */
import type { FailureClass } from './failure-class.js'

/** What the image has, what the container asks for: it is so on every node. */
const OF_THE_TASK =
  /no such file or directory|not a directory|executable file not found|permission denied|exec format error|no command specified|cannot find user|unable to find (?:user|group)|no users found|is not allowed|must be absolute/i

export function classOfStartError(message: string): FailureClass {
  return OF_THE_TASK.test(message) ? 'user' : 'infrastructure'
}
