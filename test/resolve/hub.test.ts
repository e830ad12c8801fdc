/** The hub resolver against servers that speak the hubs' APIs. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createHubResolver } from '../../src/resolve/hub.js'
import { compareVersions, parseConstraint, parseVersion } from '../../src/resolve/version-constraint.js'
import { cases } from '../helpers/cases.js'
import { storeWith } from '../reconcile/real-store.js'
import { configMap, request, resolutionOf, TASK, told } from './requests.js'
import { LOOPBACK, servePaths } from './servers.js'

async function ask(
  params: Readonly<Record<string, string>>,
  options: {
    readonly artifact?: string
    readonly tekton?: string
    readonly config?: Readonly<Record<string, string>>
  } = {},
) {
  const cluster = await storeWith(configMap('hubresolver-config', options.config ?? {}))
  const resolver = createHubResolver({
    guard: LOOPBACK,
    artifactHubUrl: options.artifact ?? 'http://127.0.0.1:1',
    tektonHubUrl: options.tekton ?? '',
  })
  return told(await resolutionOf(cluster, resolver).resolve(request('hub', params), AbortSignal.timeout(20_000)))
}

const GETTING = 'error getting "Hub" "default/r": '
const INVALID = 'invalid resource request "default/r": '
const LIST = '/api/v1/packages/tekton-task/tekton-catalog-tasks/lint'
const ARTIFACT = {
  [LIST]: {
    version: '0.9.0',
    available_versions: [
      { version: '0.6.0' },
      { version: '0.6.2' },
      { version: '0.7.0', prerelease: true },
      { version: '0.10.0' },
    ],
  },
  [`${LIST}/0.6.0`]: { data: { manifestRaw: TASK } },
  [`${LIST}/0.6.2`]: { data: { manifestRaw: TASK } },
  [`${LIST}/0.10.0`]: { data: { manifestRaw: TASK } },
}

test.each(
  cases({
    'a plain version': { version: '0.6', fetched: '0.6.0' },
    'the greatest of a range': { version: '>= 0.6, < 0.10', fetched: '0.6.2' },
    'numbers are no words': { version: '> 0.6', fetched: '0.10.0' },
    'a stem': { version: '~> 0.6.0', fetched: '0.6.2' },
  } as const),
)('Artifact Hub: %s', async (_, { version, fetched }) => {
  const hub = await servePaths(ARTIFACT)
  expect(await ask({ name: 'lint', version }, { artifact: hub.url })).toEqual({
    data: TASK,
    refSource: {
      uri: `${hub.url}${LIST}/${fetched}`,
      digest: { sha256: createHash('sha256').update(TASK).digest('hex') },
    },
    annotations: {},
  })
})

test('Tekton Hub: its own paths, and versions of two parts', async () => {
  const hub = await servePaths({
    '/v1/resource/Tekton/pipeline/p': { data: { versions: [{ version: '0.1' }, { version: '0.2' }] } },
    '/v1/resource/Tekton/pipeline/p/0.2/yaml': { data: { yaml: TASK } },
  })
  const params = { type: 'tekton', kind: 'pipeline', name: 'p', version: '0.2.0' }
  expect(await ask(params, { tekton: hub.url })).toMatchObject({
    refSource: { uri: `${hub.url}/v1/resource/Tekton/pipeline/p/0.2/yaml` },
  })
})

test('hubs of the ConfigMap are tried in order, the url param goes over them', async () => {
  const hub = await servePaths(ARTIFACT)
  const empty = await servePaths({})
  const config = { 'artifact-hub-urls': `- ${empty.url}/\n- ${hub.url}\n` }
  const params = { name: 'lint', version: '0.6.2' }
  expect(await ask(params, { config })).toMatchObject({ refSource: { uri: `${hub.url}${LIST}/0.6.2` } })
  expect(empty.seen.length).toBeGreaterThan(0)
  expect(await ask({ ...params, url: empty.url }, { config })).toBe(
    `${GETTING}fail to fetch Artifact Hub resource: requested resource '${empty.url}${LIST}' not found on hub`,
  )
})

test('a version that nobody has, and a name that steps out of its place', async () => {
  const hub = await servePaths(ARTIFACT)
  expect(await ask({ name: 'lint', version: '7' }, { artifact: hub.url })).toBe(
    `${GETTING}no version found for constraint 7`,
  )
  expect(await ask({ name: '..', version: '7' }, { artifact: hub.url })).toMatch(/".." is no name/)
  expect(await ask({ name: '../../x', version: '7' }, { artifact: hub.url })).toContain('..%2F..%2Fx')
})

test.each(
  cases({
    'nothing given': {
      params: {},
      message: 'failed to validate params: missing required hub resolver params: name, version',
    },
    'an unknown kind': {
      params: { name: 'a', version: '1', kind: 'x', catalog: 'c' },
      message: 'failed to validate params: kind param must be one of: task, pipeline, stepaction',
    },
    'a StepAction without a catalog': {
      params: { name: 'a', version: '1', kind: 'stepaction' },
      message: 'failed to populate default params: failed to resolve catalog name with kind: stepaction',
    },
    'an unknown type': {
      params: { name: 'a', version: '1', type: 'x', catalog: 'c' },
      message: 'failed to validate params: type param must be artifact or tekton',
    },
    'a Tekton Hub that nobody set up': {
      params: { name: 'a', version: '1', type: 'tekton' },
      message: 'failed to validate params: please configure TEKTON_HUB_API env variable to use tekton type',
    },
    'a url that is none': {
      params: { name: 'a', version: '1', url: 'file:///x' },
      message: 'failed to validate params: invalid url param: url must be a valid absolute URL: file:///x',
    },
  } as const),
)('refused: %s', async (_, { params, message }) => {
  expect(await ask(params)).toBe(INVALID + message)
})

test.each(
  cases({
    'equal, padded': ['0.6', '0.6.0', true],
    'not this': ['!= 1.0', '1.0.0', false],
    'a prerelease is not in a range': ['> 1.0', '1.1.0-rc1', false],
    'unless one of the same version is named': ['>= 1.1.0-rc1', '1.1.0-rc2', true],
    'two parts of a stem': ['~> 1.2', '1.9.0', true],
    'the stem ends': ['~> 1.2', '2.0.0', false],
    'both must hold': ['> 1, < 2', '2.0.0', false],
  } as const),
)('a constraint: %s', (_, [constraint, version, holds]) => {
  const parsed = parseVersion(version)
  if (parsed === undefined) throw new Error(version)
  expect(parseConstraint(constraint)?.(parsed)).toBe(holds)
})

test('what is no constraint, and the order of versions', () => {
  for (const text of ['latest', '', '~1', '=>1', '1,', 'x > 1']) expect(parseConstraint(text), text).toBeUndefined()
  const sorted = ['1.10', '1.2', '1.2.0-rc.2', '1.2.0-rc.10', '1.2.0-alpha', '2'].map(parseVersion)
  const order = sorted.flatMap(one => one ?? []).sort(compareVersions)
  expect(order.map(({ text }) => text)).toEqual([
    '1.2.0-alpha',
    '1.2.0-rc.2',
    '1.2.0-rc.10',
    '1.2.0',
    '1.10.0',
    '2.0.0',
  ])
})
