/** `tektite run`: every run of some files, to the end, in an engine that is thrown away afterwards. */
import type { CliContext } from '../context.js'
import { styleFor } from '../print/style.js'
import { giveUp } from '../run/give-up.js'
import { EXIT, type RunOptions } from '../run/options.js'
import { prepare } from '../run/prepare.js'
import { liveTerminal, runRound } from '../run/round.js'

export async function runCommand(given: CliContext, options: RunOptions): Promise<number> {
  const context = rememberingAnswers(given)
  const { stderr, config } = context
  const style = styleFor(liveTerminal(context), config)
  const refuse = (problems: readonly string[]): number => {
    for (const line of problems) stderr.write(`${style.red('error')}: ${line}\n`)
    return EXIT.refused
  }
  const together = refusedTogether(options, context)
  if (together !== undefined) return refuse([together])

  const folders = new Set<string>()
  let noted = false
  const round = async (signal: AbortSignal): Promise<number> => {
    const prepared = await prepare(context, options)
    if (prepared.is === 'refused') return refuse(prepared.problems)
    for (const warning of prepared.warnings) stderr.write(`${style.yellow('warning')}: ${warning}\n`)
    const code = await runRound(context, prepared, { ...options, quiet: noted, folders }, signal)
    noted = true
    return code
  }

  const interrupt = new AbortController()
  const release = context.onInterrupt(() => {
    if (!interrupt.signal.aborted) return interrupt.abort()
    giveUp(folders)
    context.leave(EXIT.interrupted)
  })
  try {
    if (options.watch !== true) return await round(interrupt.signal)
    const { watchRuns } = await import('../run/watch-runs.js')
    return await watchRuns(context, options, interrupt.signal, round)
  } finally {
    release()
  }
}

function refusedTogether(
  { watch, writeBack, files, debugOnFailure, fromFailed }: RunOptions,
  { keyboard }: CliContext,
): string | undefined {
  if (debugOnFailure === true && keyboard === undefined) {
    return '--debug-on-failure opens a shell, and this is no terminal; leave it out, or use debug.breakpoints (docs/local.md)'
  }
  if (watch !== true) return undefined
  if (writeBack === true)
    return '--watch and --write-back do not go together: what a run writes back would start the next'
  if (fromFailed === true) return '--watch and --from-failed do not go together: leave one of them out'
  if (files.includes('-')) return '--watch needs files that can change; standard input is none'
  return undefined
}

/** A person is asked once, however many rounds there are. */
function rememberingAnswers(context: CliContext): CliContext {
  const { ask } = context
  if (ask === undefined) return context
  const answers = new Map<string, string>()
  return {
    ...context,
    ask: async question => {
      const answer = answers.get(question) ?? (await ask(question))
      answers.set(question, answer)
      return answer
    },
  }
}
