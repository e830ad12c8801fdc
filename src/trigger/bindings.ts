/** TriggerBindings: what a listener picks out of an event, as named texts for a template. */
import type { TriggerBindingSpec, TriggerSpecBinding, TriggerTemplateSpec } from '../resources/triggers.js'
import { canonicalHeader, type InboundEvent } from './event.js'
import { pathText } from './jsonpath.js'

export interface BindingParam {
  readonly name: string
  /** Text with `$(…)` expressions in it. */
  readonly value: string
}

export type BindingsReading =
  | { readonly is: 'read'; readonly params: readonly BindingParam[] }
  | { readonly is: 'failed'; readonly message: string }

export type BoundParams =
  | { readonly is: 'bound'; readonly params: ReadonlyMap<string, string> }
  | { readonly is: 'failed'; readonly message: string }

/** `lookup` knows the binding that an entry refers to. A name given twice fails: neither can be meant. */
export function readBindings(
  bindings: readonly TriggerSpecBinding[],
  lookup: (binding: TriggerSpecBinding) => TriggerBindingSpec | undefined,
): BindingsReading {
  const params: BindingParam[] = []
  for (const binding of bindings) {
    if (binding.name !== undefined && binding.value !== undefined) {
      params.push({ name: binding.name, value: binding.value })
      continue
    }
    const spec = lookup(binding)
    if (spec === undefined) {
      const kind = binding.kind ?? 'TriggerBinding'
      const name = binding.ref ?? ''
      const message = `error getting ${kind} ${name}: ${kind.toLowerCase()}s.triggers.tekton.dev "${name}" not found`
      return { is: 'failed', message: `failed to resolve bindings: ${message}` }
    }
    params.push(...(spec.params ?? []))
  }
  const twice = params.find((param, index) => params.findIndex(other => other.name === param.name) < index)
  if (twice !== undefined) {
    return { is: 'failed', message: `failed to resolve bindings: duplicate param name: ${twice.name}` }
  }
  return { is: 'read', params }
}

/** The template's defaults, and over them what the bindings find in the event. */
export function bindParams(
  bindings: readonly BindingParam[],
  declared: TriggerTemplateSpec['params'],
  event: InboundEvent,
  extensions: Readonly<Record<string, unknown>>,
): BoundParams {
  const root = {
    body: event.body,
    header: Object.fromEntries(Object.entries(event.headers).map(([name, values]) => [name, values.join(',')])),
    extensions,
    context: { eventID: event.id },
  }
  const params = new Map(
    (declared ?? []).flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value] as const])),
  )
  for (const { name, value } of bindings) {
    const bound = evaluate(value, root, params.get(name))
    if (bound.is === 'error') {
      const place = `failed to replace JSONPath value for param ${name}: ${value}`
      return { is: 'failed', message: `failed to ApplyEventValuesToParams: ${place}: ${bound.message}` }
    }
    params.set(name, bound.text)
  }
  return { is: 'bound', params }
}

/** A default stands in for an expression that fails, and only for that one. What is put in is not looked at again. */
function evaluate(
  value: string,
  root: unknown,
  fallback: string | undefined,
): { readonly is: 'text'; readonly text: string } | { readonly is: 'error'; readonly message: string } {
  let text = ''
  for (const piece of expressionsOf(value)) {
    if (piece.is === 'literal') {
      text += piece.text
      continue
    }
    const found =
      piece.text === '' ? { is: 'text' as const, text: '' } : pathText(root, withCanonicalHeader(piece.text))
    if (found.is === 'error' && fallback === undefined) return found
    text += found.is === 'text' ? found.text : fallback
  }
  return { is: 'text', text }
}

interface Piece {
  readonly is: 'literal' | 'expression'
  readonly text: string
}

/** As Triggers: cut at every `$(`; an expression ends at the first `)` that closes nothing in it, or is none. */
export function expressionsOf(value: string): readonly Piece[] {
  const [before = '', ...rest] = value.split('$(')
  return [{ is: 'literal', text: before }, ...rest.flatMap(pieceOf)]
}

function pieceOf(text: string): readonly Piece[] {
  let open = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') open += 1
    if (text[at] === ')') open -= 1
    if (open < 0) {
      return [
        { is: 'expression', text: text.slice(0, at) },
        { is: 'literal', text: text.slice(at + 1) },
      ]
    }
  }
  return [{ is: 'literal', text: `$(${text}` }]
}

/** `header.x-foo` is found in any case; `header['x-foo']` is not, as in Triggers. */
function withCanonicalHeader(expression: string): string {
  const parts = /^(\{?\.?header\.)([^.[\]{}]+)(.*)$/s.exec(expression)
  return parts === null ? expression : `${parts[1]}${canonicalHeader(parts[2] ?? '')}${parts[3]}`
}
