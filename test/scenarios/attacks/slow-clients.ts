/** Ten thousand clients in a process of their own, so that this one's files and thread stay free. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface SlowClients {
  /** How many are connected and have sent their half. */
  readonly open: number
  /** Resolves when all of those that sent half a head have been cut off. */
  cutWhileSendingHeads(): Promise<{ readonly heads: number; readonly answered408: number }>
  end(): Promise<void>
}

export async function openSlowClients(port: number, count: number): Promise<SlowClients> {
  const child = fork(join(import.meta.dirname, 'slow-clients.mjs'), [String(port), String(count)])
  const [first] = (await answerOf(child)) as [{ readonly open: number }]
  return {
    open: first.open,
    async cutWhileSendingHeads() {
      child.send('heads')
      const [cut] = (await answerOf(child)) as [{ readonly heads: number; readonly answered408: number }]
      return cut
    },
    async end() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answerOf(child: ChildProcess): Promise<unknown[]> {
  const early = once(child, 'exit').then(([code]) => {
    throw new Error(`the slow clients ended with ${code}`)
  })
  return Promise.race([once(child, 'message'), early as Promise<never>])
}
