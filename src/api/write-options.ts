/** What a write says of itself in its query: CreateOptions, UpdateOptions and PatchOptions. */
import type { ApiRequest } from './request.js'
import { badRequest, invalidOptions, notSupported, type OptionProblem } from './status.js'

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface WriteOptions {
  readonly dryRun: boolean
  /** Whose fields they are that the write sets. */
  readonly manager: string
  /** What becomes of a write with fields that nobody knows. */
  readonly fieldValidation: FieldValidation
  /** Of an apply: takes fields that others own. */
  readonly force: boolean
}

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'ApplyOptions'

const MAX_MANAGER_BYTES = 128
const FIELD_VALIDATIONS = ['Ignore', 'Strict', 'Warn']

/** @throws ApiError 422 */
export function writeOptionsOf({ query, headers }: ApiRequest, kind: OptionsKind): WriteOptions {
  const manager = query.get('fieldManager') ?? ''
  const validation = query.get('fieldValidation') ?? ''
  const problems = [
    ...forceProblems(query, kind),
    ...(kind === 'ApplyOptions' && manager === '' ? [required('fieldManager', 'is required for apply patch')] : []),
    ...managerProblems(manager),
    ...dryRunProblems(query.getAll('dryRun')),
    ...(validation === '' || FIELD_VALIDATIONS.includes(validation)
      ? []
      : [notSupported('fieldValidation', JSON.stringify(validation), ['', ...FIELD_VALIDATIONS])]),
  ]
  const named = kind === 'ApplyOptions' ? 'PatchOptions' : kind
  if (problems.length > 0) throw invalidOptions(named, problems)
  return {
    dryRun: query.has('dryRun'),
    manager: manager === '' ? managerIn(headers['user-agent'] ?? '') : manager,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    force: booleanOf(query, 'force') ?? false,
  }
}

/** `kubectl/v1.32.0 (linux/amd64)…` is kubectl. */
function managerIn(userAgent: string): string {
  const name = userAgent
    .split('/')[0]!
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, MAX_MANAGER_BYTES)
  return name === '' ? 'unknown' : name
}

function forceProblems(query: URLSearchParams, kind: OptionsKind): readonly OptionProblem[] {
  if (kind !== 'PatchOptions' || booleanOf(query, 'force') === undefined) return []
  const message = 'Forbidden: may not be specified for non-apply patch'
  return [{ field: 'force', type: 'FieldValueForbidden', message }]
}

function managerProblems(manager: string): readonly OptionProblem[] {
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) {
    const message = `Too long: may not be more than ${MAX_MANAGER_BYTES} bytes`
    return [{ field: 'fieldManager', type: 'FieldValueTooLong', message }]
  }
  const at = [...manager].findIndex(character => /\p{C}/u.test(character))
  if (at < 0) return []
  const code = [...manager][at]!.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  const message = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${code} (at position ${at})`
  return [{ field: 'fieldManager', type: 'FieldValueInvalid', message }]
}

/** Also of DeleteOptions. */
export function dryRunProblems(given: readonly string[]): readonly OptionProblem[] {
  if (given.every(each => each === 'All')) return []
  return [notSupported('dryRun', `[${given.map(each => JSON.stringify(each)).join(',')}]`, ['All'])]
}

function required(field: string, detail: string): OptionProblem {
  return { field, type: 'FieldValueRequired', message: `Required value: ${detail}` }
}

/** As Go reads one. @throws ApiError 400 */
export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw badRequest(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}
