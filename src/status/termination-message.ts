/**
 * The termination message of a step: a JSON array of `{ key, value, type }` that the entrypoint writes
 * (entrypoint/README.md) and the kubelet puts into `terminated.message`.
 */
import { inflateRawSync } from 'node:zlib'

/** The numbers of Tekton's pkg/result. */
export const ENTRY_TYPE = { taskResult: 1, internal: 3, stepResult: 4, stepArtifacts: 5, taskArtifacts: 6 } as const

/** As pkg/termination/write.go: base64 without padding of raw DEFLATE. */
const COMPRESSED = 'tknz:'
/** Tekton's, so that a small message cannot become a large one. */
const MAX_INFLATED_BYTES = 128 * 1024
/** What Kubernetes lets a container say. More is not repeated in the status, where all results stand anyway. */
const MAX_SHOWN_CHARS = 4096

export interface TerminationEntry {
  readonly key: string
  readonly value: string
  /** One of `ENTRY_TYPE`; others are carried along. */
  readonly type: number
}

/** What the entrypoint says about the step itself. Ours are `Message`, why a step failed that no command made fail, and `ResultTooLarge`. */
export type InternalKey = 'StartedAt' | 'ExitCode' | 'Reason' | 'Message' | 'ResultTooLarge'

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
export function parseTerminationMessage(written: string | undefined): TerminationMessage {
  if (written === undefined || written === '') return { entries: [] }
  const text = written.startsWith(COMPRESSED) ? inflated(written.slice(COMPRESSED.length)) : written
  if (text === undefined)
    return { entries: [], error: `termination message cannot be decompressed: ${excerpt(written)}` }
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

/**
 * For `terminated.message` in the TaskRun's status: the entries that are not internal, as compact JSON; '' when none, or
 * more than Tekton could show.
 */
export function publicMessage(entries: readonly TerminationEntry[]): string {
  const shown = entries
    .filter(entry => entry.type !== ENTRY_TYPE.internal)
    .map(({ key, value, type }) => ({ key, value, type }))
  const text = shown.length === 0 ? '' : JSON.stringify(shown)
  return text.length > MAX_SHOWN_CHARS ? '' : text
}

function inflated(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(base64)) return undefined
  try {
    return inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8')
  } catch {
    return undefined // No DEFLATE, cut, or too large: told by the caller, who has the text.
  }
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
