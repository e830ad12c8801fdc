/** Tells most runs that a filter does not select by their text alone, so that they need not be parsed. Pure. */
import type { RunFilter } from '../run-index/run-filter.js'

/** True for every line that the filter may select. */
export function mayMatch({ namespace, pipeline, task, words = [] }: RunFilter): (line: string) => boolean {
  const pieces = [
    ...(namespace === undefined ? [] : [`"namespace":${JSON.stringify(namespace)}`]),
    ...(pipeline === undefined ? [] : [`"pipeline":${JSON.stringify(pipeline)}`]),
    ...(task === undefined ? [] : [`"task":${JSON.stringify(task)}`]),
    // A label is searched as `key=value`, which is not how it is written.
    ...words.flatMap(word => word.split('=').map(piece => JSON.stringify(piece).slice(1, -1))),
  ].map(piece => piece.toLowerCase())
  if (pieces.length === 0) return () => true
  return line => {
    const text = line.toLowerCase()
    return pieces.every(piece => text.includes(piece))
  }
}

/** Whether the counts by namespace are all it takes to count what it selects. */
export function isByNamespaceOnly(filter: RunFilter): boolean {
  const { pipeline, task, trigger, kind, matchesLabels, words = [] } = filter
  return [pipeline, task, trigger, kind, matchesLabels].every(each => each === undefined) && words.length === 0
}
