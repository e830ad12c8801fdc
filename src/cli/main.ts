/** The command line: the flags of each command are in `flags/`, what it does is a function in `commands/`. */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { CommanderError } from 'commander'
import { ownEnvironment, readConfig } from '../config.js'
import { describeError } from '../lib/fault.js'
import { createLog } from '../logging.js'
import { createAsker } from './ask.js'
import { ignoreClosedPipe } from './closed-pipe.js'
import { COMPLETE } from './completion/scripts.js'
import type { CliContext, Invocation } from './context.js'
import { printable } from './print/style.js'
import { createProgram } from './program.js'

/** Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  ignoreClosedPipe(process.stdout, process.stderr)
  // What the completion of a shell calls: not parsed, since its words may be anything.
  if (args[0] === COMPLETE) {
    const { completeCommand } = await import('./commands/complete.js')
    return completeCommand(createContext('warn', false), args.slice(1))
  }
  let exitCode = 0
  const asker = createAsker(process.stdin, process.stderr)
  let hasColour = true
  const invocation: Invocation = {
    context: logLevel => ({ ...createContext(logLevel, hasColour), ask: asker.ask }),
    exit: code => {
      exitCode = code
    },
  }
  try {
    const program = await createProgram(args, invocation)
    program.on('option:no-color', () => {
      hasColour = false
    })
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

/** Under nohup: Node tells nobody that a signal was to be ignored. Its bit in the mask is the lowest. */
function ignoresHangup(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    return (BigInt(`0x${mask}`) & 1n) === 1n
  } catch {
    // No Linux: as if nobody had asked.
    return false
  }
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
    keyboard: process.stdin.isTTY && process.stderr.isTTY ? process.stdin : undefined,
    leave: code => process.exit(code),
    onInterrupt(callback) {
      const signals = ['SIGINT', 'SIGTERM', ...(ignoresHangup() ? [] : ['SIGHUP'])]
      for (const signal of signals) process.on(signal, callback)
      return () => {
        for (const signal of signals) process.off(signal, callback)
      }
    },
  }
}
