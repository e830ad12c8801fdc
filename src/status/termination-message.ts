/**
 * The termination message of a step: a JSON array of `{ key, value, type }` that the entrypoint writes
 * (entrypoint/README.md) and the kubelet puts into `terminated.message`.
 */

/** The numbers of Tekton's pkg/result. */
export const ENTRY_TYPE = { taskResult: 1, internal: 3, stepResult: 4, stepArtifacts: 5, taskArtifacts: 6 } as const

export interface TerminationEntry {
  readonly key: string
  readonly value: string
  /** One of `ENTRY_TYPE`; others are carried along. */
  readonly type: number
}

/** What the entrypoint says about the step itself. `Message` is ours: why a step failed that no command made fail. */
export type InternalKey = 'StartedAt' | 'ExitCode' | 'Reason' | 'Message'

export interface TerminationMessage {
  readonly entries: readonly TerminationEntry[]
  /** What of the text could not be understood. The other entries are good. */
  readonly error?: string
}

/**
 * As pkg/termination/parse.go: the last value of a key wins, entries are sorted by key. Otherwise than there, entries of
 * different types are never one and the same: a task's result called `Reason` or `ExitCode` must not be taken for ours,
 * and a task result and a step result of one name both survive.
 */
export function parseTerminationMessage(text: string | undefined): TerminationMessage {
  if (text === undefined || text === '') return { entries: [] }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { entries: [], error: `termination message is not JSON (${text.length} characters): ${excerpt(text)}` }
  }
  if (!Array.isArray(parsed)) return { entries: [], error: `termination message is no array: ${excerpt(text)}` }

  const entries = new Map<string, TerminationEntry>()
  const bad: number[] = []
  for (const [index, item] of parsed.entries()) {
    const entry = toEntry(item)
    if (entry === undefined) bad.push(index)
    else entries.set(`${entry.type} ${entry.key}`, entry)
  }
  const sorted = [...entries.values()].sort(byKeyThenType)
  if (bad.length === 0) return { entries: sorted }
  return {
    entries: sorted,
    error: `termination message has entries without key, value and type: [${bad.join('], [')}]`,
  }
}

/** What the entrypoint says under `key`, or undefined. */
export function internalValue(entries: readonly TerminationEntry[], key: InternalKey): string | undefined {
  return entries.find(entry => entry.type === ENTRY_TYPE.internal && entry.key === key)?.value
}

/** For `terminated.message` in the TaskRun's status: the entries that are not internal, as compact JSON; '' when none. */
export function publicMessage(entries: readonly TerminationEntry[]): string {
  const shown = entries
    .filter(entry => entry.type !== ENTRY_TYPE.internal)
    .map(({ key, value, type }) => ({ key, value, type }))
  return shown.length === 0 ? '' : JSON.stringify(shown)
}

function toEntry(item: unknown): TerminationEntry | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { key, value, type } = item as { readonly key?: unknown; readonly value?: unknown; readonly type?: unknown }
  if (typeof key !== 'string' || key === '' || typeof value !== 'string' || !Number.isInteger(type)) return undefined
  return { key, value, type: type as number }
}

function byKeyThenType(a: TerminationEntry, b: TerminationEntry): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : a.type - b.type
}

// Messages are cut by the kubelet, so the end says more than the beginning.
function excerpt(text: string): string {
  return text.length <= 80 ? text : `…${text.slice(-80)}`
}
