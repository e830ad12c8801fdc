/** From the command line to the exit code. */
import type { Environment } from '../config.js'
import { createLog } from '../logging.js'
import { version } from '../version.js'
import { helpText } from './flags.js'
import { type ProcessConfig, readProcess } from './process-config.js'
import type { CommonFlags, CommonValues } from './process-flags.js'
import { type Life, runProcess } from './run-process.js'

export interface Program<F extends CommonFlags> {
  /** `workers` or `listeners`. */
  readonly name: string
  readonly about: string
  readonly flags: F
  readonly run: (told: ProcessConfig<F>, life: Life) => Promise<void>
}

/** Does not return: the process ends with 0 after an orderly stop, 2 when it is told something wrong, 1 otherwise. */
export async function runProgram<F extends CommonFlags>(
  { name, about, flags, run }: Program<F>,
  args: readonly string[],
  environment: Environment,
): Promise<never> {
  const reading = await readProcess(flags, args, environment)
  switch (reading.is) {
    case 'help':
      process.stdout.write(helpText(`tektite-${name} [flags]`, about, flags))
      return process.exit(0)
    case 'version':
      process.stdout.write(`${version()}\n`)
      return process.exit(0)
    case 'wrong':
      process.stderr.write(reading.problems.map(problem => `error: ${problem}\n`).join(''))
      return process.exit(2)
    case 'read': {
      const { told } = reading
      const values: CommonValues = told.values
      const log = createLog(values['log-level'])
      const metricsPort = values['metrics-port']
      return process.exit(await runProcess({ metricsPort, log }, life => run(told, life)))
    }
    default:
      throw new Error(`unknown reading ${JSON.stringify(reading satisfies never)}`)
  }
}
