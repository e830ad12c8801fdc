/** The chart installed, upgraded and taken away by a real helm, with a real API server: ours. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { apply, callApi, engineOfFile, pathOf } from '../helpers/engine.js'
import { CHART, program, succeeding } from '../helpers/helm.js'

const engine = engineOfFile('chart-installed')
const here = (path: string) => join(import.meta.dirname, path)
const helm = (...args: string[]) => succeeding('helm', args, { kubeconfig: kubeconfig() })
const kubectl = (args: readonly string[], input = '') =>
  succeeding('kubectl', args, { kubeconfig: kubeconfig(), input })

function kubeconfig(): string {
  return join(engine.data, 'kubeconfig')
}

beforeAll(() => {
  kubectl(['create', '-f', '-'], FOREIGN_DEFINITION)
  kubectl(['apply', '-f', here('operators.yaml')])
  kubectl(['wait', '--for=condition=Established', '--timeout=20s', '-f', here('operators.yaml')])
}, 60_000)

test('helm installs, upgrades and takes away; definitions, what they define, the password and what is others stay', async () => {
  const inNamespace = ['--namespace', 'ci']
  // Of the accounts that triggers have there.
  kubectl(['create', 'namespace', 'tektite'])
  // A Tekton is there, with a definition and settings of its own.
  const tekton = { 'default-timeout-minutes': '7' }
  await callApi(engine, 'POST', pathOf('ConfigMap', 'tekton-pipelines'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config-defaults' },
    data: tekton,
  })
  const values = [
    ...['--values', here('values/everything.yaml')],
    ...[
      '--set-string',
      'config.defaults.default-timeout-minutes=30',
      '--set',
      'config.featureFlags.coschedule=disabled',
    ],
  ]
  const installed = helm('install', 'ci', CHART, ...inNamespace, '--create-namespace', ...values)
  expect(installed).toContain('STATUS: deployed')
  expect(installed).toContain('kubectl -n ci rollout status deployment/ci-workers')
  expect(installed).toContain('https://hooks.example.com/hooks/<namespace>/<EventListener>')
  expect(installed).toContain('NOT WRITTEN: ConfigMap tekton-pipelines/config-defaults belongs to somebody else')
  const settings = async (name: string) =>
    (await callApi(engine, 'GET', `${pathOf('ConfigMap', 'tekton-pipelines')}/${name}`)).body['data']
  expect(await settings('config-defaults')).toEqual(tekton)
  expect(await settings('feature-flags')).toEqual({ coschedule: 'disabled' })

  const secret = async (name: string) =>
    (await callApi(engine, 'GET', `${pathOf('Secret', 'ci')}/${name}`)).body['data']
  const [password, certificate] = [await secret('ci-redis'), await secret('ci-webhook')]
  expect(password).toEqual({ password: expect.stringMatching(/^[\w+/=]{40,}$/) })
  const bundle = () =>
    kubectl(['get', 'validatingwebhookconfiguration', 'ci-ci', '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}'])
  expect(bundle()).toBe((certificate as Record<string, string>)['ca.crt'])
  await apply(engine, PIPELINE)
  const definitions = () =>
    kubectl(['get', 'crd', '-l', 'app.kubernetes.io/instance=ci', '-o', 'name']).trim().split('\n')
  const files = readdirSync(join(CHART, 'files/crds')).filter(file => file.endsWith('.yaml'))
  const ours = definitions()
  // All but the one that somebody else has installed.
  expect(ours.length).toBe(files.length - 1)
  expect(ours).not.toContain('customresourcedefinition.apiextensions.k8s.io/customruns.tekton.dev')

  const upgraded = helm('upgrade', 'ci', CHART, ...inNamespace, ...values, '--set', 'listeners.replicas=5')
  expect(upgraded).toContain('REVISION: 2')
  const replicas = kubectl(['get', 'deployment', 'ci-listeners', '-n', 'ci', '-o', 'jsonpath={.spec.replicas}'])
  expect(replicas).toBe('5')
  expect([await secret('ci-redis'), await secret('ci-webhook')]).toEqual([password, certificate])
  expect(bundle()).toBe((certificate as Record<string, string>)['ca.crt'])

  helm('uninstall', 'ci', ...inNamespace)
  expect(kubectl(['get', 'deployments,services,serviceaccounts,roles', '-n', 'ci', '-o', 'name'])).not.toContain('ci-')
  expect(kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name'])).not.toContain('/ci-ci')
  expect(definitions()).toEqual(ours)
  expect(kubectl(['get', 'pipelines', '-o', 'name'])).toContain('pipeline.tekton.dev/stays')
  expect(await secret('ci-redis')).toEqual(password)
  expect(await settings('config-defaults')).toEqual(tekton)

  // What was kept is taken up again.
  helm('install', 'ci', CHART, ...inNamespace, ...values)
  expect(await secret('ci-redis')).toEqual(password)
}, 60_000)

test('helm says before it does anything what an API server would refuse', () => {
  const { code, stderr } = program(
    'helm',
    ['install', 'wrong', CHART, '--namespace', 'default', '--dry-run=server', '--set', 'namespaces[0].name=Wrong'],
    { kubeconfig: kubeconfig() },
  )
  expect([code, stderr]).toEqual([1, expect.stringContaining("at '/namespaces/0/name'")])
})

const PIPELINE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: stays }
spec: { tasks: [{ name: a, taskSpec: { steps: [{ name: s, image: i }] } }] }
`

const FOREIGN_DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: customruns.tekton.dev, labels: { app.kubernetes.io/part-of: tekton-pipelines } }
spec:
  group: tekton.dev
  scope: Namespaced
  names: { kind: CustomRun, plural: customruns, singular: customrun }
  versions:
    - name: v1beta1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`
