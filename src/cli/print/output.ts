/** `-o`: what goes to stdout when the runs are done, and nothing else does. */

import { toYaml } from '../../resources/parse.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'

export const OUTPUTS = ['json', 'yaml', 'name'] as const
export type Output = (typeof OUTPUTS)[number]

/** `roots` are the runs that were asked for; `all` those with their children. */
export function printRuns(
  output: Output,
  roots: readonly (PipelineRun | TaskRun)[],
  all: readonly (PipelineRun | TaskRun)[],
): string {
  const list = { apiVersion: 'v1', kind: 'List', items: [...all].sort(byKindAndName) }
  switch (output) {
    case 'json':
      return `${JSON.stringify(list, undefined, 2)}\n`
    case 'yaml':
      return toYaml(list)
    case 'name':
      return roots.map(run => `${run.kind.toLowerCase()}.tekton.dev/${run.metadata.name}\n`).join('')
    default:
      throw new Error(`unknown output ${JSON.stringify(output satisfies never)}`)
  }
}

function byKindAndName(a: PipelineRun | TaskRun, b: PipelineRun | TaskRun): number {
  return `${a.kind}/${a.metadata.namespace}/${a.metadata.name}` < `${b.kind}/${b.metadata.namespace}/${b.metadata.name}`
    ? -1
    : 1
}
