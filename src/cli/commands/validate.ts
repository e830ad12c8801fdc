/** `tektite validate`: everything that is wrong with some manifests, without running anything. */
import { problemText } from '../../resources/problem.js'
import type { CliContext } from '../context.js'
import { readManifests } from '../manifests.js'
import { describeProblem } from '../print/problem.js'
import { styleFor } from '../print/style.js'
import { EXIT } from '../run/options.js'

export interface ValidateOptions {
  /** Files and folders; `-` is standard input. */
  readonly paths: readonly string[]
  readonly config: readonly string[]
  readonly recursive: boolean
  readonly output?: 'json'
}

/**
 * Resolves to 0 when a cluster would take all of it and no run is doomed from the start, 1 when something is wrong, 2 when
 * something cannot be read.
 */
export async function validateCommand(context: CliContext, options: ValidateOptions): Promise<number> {
  const { stdout, stderr, config } = context
  const { paths: files, recursive } = options
  const found = await readManifests(
    { files, config: options.config, recursive, together: true },
    { stdin: context.stdin, configNames: config.configNames },
  )
  const problems = [...found.unreadable, ...found.problems].map(problem => ({ severity: 'error' as const, problem }))
  const warnings = found.warnings.map(problem => ({ severity: 'warning' as const, problem }))
  const findings = [...problems, ...warnings].sort(
    (a, b) => compare(a.problem.file ?? '', b.problem.file ?? '') || (a.problem.line ?? 0) - (b.problem.line ?? 0),
  )
  if (options.output === 'json') {
    const list = findings.map(({ severity, problem }) => {
      const { file, line, object, hint } = problem
      const path = problem.at ?? problem.paths[0]
      return { severity, file, line, object, path: path || undefined, message: problemText(problem), hint }
    })
    stdout.write(`${JSON.stringify({ valid: problems.length === 0, problems: list }, undefined, 2)}\n`)
  } else {
    const style = styleFor(stderr, config)
    const words = { error: style.red('error'), warning: style.yellow('warning') }
    for (const { severity, problem } of findings) stderr.write(`${words[severity]}: ${describeProblem(problem)}\n`)
    if (problems.length === 0) stdout.write(`${counted(found.objects.length, 'object')} valid\n`)
    else stderr.write(`${counted(problems.length, 'problem')}\n`)
  }
  if (found.unreadable.length > 0) return EXIT.refused
  return problems.length === 0 ? EXIT.succeeded : EXIT.failed
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
