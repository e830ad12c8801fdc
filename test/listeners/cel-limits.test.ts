/** Expressions that are wrong, slow or huge, as triggers of one listener: each fails for itself, the others fire. */
import { expect, test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { SILENT } from '../../src/lib/log.js'
import { toYaml, yamlCases } from '../helpers/yaml.js'
import { clusterWith, objectsIn, record } from './world.js'

const WRONG: Readonly<Record<string, string>> = {
  'not an expression': 'body.s ==',
  'a name that nobody declared': 'nobody.knows == 1',
  'a key that is not there': 'body.gone == 1',
  'types that do not go together': "1 + 'a' == 2",
  'too long': `body.s == "${'a'.repeat(30_000)}"`,
  'too deep': `${'('.repeat(3000)}true${')'.repeat(3000)}`,
}

test('each fails its own trigger, by name; those between them fire', async () => {
  const table = Object.fromEntries(
    yamlCases<Readonly<Record<string, unknown>>>(new URL('../cel/limits.cases.yaml', import.meta.url)),
  )
  const costly = Object.values(table['cost'] as Readonly<Record<string, string>>)
  const refused = Object.values(table['other'] as Readonly<Record<string, { readonly expression: string }>>)
  const expressions = [...Object.values(WRONG), ...costly, ...refused.map(({ expression }) => expression)]
  const template = {
    spec: { resourcetemplates: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } }] },
  }
  const triggers = expressions.flatMap((expression, index) => [
    { name: `bad-${index}`, template, interceptors: [celWith(index, expression)] },
    { name: `good-${index}`, template, interceptors: [celWith(0, "body.s.startsWith('a')")] },
  ])
  const listener = {
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { name: 'app', namespace: 'ci' },
    spec: { triggers },
  }
  const cluster = await clusterWith(toYaml(listener))
  const dispatch = createDispatcher({ cluster, admission: () => ({}), log: SILENT })
  const body = JSON.stringify({ s: 'a'.repeat(1_000_000), l: Array.from({ length: 20_000 }, (_, index) => index) })

  const verdicts = await dispatch(record('ci/app', { headers: { 'Content-Type': 'application/json' }, body }))

  const [bad, good] = ['bad-', 'good-'].map(prefix => verdicts.filter(({ trigger }) => trigger.startsWith(prefix)))
  expect(good?.map(({ is }) => is)).toEqual(expressions.map(() => 'fired'))
  expect(bad?.map(({ is }) => is)).toEqual(expressions.map(() => 'failed'))
  for (const [index, verdict] of (bad ?? []).entries()) {
    const expression = expressions[index] ?? ''
    expect(verdict.message).toContain(JSON.stringify(expression).slice(0, 900))
    expect(verdict.message.length).toBeLessThan(3000)
    if (costly.includes(expression)) expect(verdict.message).toContain('actual cost limit exceeded: ')
  }
  expect(await objectsIn(cluster, 'ConfigMap')).toHaveLength(expressions.length)
})

/** As a filter and as an overlay, by turns. */
function celWith(index: number, expression: string) {
  const filter = { name: 'filter', value: expression }
  const overlays = { name: 'overlays', value: [{ key: 'x', expression }] }
  return { ref: { name: 'cel' }, params: [index % 2 === 0 ? filter : overlays] }
}
