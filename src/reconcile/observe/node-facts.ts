import type { NodeFacts, Taint } from '../../pod/node-choice.js'
import type { Opaque } from '../../resources/core.js'
import { asRecord } from '../../resources/shape.js'

export function nodeFacts({ metadata: { name, labels = {} }, spec }: Opaque): NodeFacts {
  const taints = asRecord(spec)['taints']
  return { name, labels, taints: Array.isArray(taints) ? (taints as readonly Taint[]) : [] }
}
