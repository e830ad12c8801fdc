/** Which nodes a Pod may land on, as far as that can be told before it is scheduled. */
import { meetsLabelRequirement } from '../resources/label-requirement.js'
import { asRecord } from '../resources/shape.js'

/** What the choice needs of a Node. */
export interface NodeFacts {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

/** The fields of a Pod that choose; `affinity` and `tolerations` are as their author wrote them. */
export interface NodeChoice {
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly affinity?: unknown
  readonly tolerations?: readonly unknown[]
}

interface Requirement {
  readonly key: string
  readonly operator: unknown
  readonly values: readonly unknown[]
}

interface SelectorTerm {
  readonly matchExpressions: readonly Requirement[]
  readonly matchFields: readonly Requirement[]
}

/** Those that selector, required node affinity and taints allow. Room on them is not asked for. */
export function nodesFor(choice: NodeChoice, nodes: readonly NodeFacts[]): readonly NodeFacts[] {
  return nodes.filter(
    ({ name, labels, taints }) => selects(choice, labels, { 'metadata.name': name }) && isTolerated(choice, taints),
  )
}

/** Whether a node with just these labels would be selected, whatever its other labels are. */
export function allows(choice: NodeChoice, labels: Readonly<Record<string, string>>): boolean {
  return selects(choice, labels, undefined)
}

/** Without `fields` only what is said of `labels` counts. */
function selects(
  { nodeSelector = {}, affinity }: NodeChoice,
  labels: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> | undefined,
): boolean {
  const counts = (key: string) => fields !== undefined || Object.hasOwn(labels, key)
  const bySelector = Object.entries(nodeSelector).every(([key, value]) => !counts(key) || labels[key] === value)
  if (!bySelector) return false
  const terms = requiredTerms(affinity)
  if (terms === undefined) return true
  return terms.some(({ matchExpressions, matchFields }) => {
    // As Kubernetes: an empty term selects nothing.
    if (matchExpressions.length + matchFields.length === 0) return false
    return (
      matchExpressions.every(one => !counts(one.key) || holds(one, labels)) &&
      (fields === undefined || matchFields.every(one => holds(one, fields)))
    )
  })
}

function requiredTerms(affinity: unknown): readonly SelectorTerm[] | undefined {
  const required = asRecord(asRecord(affinity)['nodeAffinity'])['requiredDuringSchedulingIgnoredDuringExecution']
  const terms = asRecord(required)['nodeSelectorTerms']
  if (!Array.isArray(terms)) return undefined
  return terms.map(asRecord).map(({ matchExpressions, matchFields }) => ({
    matchExpressions: requirements(matchExpressions),
    matchFields: requirements(matchFields),
  }))
}

function requirements(written: unknown): readonly Requirement[] {
  return list(written)
    .map(asRecord)
    .map(({ key, operator, values }) => ({ key: String(key), operator, values: list(values) }))
}

function list(written: unknown): readonly unknown[] {
  return Array.isArray(written) ? written : []
}

function holds({ key, operator, values }: Requirement, facts: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(facts, key) ? facts[key] : undefined
  // Nodes know two more than other objects do.
  if (operator === 'Gt') return Number(value) > Number(values[0])
  if (operator === 'Lt') return Number(value) < Number(values[0])
  return meetsLabelRequirement(operator, value, values) ?? false
}

/** What Kubernetes itself says of a node's state (`not-ready`, `unschedulable`) passes, and does not count. */
const PASSING = 'node.kubernetes.io/'

function isTolerated({ tolerations = [] }: NodeChoice, taints: readonly Taint[]): boolean {
  return taints
    .filter(({ key, effect }) => effect !== 'PreferNoSchedule' && !key.startsWith(PASSING))
    .every(taint => tolerations.some(one => tolerates(asRecord(one), taint)))
}

function tolerates(
  { key = '', operator = 'Equal', value = '', effect = '' }: Readonly<Record<string, unknown>>,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''))
}
