/** The output of the steps that failed: what one would look up next. */
import type { EmbeddedEngine } from '../../embedded.js'
import type { PipelineRun, StepState, TaskRun } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import { printable, type Style } from './style.js'

const SHOWN_LINES = 50

export async function* failedStepLogs(
  engine: Pick<EmbeddedEngine, 'readLogs'>,
  runs: readonly (PipelineRun | TaskRun)[],
  style: Style,
): AsyncGenerator<string> {
  for (const run of runs) {
    if (run.kind !== 'TaskRun' || succeededCondition(run)?.status !== 'False' || !run.status?.podName) continue
    const steps = run.status.steps ?? []
    // All of them wait for the same thing.
    const held = steps.find(step => step.waiting?.message)
    if (held) yield `\n${style.bold(printable(run.metadata.name))}\n  ${printable(held.waiting?.message ?? '')}\n`
    for (const step of steps.filter(failedItself)) {
      const key = { namespace: run.metadata.namespace, pod: run.status.podName, container: step.container }
      const output = await engine.readLogs(key, { follow: false }, new AbortController().signal)
      if (output === undefined) continue
      const text = await textOf(output)
      if (text.trim() === '') continue
      const lines = text.split('\n')
      const shown = lines.slice(-SHOWN_LINES - 1)
      const cut = lines.length > shown.length ? ` (last ${SHOWN_LINES} lines)` : ''
      yield `\n${style.bold(`${printable(run.metadata.name)} step ${printable(step.name)}`)}${style.dim(cut)}\n`
      yield shown
        .map(line => `  ${printable(line)}`)
        .join('\n')
        .trimEnd()
      yield '\n'
    }
  }
}

/** Steps after the failed one end with 1 too, but said nothing of their own. */
function failedItself(step: StepState): boolean {
  return step.terminated !== undefined && step.terminated.exitCode !== 0 && step.terminationReason !== 'Skipped'
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}
