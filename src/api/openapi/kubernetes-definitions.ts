/**
 * Definitions of Kubernetes' own types, from the file that the build makes of @kubernetes/client-node's models. Read at
 * the first question; a definition is parsed when it is asked for.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Schema } from './schema.js'

/** Beside the compiled code, and where the build puts it for tests, which run the sources. */
const PLACES = ['../../../kubernetes-schemas.txt', '../../../dist/kubernetes-schemas.txt']

let lines: ReadonlyMap<string, string> | undefined
const parsed = new Map<string, Schema>()

/** Names of all definitions. */
export function kubernetesDefinitions(): Iterable<string> {
  return allLines().keys()
}

/** All of them, as the build wrote them. */
export function kubernetesText(): string {
  return [...allLines()].flat().join('\n')
}

/** Undefined when there is no such type. */
export function kubernetesDefinition(name: string): Schema | undefined {
  const known = parsed.get(name)
  if (known !== undefined) return known
  const line = allLines().get(name)
  if (line === undefined) return undefined
  const schema = JSON.parse(line) as Schema
  parsed.set(name, schema)
  return schema
}

function allLines(): ReadonlyMap<string, string> {
  lines ??= readLines()
  return lines
}

/** ASCII: read as Latin-1, the text takes a byte for each character, and its lines are slices of it. */
function readLines(): ReadonlyMap<string, string> {
  const places = PLACES.map(place => fileURLToPath(new URL(place, import.meta.url)))
  const file = places.find(place => existsSync(place))
  if (file === undefined)
    throw new Error(`${places.join(' and ')} are missing: the build makes them; run npm run build`)
  const all = readFileSync(file, 'latin1').split('\n').slice(0, -1)
  return new Map(all.map(line => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]))
}
