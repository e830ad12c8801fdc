/**
 * What is wrong with a manifest, as data. The text is Tekton's, byte for byte; what Tekton leaves out (where the line is,
 * what to do about it) travels beside it, so that nothing of ours ends up inside a message someone compares.
 */
export interface Problem {
  /** Tekton's or Kubernetes' wording, without the paths. */
  readonly message: string
  /** As Tekton prints them (`spec.tasks[2].runAfter[0]`), its odd ones included. */
  readonly paths: readonly string[]
  /** Tekton's second line. */
  readonly details?: string
  /** What the author can do. Ours, shown after the message. */
  readonly hint?: string
  /** The message is complete without its paths (decoding and type errors, which come from Kubernetes). */
  readonly complete?: true
  /** A field that nobody knows: whoever takes the object may drop the field instead of refusing the object. */
  readonly unknownField?: true
  /** What Kubernetes calls such a mistake in the causes of a `Status`; see `field-problems.ts`. */
  readonly reason?: FieldReason
  /** The real place, when Tekton's path leads nowhere (`spec[0].params[a]`). */
  readonly at?: string
  /** `Task "build"`, once known. */
  readonly object?: string
  readonly file?: string
  /** 1-based line in the file. */
  readonly line?: number
}

export type FieldReason =
  | 'FieldValueInvalid'
  | 'FieldValueRequired'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'

export function problem(message: string, paths: string | readonly string[], extra: Partial<Problem> = {}): Problem {
  return { message, paths: typeof paths === 'string' ? [paths] : paths, ...extra }
}

export function missing(paths: string | readonly string[], hint?: string): Problem {
  return problem('missing field(s)', paths, hinted(hint))
}

export function mustNotSet(paths: string | readonly string[], hint?: string): Problem {
  return problem('must not set the field(s)', paths, hinted(hint))
}

export function invalidValue(value: string, path: string, details?: string, hint?: string): Problem {
  return problem(`invalid value: ${value}`, path, { ...(details === undefined ? {} : { details }), ...hinted(hint) })
}

/** `both` also for one field that occurs twice: Tekton has no other wording for that. */
export function exactlyOne(
  got: 'both' | 'neither' | 'multiple',
  paths: string | readonly string[],
  hint?: string,
): Problem {
  return problem(`expected exactly one, got ${got}`, paths, hinted(hint))
}

/** A message of Kubernetes' own decoder or schema, which names its path itself. */
export function complete(message: string, path: string, hint?: string): Problem {
  return problem(message, path, { complete: true, ...hinted(hint) })
}

/** Names for a hint: the first twenty, so that a long list stays a line. */
export function listed(names: Iterable<string>): string {
  const shown: string[] = []
  for (const name of names) {
    if (shown.length === 20) return `${shown.join(', ')}, …`
    shown.push(name)
  }
  return shown.join(', ')
}

function hinted(hint: string | undefined): Partial<Problem> {
  return hint === undefined ? {} : { hint }
}

/** The text of one problem as Tekton's webhook prints it. */
export function problemText({ message, paths, details, complete }: Problem): string {
  const line = complete ? message : `${message}: ${[...paths].sort().join(', ')}`
  return details === undefined ? line : `${line}\n${details}`
}

/** With what the author can do, for where there is room for both. */
export function adviceText(problem: Problem): string {
  const text = problemText(problem)
  return problem.hint === undefined ? text : `${text}: ${problem.hint}`
}

/** The text of several: equal messages share a line, lines are sorted. As knative's apis.FieldError. */
export function problemsText(problems: readonly Problem[]): string {
  const merged = new Map<string, Problem>()
  for (const one of problems) {
    const key = JSON.stringify([one.complete ? one.paths : [], one.message, one.details ?? ''])
    const before = merged.get(key)
    merged.set(key, before ? { ...before, paths: [...new Set([...before.paths, ...one.paths])] } : one)
  }
  return [...merged.values()].map(problemText).sort().join('\n')
}
