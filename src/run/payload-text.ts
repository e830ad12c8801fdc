/**
 * Text that a stranger wrote, on its way from a param's value into a step. A trigger writes its `$(` as `$$(`, which no
 * pass replaces; where the value reaches its step, it is again the text that was sent.
 *
 * While a task is put together such a `$` is held: it stands as half of a surrogate pair, which no stored text can hold.
 */
import type { ParamValue } from '../resources/tekton.js'
import { isList, type Replacements } from './substitute.js'

const HELD = '\uD800'

/** Whether there is a `$` in it that must be kept from becoming something else on its way. */
export function hasPayloadText(value: ParamValue): boolean {
  const texts = typeof value === 'string' ? [value] : isList(value) ? value : Object.values(value)
  return texts.some(text => text.includes('$$'))
}

/** As it was sent, where nothing looks for variables any more. */
export function sentText(text: string): string {
  return text.replaceAll('$$(', '$(')
}

/** Replacements that put in every `$` held, unless their author began a variable with it. */
export function hold({ strings, arrays, objects }: Replacements): Replacements {
  const record = (value: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(value).map(([key, text]) => [key, heldText(text)]))
  return {
    strings: new Map([...strings].map(([name, text]) => [name, heldText(text)])),
    arrays: new Map([...arrays].map(([name, texts]) => [name, texts.map(heldText)])),
    objects: new Map([...objects].map(([name, value]) => [name, record(value)])),
  }
}

function heldText(text: string): string {
  return hasPayloadText(text) ? text.replace(/\$\$\(|\$(?!\()/g, found => (found.length > 1 ? `${HELD}(` : HELD)) : text
}

/** Every text in it as it was sent; in `command`, `args` and `env` written so that the kubelet makes that of it. */
export function release<T>(value: T): T {
  return released(value, false) as T
}

const EXPANDED: ReadonlySet<string> = new Set(['command', 'args', 'env'])

function released(value: unknown, expanded: boolean): unknown {
  if (typeof value === 'string') return value.includes(HELD) ? releasedText(value, expanded) : value
  if (Array.isArray(value)) return value.map(item => released(item, expanded))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, released(item, expanded || EXPANDED.has(key))]))
}

/** What is replaced later, per attempt and in the Pod, must not find a variable either: there `$$(` stays. */
const REPLACED_LATER = /\uD800(?=\((?:context\.task\.retry-count|steps\.[^()]*)\))/g

function releasedText(text: string, expanded: boolean): string {
  if (expanded) return text.replace(/\uD800(?=[\uD800$(])/g, '$$$$').replaceAll(HELD, '$')
  return text.replace(REPLACED_LATER, '$$$$').replaceAll(HELD, '$')
}
