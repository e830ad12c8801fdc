/** `--watch`: a round for every change, until somebody ends it. */
import { describeError } from '../../lib/fault.js'
import type { CliContext } from '../context.js'
import { onOneLine, styleFor } from '../print/style.js'
import { EXIT, type RunOptions } from './options.js'
import { CHANGED, liveTerminal } from './round.js'
import { watchFiles } from './watch-files.js'

/** @param round runs once; resolves to its exit code */
export async function watchRuns(
  context: CliContext,
  options: RunOptions,
  interrupt: AbortSignal,
  round: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { stderr, config, now } = context
  const style = styleFor(liveTerminal(context), config)
  const interrupted = new Promise<undefined>(resolve => {
    if (interrupt.aborted) resolve(undefined)
    interrupt.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const paths = [...options.files, ...options.config, ...options.workspaces.map(({ directory }) => directory)]
  if (options.paramsFile !== undefined) paths.push(options.paramsFile)
  let why = ''
  for (let count = 1; ; count++) {
    const time = new Date(now()).toTimeString().slice(0, 8)
    stderr.write(`${count > 1 ? '\n' : ''}${style.bold(`── round ${count}  ${time}${why} `.padEnd(60, '─'))}\n`)
    // Before anything is read: what changes while it is read is seen.
    const files = await watchFiles(paths).catch((error: unknown) => describeError(error))
    if (typeof files === 'string') {
      stderr.write(`${style.red('error')}: ${files}\n`)
      return EXIT.refused
    }
    const broken = new AbortController()
    const change = files.changed.then(path => {
      broken.abort(CHANGED)
      return path
    })
    try {
      const code = await round(AbortSignal.any([interrupt, broken.signal]))
      if (interrupt.aborted) return code
      if (!broken.signal.aborted)
        stderr.write(
          `${code === EXIT.succeeded ? style.green('succeeded') : style.red('failed')}; waiting for a change, Ctrl-C ends\n`,
        )
      const path = await Promise.race([change, interrupted])
      if (path === undefined) return code
      why = `  ${onOneLine(path)} changed`
    } finally {
      files.close()
    }
  }
}
