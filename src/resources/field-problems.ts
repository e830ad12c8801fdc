/** Mistakes in single fields, worded as Kubernetes' own validation words them (k8s.io/apimachinery pkg/util/validation/field). */
import { shortened } from '../lib/shortened.js'
import { type FieldReason, type Problem, problem } from './problem.js'

/** A value is shown as JSON, and no longer than a reader needs to find it. */
const MAX_SHOWN_CHARS = 1_000
/** Of an enum that somebody else wrote. */
const MAX_LISTED = 50

/** The text is complete: `path: text`. */
export function fieldProblem(reason: FieldReason, path: string, text: string): Problem {
  return problem(path === '' ? text : `${path}: ${text}`, path, { complete: true, reason })
}

export function fieldRequired(path: string, detail = ''): Problem {
  return fieldProblem('FieldValueRequired', path, withDetail('Required value', detail))
}

export function fieldInvalid(path: string, value: unknown, detail: string): Problem {
  return fieldProblem('FieldValueInvalid', path, withDetail(`Invalid value: ${shown(value)}`, detail))
}

export function fieldTypeInvalid(path: string, value: unknown, detail: string): Problem {
  return fieldProblem('FieldValueTypeInvalid', path, withDetail(`Invalid value: ${shown(value)}`, detail))
}

export function fieldForbidden(path: string, detail: string): Problem {
  return fieldProblem('FieldValueForbidden', path, withDetail('Forbidden', detail))
}

export function fieldDuplicate(path: string, value: unknown): Problem {
  return fieldProblem('FieldValueDuplicate', path, `Duplicate value: ${shown(value)}`)
}

export function fieldNotSupported(path: string, value: unknown, supported: readonly unknown[]): Problem {
  const listed = supported.slice(0, MAX_LISTED).map(one => (typeof one === 'string' ? shown(one) : `"${shown(one)}"`))
  const more = supported.length > MAX_LISTED ? ', …' : ''
  const text = `Unsupported value: ${shown(value)}: supported values: ${listed.join(', ')}${more}`
  return fieldProblem('FieldValueNotSupported', path, text)
}

/** `most` in bytes. */
export function fieldTooLong(path: string, most: number): Problem {
  return fieldProblem('FieldValueTooLong', path, `Too long: may not be more than ${most} bytes`)
}

export function fieldTooMany(path: string, actual: number, most: number): Problem {
  const items = most === 1 ? 'item' : 'items'
  return fieldProblem('FieldValueTooMany', path, `Too many: ${actual}: must have at most ${most} ${items}`)
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`
}

function shown(value: unknown): string {
  return shortened(JSON.stringify(value) ?? 'null', MAX_SHOWN_CHARS)
}
