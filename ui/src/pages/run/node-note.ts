import type { GraphNode } from '../../../../src/graph/graph.js'

/** What is to be said of a task beside its status; '' for nothing. */
export function nodeNote(node: GraphNode): string {
  const { matrix, retries, skippedReason, isFailureAllowed, inheritedFrom, status } = node
  const notes = [
    matrix !== undefined && `${matrix.done}/${matrix.total}${matrix.failed > 0 ? `, ${matrix.failed} failed` : ''}`,
    retries > 0 && (retries === 1 ? '1 retry' : `${retries} retries`),
    skippedReason !== undefined && shortReason(skippedReason),
    isFailureAllowed && status === 'failed' && 'failure allowed',
    inheritedFrom !== undefined && 'taken over',
  ]
  return notes.filter(Boolean).join(' · ')
}

const SHORT: readonly (readonly [RegExp, string])[] = [
  [/when expressions/i, 'when: no'],
  [/parent tasks? (?:were|was) skipped/i, 'after a skipped task'],
  [/stopping/i, 'run was stopping'],
  [/cancelled/i, 'run was cancelled'],
  [/results were missing/i, 'missing results'],
  [/timeout/i, 'timeout reached'],
]

/** Tekton's sentence in a few words, where there is room for few. */
function shortReason(reason: string): string {
  return SHORT.find(([pattern]) => pattern.test(reason))?.[1] ?? reason
}
