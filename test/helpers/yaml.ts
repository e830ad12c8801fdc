/** YAML in tests: the language of the users. What is loaded is frozen. */
import { readFileSync } from 'node:fs'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { frozen } from './frozen.js'

/** As a tagged template the text keeps its backslashes; as a function it takes any text. The shape is the caller's claim. */
export function yaml<T>(text: string | TemplateStringsArray, ...values: readonly unknown[]): T {
  const source = typeof text === 'string' ? text : String.raw(text, ...values)
  return frozen(parse(source) as T)
}

/** A file of cases: one mapping from unique names to cases. A repeated key is an error of the YAML parser. */
export function yamlCases<T>(file: URL): [name: string, one: T][] {
  const table = yaml<Record<string, T>>(readFileSync(file, 'utf8'))
  const rows = Object.entries(table ?? {})
  if (rows.length === 0) throw new Error(`${file.pathname} holds no cases`)
  return rows
}

export function yamlDocuments<T>(text: string): readonly T[] {
  return parseAllDocuments(text).map(document => frozen(document.toJS() as T))
}

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
