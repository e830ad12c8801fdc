/** JSON values in CEL and back. JSON numbers are doubles, as in cel-go. */
import type { CelInput, CelResult } from '@bufbuild/cel'
import { celLibrary } from './library.js'

/** How many elements an expression may still look at. Filled up by who evaluates. */
export interface Budget {
  left: number
}

export const OVER_BUDGET = 'actual cost limit exceeded'

/**
 * Lists and maps count what is iterated: an expression of nested macros over a long list of the sender's would otherwise
 * hold up everything else. Members are in Maps, so that no key of the payload (`constructor`) means anything.
 */
export function celFromJson(value: unknown, budget: Budget): CelInput {
  if (Array.isArray(value)) {
    const list = value.map(inner => celFromJson(inner, budget))
    const plain = list.values.bind(list)
    Object.defineProperty(list, 'values', { value: () => counted(plain(), budget) })
    return list
  }
  if (typeof value === 'object' && value !== null) {
    const map = new Map(Object.entries(value).map(([key, inner]) => [key, celFromJson(inner, budget)]))
    const [keys, entries] = [map.keys.bind(map), map.entries.bind(map)]
    Object.defineProperty(map, 'keys', { value: () => counted(keys(), budget) })
    Object.defineProperty(map, 'entries', { value: () => counted(entries(), budget) })
    return map
  }
  return value as CelInput
}

function* counted<T>(elements: Iterable<T>, budget: Budget): Generator<T> {
  for (const element of elements) {
    budget.left -= 1
    if (budget.left < 0) throw new Error(OVER_BUDGET)
    yield element
  }
}

export type JsonFromCel =
  | { readonly is: 'json'; readonly value: unknown }
  /** A CEL type that is no JSON: `null_type`, `uint`, `google.protobuf.Timestamp`, `type`, … */
  | { readonly is: 'none'; readonly type: string }

/** As Triggers converts overlays: bytes as base64, null only inside lists and maps. */
export function jsonFromCel(value: CelResult): JsonFromCel {
  return value === null ? { is: 'none', type: 'null_type' } : convert(value)
}

function convert(value: unknown): JsonFromCel {
  const { isCelError, isCelList, isCelMap, isCelUint } = celLibrary()
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { is: 'json', value }
  if (typeof value === 'bigint') return { is: 'json', value: Number(value) }
  if (typeof value === 'number')
    return Number.isFinite(value) ? { is: 'json', value } : { is: 'none', type: `${value}` }
  if (value instanceof Uint8Array) return { is: 'json', value: Buffer.from(value).toString('base64') }
  if (isCelError(value)) return { is: 'none', type: 'error' }
  if (isCelList(value)) return all([...value].map(convert))
  if (isCelMap(value)) {
    const entries = [...value.entries()]
    const values = all(entries.map(([, inner]) => convert(inner)))
    if (values.is === 'none') return values
    const converted = values.value as readonly unknown[]
    return { is: 'json', value: Object.fromEntries(entries.map(([key], index) => [String(key), converted[index]])) }
  }
  if (isCelUint(value)) return { is: 'none', type: 'uint' }
  return { is: 'none', type: typeNameOf(value) }
}

function all(results: readonly JsonFromCel[]): JsonFromCel {
  const bad = results.find(result => result.is === 'none')
  return bad ?? { is: 'json', value: results.map(result => (result.is === 'json' ? result.value : undefined)) }
}

function typeNameOf(value: unknown): string {
  const { desc } = value as { readonly desc?: { readonly typeName?: string } }
  return desc?.typeName ?? 'type'
}
