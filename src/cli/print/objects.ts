/** `-o`: objects as the API gives them. Pure. */
import { parseTemplate, type Template } from './jsonpath.js'
import { onOneLine } from './style.js'

export type ObjectOutput =
  | { readonly is: 'json' }
  | { readonly is: 'yaml' }
  | { readonly is: 'name' }
  | { readonly is: 'jsonpath'; readonly template: Template }

/** @throws Error that says what may be given */
export function parseObjectOutput(text: string): ObjectOutput {
  if (text === 'json' || text === 'yaml' || text === 'name') return { is: text }
  const [, path] = /^jsonpath=(.*)$/s.exec(text) ?? []
  if (path === undefined) throw new Error('It must be one of json, yaml, name, jsonpath=TEMPLATE.')
  return { is: 'jsonpath', template: parseTemplate(path) }
}

interface Named {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

/** A list of objects becomes a `List`. */
export async function objectText(output: ObjectOutput, objects: Named | readonly Named[]): Promise<string> {
  const value = Array.isArray(objects)
    ? { apiVersion: 'v1', kind: 'List', items: objects.map(withoutManagedFields) }
    : withoutManagedFields(objects as Named)
  switch (output.is) {
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`
    case 'yaml': {
      const { toYaml } = await import('../../resources/parse.js')
      return toYaml(value)
    }
    case 'name':
      return (Array.isArray(objects) ? objects : [objects]).map(each => `${nameOf(each)}\n`).join('')
    case 'jsonpath':
      return output.template(value)
    default:
      throw new Error(`unknown output ${JSON.stringify(output satisfies never)}`)
  }
}

/** As kubectl and tkn: `pipelinerun.tekton.dev/build-7`. */
export function nameOf({ apiVersion, kind, metadata }: Named): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : ''
  return onOneLine(`${kind.toLowerCase()}${group}/${metadata.name}`)
}

/** Half of an object, and about nothing that a person asked. */
function withoutManagedFields<T extends Named>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as Named['metadata'] & { readonly managedFields?: unknown }
  return { ...object, metadata }
}
