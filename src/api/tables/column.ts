/** One column of a table, and the columns that many tables have. Pure. */
import { textAt, valueAt } from '../../resources/value-at.js'
import { age } from './age.js'

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  /** 0 is shown always, more only with `-o wide`. */
  readonly priority: number
  readonly description?: string
  /** Null for nothing. `now` is epoch ms. */
  readonly cell: (object: unknown, now: number) => unknown
}

export function column(name: string, cell: Column['cell'], more: Partial<Column> = {}): Column {
  return { name, type: 'string', priority: 0, cell, ...more }
}

/** Shown with `-o wide` only. */
export function wideColumn(name: string, cell: Column['cell']): Column {
  return column(name, cell, { priority: 1 })
}

/** A number, and nothing is none. */
export function countColumn(name: string, path: string): Column {
  return column(name, object => valueAt(object, path) ?? 0, { type: 'integer' })
}

export function textColumn(name: string, path: string): Column {
  return column(name, object => textAt(object, path))
}

export const NAME = column('Name', object => textAt(object, 'metadata.name'), { format: 'name' })
export const AGE = column('Age', (object, now) => age(valueAt(object, 'metadata.creationTimestamp'), now))
/** As the API server shows kinds of its own that nobody made a table for. */
export const CREATED_AT = column('Created At', object => textAt(object, 'metadata.creationTimestamp'), { type: 'date' })

/** `<none>` for nothing, as most columns write it. */
export function orNone(text: string): string {
  return text === '' ? '<none>' : text
}

/** `a=b,c=d`, sorted. */
export function labelsText(labels: unknown): string {
  if (typeof labels !== 'object' || labels === null) return '<none>'
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`)
  return orNone(pairs.sort().join(','))
}
