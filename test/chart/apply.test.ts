/** What helm makes of the chart, applied by kubectl to a real API server: ours. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineOfFile } from '../helpers/engine.js'
import { type ChartObject, objectsIn, succeeding, template } from '../helpers/helm.js'

const engine = engineOfFile('chart-applied')
const here = (path: string) => join(import.meta.dirname, path)
const valueSets = readdirSync(here('values')).map(file => file.replace('.yaml', ''))
const kubectl = (args: readonly string[], input = '') =>
  succeeding('kubectl', args, { kubeconfig: join(engine.data, 'kubeconfig'), input })

const namespaceOf = (name: string) => `applied-${name}`

/** In a namespace of its own, so that all can be there at once. The definitions are the same in all of them. */
function rendered(name: string): string {
  const values = ['--values', here(`values/${name}.yaml`), '--set', `crds.install=${name === 'default'}`]
  return template(values, namespaceOf(name))
}

// A kubectl is half a second of CPU: one for all sets. What it refuses it names, with the set in the namespace.
test('kubectl applies what helm template makes of every value set, and nothing is unknown; again it changes nothing', () => {
  // Theirs, and one that the values speak of.
  const namespaces = [...valueSets.map(namespaceOf), 'tektite']
  const made = namespaces.map(name => `{ apiVersion: v1, kind: Namespace, metadata: { name: ${name} } }`)
  kubectl(['apply', '-f', here('operators.yaml'), '-f', '-'], made.join('\n---\n'))
  kubectl(['wait', '--for=condition=Established', '--timeout=20s', '-f', here('operators.yaml')])
  expect(valueSets.length).toBeGreaterThan(5)
  const all = valueSets.map(rendered).join('\n---\n')
  kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], all)
  const stored = () => JSON.parse(kubectl(['get', '--output=json', '-f', '-'], all)).items as ChartObject[]
  const first = stored()
  expect(first.map(named).sort()).toEqual(objectsIn(all).map(named).sort())
  kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], all)
  expect(stored().map(versioned)).toEqual(first.map(versioned))
}, 120_000)

function named({ kind, metadata }: ChartObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}

function versioned(object: ChartObject): string {
  return `${named(object)} ${(object.metadata as { readonly resourceVersion?: string }).resourceVersion}`
}
