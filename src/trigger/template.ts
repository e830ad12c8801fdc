/**
 * TriggerTemplates: values into the string leaves of parsed manifests. No value can add a field, end a string or change
 * a type, because nothing is parsed after it was put in; so Triggers' escape annotation has nothing left to do here.
 */
import type { TriggerTemplateSpec } from '../resources/triggers.js'
import { type Join, joinFor, type Piece } from './escape.js'

export type Rendering =
  | { readonly is: 'rendered'; readonly resources: readonly Readonly<Record<string, unknown>>[] }
  | { readonly is: 'failed'; readonly message: string }

const VARIABLE = /\$\(tt\.params\.([^()$]+)\)|\$\(uid\)/g

/** `uid` stands for `$(uid)`, the same in all resources of one firing. Unknown params stay as they are written. */
export function renderTemplate(
  template: TriggerTemplateSpec,
  params: ReadonlyMap<string, string>,
  uid: string,
): Rendering {
  const known: Known = { params, uid }
  const key = template.resourcetemplates.flatMap((resource, index) =>
    variableKeys(resource, `spec.resourcetemplates[${index}]`, known),
  )[0]
  if (key !== undefined) {
    const message = `${key} uses a param in a field name; only values are replaced. Write the field name out`
    return { is: 'failed', message }
  }
  const resources = template.resourcetemplates.map(resource => {
    const apiVersion = renderText(resource['apiVersion'], known, joinFor(undefined, []))
    return render(resource, [], { ...known, apiVersion }) as Record<string, unknown>
  })
  return { is: 'rendered', resources }
}

interface Known {
  readonly params: ReadonlyMap<string, string>
  readonly uid: string
}

interface Rendered extends Known {
  readonly apiVersion: unknown
}

function render(value: unknown, path: readonly (string | number)[], known: Rendered): unknown {
  if (typeof value === 'string') return renderText(value, known, joinFor(known.apiVersion, path))
  if (Array.isArray(value)) return value.map((element, index) => render(element, [...path, index], known))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, render(inner, [...path, key], known)]))
}

/** One pass over the author's text: a value that reads like a variable is not one. */
function renderText(text: unknown, known: Known, join: Join): unknown {
  if (typeof text !== 'string') return text
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(VARIABLE)) {
    const value = replacementOf(match, known)
    if (value === undefined) continue
    pieces.push({ text: text.slice(end, match.index), isValue: false }, { text: value, isValue: true })
    end = match.index + match[0].length
  }
  if (pieces.length === 0) return text
  return join([...pieces, { text: text.slice(end), isValue: false }])
}

function replacementOf(match: RegExpExecArray, known: Known): string | undefined {
  return match[1] === undefined ? known.uid : known.params.get(match[1])
}

function variableKeys(value: unknown, path: string, known: Known): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => variableKeys(element, `${path}[${index}]`, known))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...([...key.matchAll(VARIABLE)].some(match => replacementOf(match, known) !== undefined)
      ? [`${path}: "${key}"`]
      : []),
    ...variableKeys(inner, `${path}.${key}`, known),
  ])
}
