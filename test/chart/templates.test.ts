/** `values/<case>.yaml` → everything that `helm template` makes of it, `golden/<case>.yaml`. `npm run golden:update` rewrites. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHART, type ChartObject, objectsIn, program, template } from '../helpers/helm.js'
import { hasKubernetesSchema, kubernetesSchemaProblems } from '../helpers/kubernetes-schema.js'

const here = (path: string) => join(import.meta.dirname, path)
const names = readdirSync(here('values')).map(file => file.replace('.yaml', ''))
const rendered = new Map(names.map(name => [name, template(['--values', here(`values/${name}.yaml`)])]))
const objects = new Map([...rendered].map(([name, text]) => [name, objectsIn(text)]))
/** Of operators: other people's definitions. */
const FOREIGN = ['ScaledObject', 'ServiceMonitor', 'PrometheusRule', 'HTTPRoute']
const WITH_PODS = ['Deployment', 'StatefulSet']

test('six value sets', () => {
  expect(names).toEqual(['default', 'everything', 'external-redis', 'gateway-hpa', 'keda', 'namespaced'])
})

test.each(names)('helm lint --strict has nothing against the chart with the values %s', name => {
  const { code, stdout, stderr } = program('helm', ['lint', '--strict', CHART, '--values', here(`values/${name}.yaml`)])
  expect(`${stderr}${stdout}`).toContain('1 chart(s) linted, 0 chart(s) failed')
  expect(code).toBe(0)
})

test.each(names)('golden file: %s', name => {
  const text = withoutDefinitions(withoutRandom(rendered.get(name)!))
  if (process.env['UPDATE_GOLDEN']) writeFileSync(here(`golden/${name}.yaml`), text)
  expect(text).toBe(readFileSync(here(`golden/${name}.yaml`), 'utf8'))
})

test.each(names)('every object of %s is as the schemas of Kubernetes say', name => {
  const all = objects.get(name)!
  expect(all.filter(each => !hasKubernetesSchema(each) && !FOREIGN.includes(each.kind)).map(place)).toEqual([])
  const own = all.filter(each => hasKubernetesSchema(each) && each.kind !== 'CustomResourceDefinition')
  expect(own.length).toBeGreaterThan(10)
  expect(own.flatMap(kubernetesSchemaProblems)).toEqual([])
})

test.each(names)('no two objects of %s are the same, and none is left without a namespace by mistake', name => {
  const places = objects.get(name)!.map(place)
  expect(places).toEqual([...new Set(places)])
  const cluster = /^(ClusterRole|ClusterRoleBinding|CustomResourceDefinition|Namespace|ValidatingWebhookConfiguration)$/
  for (const each of objects.get(name)!) {
    expect([place(each), each.metadata.namespace === undefined]).toEqual([place(each), cluster.test(each.kind)])
  }
})

test.each(names)('every Pod of %s is as restricted as Pod Security asks, and more', name => {
  const templates = objects.get(name)!.filter(({ kind }) => WITH_PODS.includes(kind))
  expect(templates.length).toBeGreaterThanOrEqual(2)
  for (const each of templates) {
    const { spec } = (each['spec'] as { template: { spec: PodSpec } }).template
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0)
    expect(spec.automountServiceAccountToken).toBe(each.kind === 'Deployment')
    expect(spec.initContainers).toBeUndefined()
    expect(Object.keys(spec).filter(field => /^host/.test(field))).toEqual([])
    for (const volume of spec.volumes) expect(Object.keys(volume)).not.toContain('hostPath')
    for (const container of spec.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(Object.keys(container.resources)).toEqual(['limits', 'requests'])
      expect(Object.keys(container)).toEqual(
        expect.arrayContaining(['startupProbe', 'livenessProbe', 'readinessProbe', 'resources']),
      )
      // Passwords are in Secrets only.
      for (const { name: variable, value } of container.env) {
        if (/PASSWORD|AUTH$/.test(variable)) expect([variable, value]).toEqual([variable, undefined])
      }
    }
  }
})

