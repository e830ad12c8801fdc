/**
 * Where objects are that are looked for without their names: what has not ended, and what has one of the labels that the
 * engine itself asks for. So that a start, beside any number of finished runs, reads only what it needs.
 */
import { GIT_REPORT_LABEL } from '../../resources/annotations.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import { SCHEDULE_UID_LABEL } from '../../resources/schedules.js'
import type { Database, TableKey } from '../../storage/lmdb.js'
import type { Selector } from '../cluster.js'
import { canEnd, hasEnded } from './ended.js'
import { addressOf, compareKeys, type Stored } from './keys.js'

const LABELS = [GIT_REPORT_LABEL, SCHEDULE_UID_LABEL]
/** Says that the index is complete, and for which labels. */
const COMPLETE: TableKey = ['complete']
const PRESENT = '1'
const CONTENT = LABELS.join()

export interface Indexes {
  /** Keeps up with a write. Inside its transaction; `all` is read once, by a store that was written without an index. */
  note(before: Stored | undefined, after: Stored | undefined, all: () => Iterable<Stored>): void
  /**
   * By namespace, then name: at least what the selector selects, and far less than everything. Undefined when there is
   * no index for it.
   */
  find(kind: AnyKind, selector: Selector): readonly Key[] | undefined
}

export function openIndexes(database: Database): Indexes {
  const rows = database.textTable('index')
  const isComplete = () => rows.get(COMPLETE) === CONTENT

  function rebuild(all: Iterable<Stored>): void {
    for (const { key } of rows.range()) rows.remove(key)
    for (const object of all) for (const key of rowsOf(object)) rows.put(key, PRESENT)
    rows.put(COMPLETE, CONTENT)
  }

  function prefixFor(kind: AnyKind, { labels = {}, hasLabel, unfinished, namespace }: Selector): TableKey | undefined {
    const label = LABELS.find(one => labels[one] !== undefined)
    if (label !== undefined) return ['label', kind, label, labels[label]!]
    if (hasLabel !== undefined && LABELS.includes(hasLabel)) return ['label', kind, hasLabel]
    if (!unfinished || !canEnd(kind)) return undefined
    return namespace ? ['unfinished', kind, namespace] : ['unfinished', kind]
  }

  return {
    note(before, after, all) {
      if (!isComplete()) rebuild(all())
      const [old, now] = [before ? rowsOf(before) : [], after ? rowsOf(after) : []]
      for (const key of old) if (!includes(now, key)) rows.remove(key)
      for (const key of now) if (!includes(old, key)) rows.put(key, PRESENT)
    },
    find(kind, selector) {
      const prefix = prefixFor(kind, selector)
      if (prefix === undefined || !isComplete()) return undefined
      const keys = rows.range({ prefix }).map(({ key }) => {
        const [namespace, name] = key.slice(-2) as [string, string]
        return { namespace, name }
      })
      return prefix[0] === 'label' ? keys.sort(compareKeys) : keys
    },
  }
}

function rowsOf(object: Stored): readonly TableKey[] {
  const { kind, key } = addressOf(object)
  const place = [key.namespace, key.name]
  const { labels = {} } = object.metadata
  const labelled = LABELS.flatMap(label => {
    const value = labels[label]
    return value === undefined ? [] : [['label', kind, label, value, ...place]]
  })
  return canEnd(kind) && !hasEnded(object) ? [...labelled, ['unfinished', kind, ...place]] : labelled
}

function includes(keys: readonly TableKey[], key: TableKey): boolean {
  const text = key.join('\n')
  return keys.some(each => each.join('\n') === text)
}
