/** Which of several processes does what: each has about as much, and only what a process had that is gone changes hands. */
import { createHash } from 'node:crypto'

/** Undefined when there are none. */
export function ownerOf(what: string, members: readonly string[]): string | undefined {
  let owner: string | undefined
  let most = ''
  for (const member of members) {
    const weight = createHash('sha1').update(`${what} ${member}`).digest('hex')
    if (weight > most) {
      owner = member
      most = weight
    }
  }
  return owner
}
