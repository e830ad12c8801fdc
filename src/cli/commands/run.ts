/** `tektite run`: every run of some files, to the end, in an engine that is thrown away afterwards. */
import type { CliContext } from '../context.js'
import { styleFor } from '../print/style.js'
import { EXIT, type RunOptions } from '../run/options.js'
import { prepare } from '../run/prepare.js'
import { runRound } from '../run/round.js'

export async function runCommand(context: CliContext, options: RunOptions): Promise<number> {
  const { stderr, config } = context
  const style = styleFor(stderr, config)
  const prepared = await prepare(context, options)
  if (prepared.is === 'refused') {
    for (const line of prepared.problems) stderr.write(`${style.red('error')}: ${line}\n`)
    return EXIT.refused
  }
  for (const warning of prepared.warnings) stderr.write(`${style.yellow('warning')}: ${warning}\n`)

  const interrupt = new AbortController()
  const release = context.onInterrupt(() => interrupt.abort())
  try {
    return await runRound(context, prepared, options, interrupt.signal)
  } finally {
    release()
  }
}
