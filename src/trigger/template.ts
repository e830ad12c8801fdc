/**
 * TriggerTemplates: values into the string leaves of parsed manifests. No value can add a field, end a string or change
 * a type, because nothing is parsed after it was put in; so Triggers' escape annotation has nothing left to do here.
 */
import type { TriggerTemplateSpec } from '../resources/triggers.js'

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
  const resources = template.resourcetemplates.map(resource => render(resource, known) as Record<string, unknown>)
  return { is: 'rendered', resources }
}

interface Known {
  readonly params: ReadonlyMap<string, string>
  readonly uid: string
}

function render(value: unknown, known: Known): unknown {
  if (typeof value === 'string') return renderText(value, known)
  if (Array.isArray(value)) return value.map(element => render(element, known))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, render(inner, known)]))
}

/** One pass over the author's text: a value that reads like a variable is not one. */
function renderText(text: string, known: Known): string {
  let out = ''
  let end = 0
  let afterValue = false
  const append = (piece: string, isValue: boolean) => {
    if (piece === '') {
      afterValue ||= isValue
      return
    }
    // `$` and `(` that meet where a value begins or ends would make a variable that nobody wrote.
    const guard = (isValue || afterValue) && out.endsWith('$') && piece.startsWith('(') ? '$' : ''
    out += guard + (isValue ? piece.replaceAll('$(', '$$$$(') : piece)
    afterValue = isValue
  }
  for (const match of text.matchAll(VARIABLE)) {
    const value = replacementOf(match, known)
    if (value === undefined) continue
    append(text.slice(end, match.index), false)
    append(value, true)
    end = match.index + match[0].length
  }
  append(text.slice(end), false)
  return out
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
