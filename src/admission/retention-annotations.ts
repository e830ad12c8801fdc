/** Annotations that say how long runs are kept: what is wrong with one would show when it is too late. */
import { KEEP_ANNOTATION } from '../resources/annotations.js'
import { invalidValue, type Problem } from '../resources/problem.js'
import { NAMESPACE_KEYS, retentionProblems, TTL_KEYS } from '../retention/rules.js'

/** Runs, and what they take annotations from. */
const OF_RUNS: readonly string[] = ['Task', 'TaskRun', 'Pipeline', 'PipelineRun']
const PATH = 'metadata.annotations'

export function retentionAnnotationProblems(
  kind: string,
  annotations: Readonly<Record<string, string>> | undefined,
): readonly Problem[] {
  if (kind === 'Namespace') return retentionProblems(annotations, PATH, NAMESPACE_KEYS)
  if (!OF_RUNS.includes(kind)) return []
  const keep = annotations?.[KEEP_ANNOTATION]
  const isWrong = keep !== undefined && keep !== 'true' && keep !== 'false'
  return [
    ...retentionProblems(annotations, PATH, TTL_KEYS),
    ...(isWrong ? [invalidValue(JSON.stringify(keep), `${PATH}[${KEEP_ANNOTATION}]`, 'write "true" or "false"')] : []),
  ]
}
