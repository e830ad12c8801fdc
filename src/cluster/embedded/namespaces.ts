/** What a Namespace gets from the store, and what it says while it is being deleted. Pure. */
import { toTimestamp } from '../../lib/time.js'
import type { KindTable } from '../../resources/kind-table.js'
import type { Condition } from '../../resources/meta.js'
import type { Candidate } from './admission.js'
import { addressOf, type Stored } from './keys.js'
import { withStatus } from './revise.js'

const NAME_LABEL = 'kubernetes.io/metadata.name'

/** A Namespace is labelled with its name, whatever its author says. */
export function withNameLabel<T extends Candidate>(object: T, name: string): T {
  const labels = { ...object.metadata.labels, [NAME_LABEL]: name }
  return { ...object, metadata: { ...object.metadata, labels } }
}

/** What Pods in a namespace run as when they do not say. */
export function defaultServiceAccount(namespace: string): Candidate {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } }
}

/** With conditions that say what is still there; `namespace` itself when they say so already. */
export function whileTerminating(namespace: Stored, left: readonly Stored[], kinds: KindTable, now: number): Stored {
  const status = (namespace['status'] ?? {}) as { readonly conditions?: readonly Condition[] }
  const told = [contentRemaining(left, kinds), finalizersRemaining(left)]
  const before = new Map((status.conditions ?? []).map(condition => [condition.type, condition]))
  for (const condition of told) {
    const old = before.get(condition.type)
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined
    before.set(condition.type, { ...condition, lastTransitionTime: since ?? toTimestamp(now) })
  }
  return withStatus(namespace, { ...status, conditions: [...before.values()] })
}

function contentRemaining(left: readonly Stored[], kinds: KindTable): Condition {
  const type = 'NamespaceContentRemaining'
  if (left.length === 0) {
    return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' }
  }
  const counts = countBy(left, object => {
    const info = kinds.of(addressOf(object).kind)
    return [`${info?.plural}.${info?.group}`]
  })
  const message = `Some resources are remaining: ${counts.map(([name, n]) => `${name} has ${n} resource instances`).join(', ')}`
  return { type, status: 'True', reason: 'SomeResourcesRemain', message }
}

function finalizersRemaining(left: readonly Stored[]): Condition {
  const type = 'NamespaceFinalizersRemaining'
  const counts = countBy(left, ({ metadata }) => metadata.finalizers ?? [])
  if (counts.length === 0) {
    const message = 'All content-preserving finalizers finished'
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message }
  }
  const message = `Some content in the namespace has finalizers remaining: ${counts.map(([name, n]) => `${name} in ${n} resource instances`).join(', ')}`
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message }
}

function countBy(objects: readonly Stored[], wordsOf: (object: Stored) => readonly string[]) {
  const counts = new Map<string, number>()
  for (const word of objects.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
