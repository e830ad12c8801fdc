/** What is to be said of a run, in plain words. */

export interface Explanation {
  /** One sentence about the whole. */
  readonly summary: string
  /** What explains it, the most telling first. Empty when there is nothing to explain: all went well. */
  readonly findings: readonly Finding[]
}

export interface Finding {
  readonly is: 'failed' | 'cancelled' | 'waits' | 'skipped' | 'note'
  /** The pipeline task, as in `deploy/apply`; '' for the run itself. */
  readonly about: string
  /** Sentences. */
  readonly text: string
  /** What was said elsewhere, word by word: the last lines of a log, the words of a scheduler. */
  readonly lines?: readonly string[]
  /** What to do: a command, or an edit. */
  readonly wayOut?: string
}

/** What there is to say about a reason. `{name}` and `{namespace}` stand for the run's, `{pod}` for its Pod's. */
export interface Advice {
  readonly says: string
  readonly wayOut?: string
}

export function filled(
  text: string,
  values: { readonly name: string; readonly namespace: string; readonly pod?: string | undefined },
): string {
  return text
    .replaceAll('{name}', values.name)
    .replaceAll('{namespace}', values.namespace)
    .replaceAll('{pod}', values.pod ?? `${values.name}-pod`)
}
