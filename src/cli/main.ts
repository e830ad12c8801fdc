/** The command line: the flags of each command are in `flags/`, what it does is a function in `commands/`. */
import { text } from 'node:stream/consumers'
import { Command, CommanderError } from 'commander'
import { ownEnvironment, readConfig } from '../config.js'
import { describeError } from '../lib/fault.js'
import { createLog } from '../logging.js'
import { ignoreClosedPipe } from './closed-pipe.js'
import type { CliContext, Invocation } from './context.js'
import { addDeliveries } from './flags/deliveries.js'
import { addEval } from './flags/eval.js'
import { addRun } from './flags/run.js'
import { addSchedule } from './flags/schedule.js'
import { addTrigger } from './flags/trigger.js'
import { addUp } from './flags/up.js'
import { addValidate } from './flags/validate.js'

/** Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  ignoreClosedPipe(process.stdout, process.stderr)
  let exitCode = 0
  const invocation: Invocation = {
    context: createContext,
    exit: code => {
      exitCode = code
    },
  }
  const program = new Command('tektite')
    .description('Runs Tekton pipelines from git webhooks and cron schedules, on a laptop or on Kubernetes.')
    .exitOverride()
    .showSuggestionAfterError()
  for (const add of [addRun, addValidate, addEval, addUp, addDeliveries, addTrigger, addSchedule])
    add(program, invocation)

  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    // Commander has printed what is wrong already; its help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`error: ${describeError(error)}\n`)
    return 2
  }
  return exitCode
}

function createContext(logLevel: 'info' | 'warn'): CliContext {
  const config = readConfig(logLevel)
  return {
    config,
    environment: ownEnvironment(),
    log: createLog(config.logLevel),
    now: Date.now,
    stdin: () => text(process.stdin),
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      process.on('SIGTERM', callback)
      return () => {
        process.off('SIGINT', callback)
        process.off('SIGTERM', callback)
      }
    },
  }
}
