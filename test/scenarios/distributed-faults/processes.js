/** The processes of a round: each can be started, killed, frozen and started again, and says when it serves. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../../..')
/** A process that does not serve by then never will: on a busy machine, and with thousands of runs to list, it takes long. */
const PATIENCE_MS = 180_000
const RESTART_MS = 200

/**
 * Kept up as a kubelet would: what ends by itself is started again, and counted.
 * @param serves resolves to true when the process does what it is for; may reject
 */
export function createProcess({ name, command, args, env = {}, folder, serves }) {
  const log = join(folder, `${name.replaceAll(' ', '-')}.log`)
  const ends = []
  let child
  let isWanted = false

  function launch() {
    const out = openSync(log, 'a')
    const launched = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', out, out] })
    closeSync(out)
    child = launched
    launched.once('error', error => ends.push(String(error)))
    launched.once('exit', async (code, signal) => {
      if (!isWanted || child !== launched) return
      ends.push(signal ?? code)
      await pause(RESTART_MS)
      if (isWanted && child === launched) launch()
    })
  }

  const hasEnded = () => child === undefined || child.exitCode !== null || child.signalCode !== null

  async function end(signal) {
    isWanted = false
    if (hasEnded()) return child?.exitCode
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    return child.exitCode
  }

  return {
    name,
    /** How it ended when nobody had asked it to. */
    ends,
    async start() {
      isWanted = true
      launch()
      const deadline = Date.now() + PATIENCE_MS
      while (!(await serves().catch(() => false))) {
        if (Date.now() > deadline) throw new Error(`${name} does not serve (ended by itself: ${ends}): see ${log}`)
        await pause(25)
      }
    },
    /** A frozen process dies of it too. */
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  }
}

/** One of our own helpers, which talks with messages. */
export function forkHelper(file, options) {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(options)])
  return {
    on: listener => child.on('message', listener),
    send: message => child.send(message),
    /** The first message that has this field. */
    saying(field) {
      return new Promise((resolve, reject) => {
        const hear = message => {
          if (message[field] === undefined) return
          child.off('message', hear)
          resolve(message[field])
        }
        child.on('message', hear)
        child.once('exit', code => reject(new Error(`${file} ended with ${code}`)))
      })
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

export function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
