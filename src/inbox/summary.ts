/** What a list keeps of a delivery, and under which names it is found. Pure. */
import type { BriefState, DeliveryState, DeliveryTarget, ListedTarget } from './inbox.js'

const CREATED_SHOWN = 5
const WHY_CHARACTERS = 500

export function briefly(state: DeliveryState): BriefState {
  if (state.is !== 'done') return state
  const { verdicts, ...when } = state
  const count = (is: (typeof verdicts)[number]['is']) => verdicts.filter(verdict => verdict.is === is).length
  const counts = { fired: count('fired'), filtered: count('filtered'), failed: count('failed') }
  const telling = verdicts.find(({ is }) => is === 'failed') ?? (counts.fired === 0 ? verdicts[0] : undefined)
  const why = [telling?.by ?? '', telling?.message ?? ''].filter(text => text !== '').join(': ')
  const created: string[] = []
  for (const verdict of verdicts) created.push(...verdict.created.slice(0, CREATED_SHOWN - created.length))
  return { ...when, counts, created, why: why.slice(0, WHY_CHARACTERS) }
}

/** A list of a namespace, and one of a listener, have a line of their own in the stores. */
export function scopesOf({ kind, namespace, name }: DeliveryTarget): readonly [string, string] {
  return [namespace, `${namespace}/${kind}/${name}`]
}

export function scopeOf({ namespace, of }: ListedTarget): string {
  return of === undefined ? namespace : `${namespace}/${of.kind}/${of.name}`
}
