/** Reading what may not be there. Pure. */
import { asRecord } from './shape.js'

/** By a path of plain names, as in `spec.nodeName`; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: string): unknown {
  let inner = value
  for (const name of path.split('.')) {
    const record = asRecord(inner)
    inner = Object.hasOwn(record, name) ? record[name] : undefined
  }
  return inner
}

/** '' for what is no text. */
export function textAt(value: unknown, path: string): string {
  const found = valueAt(value, path)
  return typeof found === 'string' ? found : ''
}

/** 0 for what is no number. */
export function numberAt(value: unknown, path: string): number {
  const found = valueAt(value, path)
  return typeof found === 'number' ? found : 0
}

/** Empty for what is no list. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = valueAt(value, path)
  return Array.isArray(found) ? found : []
}
