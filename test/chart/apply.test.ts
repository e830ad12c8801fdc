/** What helm makes of the chart, applied by kubectl to a real API server: ours. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { engineOfFile } from '../helpers/engine.js'
import { type ChartObject, objectsIn, succeeding, template } from '../helpers/helm.js'

const engine = engineOfFile('chart-applied')
const here = (path: string) => join(import.meta.dirname, path)
const valueSets = readdirSync(here('values')).map(file => file.replace('.yaml', ''))
const kubectl = (args: readonly string[], input = '') =>
  succeeding('kubectl', args, { kubeconfig: join(engine.data, 'kubeconfig'), input })

beforeAll(() => {
  kubectl(['apply', '-f', here('operators.yaml')])
  kubectl(['wait', '--for=condition=Established', '--timeout=20s', '-f', here('operators.yaml')])
}, 60_000)

test.each(valueSets)('kubectl applies what helm template makes of %s, and nothing is unknown', name => {
  const namespace = `applied-${name}`
  kubectl(['create', 'namespace', namespace])
  // The definitions are the same in all of them.
  const definitions = ['--set', `crds.install=${name === 'default'}`]
  const rendered = template(['--values', here(`values/${name}.yaml`), ...definitions], namespace)
  kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], rendered)
  const stored = JSON.parse(kubectl(['get', '--output=json', '-f', '-'], rendered)) as { items: ChartObject[] }
  const named = ({ kind, metadata }: ChartObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
  expect(stored.items.map(named).sort()).toEqual(objectsIn(rendered).map(named).sort())
  if (name !== 'default') return
  // Applied again it changes nothing.
  const before = stored.items.map(versionOf)
  kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], rendered)
  const again = JSON.parse(kubectl(['get', '--output=json', '-f', '-'], rendered)) as typeof stored
  expect(again.items.map(versionOf)).toEqual(before)
})

function versionOf({ metadata }: ChartObject): unknown {
  return (metadata as { readonly resourceVersion?: string }).resourceVersion
}
