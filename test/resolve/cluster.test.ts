/** The cluster resolver over a real store: its params, who may be asked, and what it says of the source. */
import { expect, test } from 'vitest'
import { createClusterResolver } from '../../src/resolve/cluster.js'
import { parseManifests } from '../../src/resources/parse.js'
import { cases } from '../helpers/cases.js'
import { storeWith } from '../reconcile/real-store.js'
import { configMap, request, resolutionOf, told } from './requests.js'

const OBJECTS = [
  '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: lint, namespace: shared}, spec: {steps: [{name: s, image: alpine}]}}',
  '{apiVersion: tekton.dev/v1, kind: Pipeline, metadata: {name: p, namespace: shared}, spec: {tasks: [{name: a, taskRef: {name: lint}}]}}',
  '{apiVersion: tekton.dev/v1beta1, kind: StepAction, metadata: {name: act, namespace: shared}, spec: {image: alpine}}',
]

async function ask(params: Readonly<Record<string, string>>, config: Readonly<Record<string, string>> = {}) {
  const cluster = await storeWith(...OBJECTS, configMap('cluster-resolver-config', config))
  const answer = await resolutionOf(cluster, createClusterResolver(cluster)).resolve(
    request('cluster', params),
    AbortSignal.timeout(5_000),
  )
  return { cluster, answer }
}

test.each(
  cases({
    task: { kind: 'task', name: 'lint', stored: 'Task', apiVersion: 'tekton.dev/v1' },
    pipeline: { kind: 'pipeline', name: 'p', stored: 'Pipeline', apiVersion: 'tekton.dev/v1' },
    stepaction: { kind: 'stepaction', name: 'act', stored: 'StepAction', apiVersion: 'tekton.dev/v1beta1' },
  } as const),
)('a %s of another namespace is found, with its uid as source', async (_, { kind, name, stored, apiVersion }) => {
  const { cluster, answer } = await ask({ kind, name, namespace: 'shared' })
  const object = await cluster.get(stored, { namespace: 'shared', name })
  if (answer.is !== 'found') throw new Error(answer.message)
  expect(answer.found.refSource).toEqual({
    uri: `/apis/tekton.dev/v1/namespaces/shared/${kind}/${name}@${object?.metadata.uid}`,
    digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
  expect(answer.found.annotations).toEqual({
    'resolution.tekton.dev/name': name,
    'resolution.tekton.dev/namespace': 'shared',
  })
  const parsed = parseManifests(answer.found.data.toString(), 'x')
  expect(parsed.is === 'ok' && parsed.objects[0]?.value).toMatchObject({ apiVersion, kind: stored, spec: object?.spec })
})

const INVALID = 'invalid resource request "default/r": '
const LINT = { kind: 'task', name: 'lint', namespace: 'shared' }

test.each(
  cases({
    'nothing given': { params: {}, message: `${INVALID}missing required cluster resolver params: name, namespace` },
    'a blank namespace': {
      params: { name: 'lint', namespace: ' ' },
      message: `${INVALID}missing required cluster resolver params: namespace`,
    },
    'a kind in capitals': {
      params: { ...LINT, kind: 'Task' },
      message: `${INVALID}unknown or unsupported resource kind 'Task'`,
    },
    'an unknown cache mode': {
      params: { ...LINT, cache: 'maybe' },
      message: `${INVALID}invalid cache mode 'maybe', must be one of: [always never auto] (or empty for default)`,
    },
    'an object that is not there': {
      params: { ...LINT, name: 'nobody' },
      message: 'error getting "Cluster" "default/r": tasks.tekton.dev "nobody" not found',
    },
    'a blocked namespace': {
      params: LINT,
      config: { 'blocked-namespaces': 'other, shared', 'allowed-namespaces': 'shared' },
      message: `${INVALID}access to specified namespace shared is blocked`,
    },
    'everything blocked': {
      params: LINT,
      config: { 'blocked-namespaces': ' * ,x' },
      message: `${INVALID}only explicit allowed access to namespaces is allowed`,
    },
    'others allowed': {
      params: LINT,
      config: { 'allowed-namespaces': 'a,b' },
      message: `${INVALID}access to specified namespace shared is not allowed`,
    },
    'a list that allows nothing': {
      params: LINT,
      config: { 'allowed-namespaces': ' , ' },
      message: `${INVALID}access to specified namespace shared is not allowed`,
    },
  } as const),
)('refused: %s', async (_, { params, message, ...rest }) => {
  const { answer } = await ask(params, 'config' in rest ? rest.config : {})
  expect(told(answer)).toBe(message)
})

test('what is allowed by name goes over a block of everything, and defaults fill what is not given', async () => {
  const config = {
    'blocked-namespaces': '*',
    'allowed-namespaces': ' other , shared ',
    'default-kind': 'pipeline',
    'default-namespace': 'shared',
  }
  expect((await ask({ name: 'p' }, config)).answer.is).toBe('found')
})

test('a resolver that is switched off answers nobody', async () => {
  const cluster = await storeWith(
    ...OBJECTS,
    configMap('resolvers-feature-flags', { 'enable-cluster-resolver': 'false' }),
  )
  const resolution = resolutionOf(cluster, createClusterResolver(cluster))
  expect(told(await resolution.resolve(request('cluster', LINT), AbortSignal.timeout(5_000)))).toBe(
    `${INVALID}cannot handle resolution request, enable-cluster-resolver feature flag not true`,
  )
})

test('the checksum is of what the author wrote: another spec has another, a second write of the same has not', async () => {
  const digest = async (objects: readonly string[]) => {
    const cluster = await storeWith(...objects)
    const answer = await resolutionOf(cluster, createClusterResolver(cluster)).resolve(
      request('cluster', LINT),
      AbortSignal.timeout(5_000),
    )
    if (answer.is !== 'found') throw new Error(answer.message)
    return answer.found.refSource.digest?.['sha256']
  }
  const first = await digest(OBJECTS)
  expect(await digest([...OBJECTS, '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}'])).toBe(first)
  expect(await digest(OBJECTS.map(text => text.replace('alpine', 'debian')))).not.toBe(first)
})