test('an installation in one namespace has nothing outside it, and follows that one only', () => {
  const all = objects.get('namespaced')!
  expect(all.map(({ metadata }) => metadata.namespace)).toEqual(all.map(() => 'tektite'))
  for (const each of all.filter(({ kind }) => kind === 'Deployment')) {
    const { spec } = (each['spec'] as { template: { spec: PodSpec } }).template
    expect(spec.containers[0]!.env).toContainEqual({ name: 'TEKTITE_NAMESPACE', value: 'tektite' })
  }
})

test('every definition is there, and stays when the release goes', () => {
  const definitions = objects.get('default')!.filter(({ kind }) => kind === 'CustomResourceDefinition')
  const files = readdirSync(join(CHART, 'files/crds')).filter(file => file.endsWith('.yaml'))
  expect(files.length).toBeGreaterThan(10)
  expect(definitions.map(({ metadata }) => `${metadata.name}.yaml`).sort()).toEqual(files.sort())
  for (const { metadata } of definitions) {
    expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' })
    expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'tektite' })
  }
  expect(objectsIn(template(['--set', 'crds.install=false'])).map(({ kind }) => kind)).not.toContain(
    'CustomResourceDefinition',
  )
})

test('what a selector of a Service, a budget or a policy is after is there', () => {
  for (const all of objects.values()) {
    const labels = all
      .filter(({ kind }) => WITH_PODS.includes(kind))
      .map(
        each =>
          (each['spec'] as { template: { metadata: { labels: Record<string, string> } } }).template.metadata.labels,
      )
    const selectors = all.flatMap(each => {
      const spec = each['spec'] as { selector?: Record<string, unknown>; podSelector?: Record<string, unknown> }
      if (each.kind === 'Service') return [spec.selector]
      if (each.kind === 'PodDisruptionBudget') return [spec.selector?.['matchLabels']]
      return each.kind === 'NetworkPolicy' ? [spec.podSelector?.['matchLabels']] : []
    })
    expect(selectors.length).toBeGreaterThan(3)
    for (const selector of selectors) {
      const wanted = Object.entries(selector as Record<string, string>)
      expect(labels.some(each => wanted.every(([key, value]) => each[key] === value))).toBe(true)
    }
  }
})

test('docs/operations.md says of every alert what to do, and of no other', () => {
  const rule = objects.get('everything')!.find(({ kind }) => kind === 'PrometheusRule')!
  const { groups } = rule['spec'] as { groups: { rules: { alert: string }[] }[] }
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
  const said = readFileSync(join(CHART, '../../docs/operations.md'), 'utf8').matchAll(/^\| `(Tektite\w+)` \|/gm)
  expect(alerts.length).toBeGreaterThan(5)
  expect([...said].map(([, alert]) => alert)).toEqual(alerts)
})

interface PodSpec {
  readonly securityContext: { readonly runAsUser: number }
  readonly automountServiceAccountToken: boolean
  readonly initContainers?: unknown
  readonly volumes: readonly object[]
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value?: string }[]
    readonly securityContext: object
    readonly resources: object
  }[]
}

function place({ kind, metadata: { namespace = '', name } }: ChartObject): string {
  return `${kind} ${namespace}/${name}`
}

/** The password and the certificate are made anew each time. */
function withoutRandom(text: string): string {
  return text
    .replace(/^( {2}(?:password|ca\.crt|tls\.crt|tls\.key): )"[\w+/=]{16,}"$/gm, '$1"<random>"')
    .replace(/^( +caBundle: )[\w+/=]{16,}$/gm, '$1<random>')
}

/** They have a test of their own, and would be most of every file. */
function withoutDefinitions(text: string): string {
  return text
    .split(/^(?=---\n)/m)
    .filter(document => !document.includes('\nkind: CustomResourceDefinition\n'))
    .join('')
}
