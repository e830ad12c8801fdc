/** A manifest file, apart: YAML or JSON documents, Lists unpacked, each with the way back to its lines. */
import { jsonLimitProblem, MAX_OBJECT_BYTES } from './json-limits.js'
import { complete, type Problem } from './problem.js'
import { isRecord } from './shape.js'
import { readYaml, writeYaml } from './yaml-source.js'

/** One object of a file, not looked into yet. */
export interface ParsedObject {
  readonly value: unknown
  readonly file: string
  /** 1-based line at which the object begins. */
  readonly line: number
  readonly lineOf: (path: string) => number
}

export type ParsedFile =
  | { readonly is: 'ok'; readonly objects: readonly ParsedObject[] }
  | { readonly is: 'refused'; readonly problems: readonly Problem[] }

/** Ours: a file is read into memory, and nobody writes one this large by hand. */
const MAX_FILE_BYTES = 16 * 1_048_576

/** All objects, or all that stops the file from being read. Never throws, whatever the text. */
export function parseManifests(text: string, file: string): ParsedFile {
  if (text.length > MAX_FILE_BYTES) {
    const message = `Request entity too large: limit is ${MAX_FILE_BYTES}`
    return { is: 'refused', problems: [{ ...complete(message, '', 'split the file; at most 16 MiB are read'), file }] }
  }
  const objects: ParsedObject[] = []
  const problems: Problem[] = []
  for (const { text: part, firstLine } of documentsOf(text)) {
    if (part.length > MAX_OBJECT_BYTES) {
      const hint = 'an object may hold at most 1.5 MiB: move large data into a volume, a repository or an image'
      const found = complete(`Request entity too large: limit is ${MAX_OBJECT_BYTES}`, '', hint)
      problems.push({ ...found, file, line: firstLine })
      continue
    }
    const answer = readYaml(part, firstLine)
    if (answer.is === 'refused') {
      const { message, line, hint } = answer
      problems.push({ ...complete(message, '', hint), file, line })
      continue
    }
    const { value, lineOf } = answer.document
    if (value === undefined || value === null) continue
    const limit = jsonLimitProblem(value)
    if (limit) problems.push({ ...limit, file, line: lineOf(limit.paths[0] ?? '') })
    else objects.push(...unpacked(value, file, lineOf))
  }
  return problems.length > 0 ? { is: 'refused', problems } : { is: 'ok', objects }
}

/**
 * YAML's own rule: a line that starts with `---` and ends there or goes on after a blank begins a document, also inside
 * a text. Apart before parsing, so that one bad document does not hide the mistakes in the others.
 */
function documentsOf(text: string): readonly { readonly text: string; readonly firstLine: number }[] {
  const documents: { text: string; firstLine: number }[] = []
  let firstLine = 1
  for (const part of text.replace(/^\uFEFF/, '').split(/^---(?=[ \t\r\n]|$)/m)) {
    // Comments, directives and the end mark `...` alone are no document.
    if (/^(?![ \t]*(?:[#%].*|\.\.\.[ \t]*)?\r?$)/m.test(part)) documents.push({ text: part, firstLine })
    firstLine += part.split('\n').length - 1
  }
  return documents
}

/** `kind: List` (and `TaskList` and its like, as `kubectl get` prints them) stands for its items. */
function unpacked(value: unknown, file: string, lineOf: (path: string) => number): readonly ParsedObject[] {
  if (
    isRecord(value) &&
    typeof value['kind'] === 'string' &&
    value['kind'].endsWith('List') &&
    Array.isArray(value['items'])
  ) {
    const items: readonly unknown[] = value['items']
    return items.flatMap((item, i) => {
      const place = `items[${i}]`
      return unpacked(item, file, path => lineOf(path === '' ? place : `${place}.${path}`))
    })
  }
  return [{ value, file, line: lineOf(''), lineOf }]
}

/** An object as a manifest. */
export function toYaml(value: unknown): string {
  return writeYaml(value)
}
