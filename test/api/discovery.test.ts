/** Discovery in both its forms: what is listed is there, and the two say the same. */
import { describe, expect, test } from 'vitest'
import { covers, mediaRanges } from '../../src/api/accept.js'
import { discoveredGroups } from '../../src/api/discovery/groups.js'
import { compareVersions } from '../../src/api/discovery/version-order.js'
import type { CustomResourceDefinition } from '../../src/resources/custom-resources.js'
import { BUILT_IN_KINDS, kindTable } from '../../src/resources/kind-table.js'
import { inboxFor } from '../listeners/world.js'
import { serveApi, TOKEN } from './world.js'

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

interface Resource {
  readonly name: string
  readonly singularName: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

interface Failure {
  readonly reason: string
  readonly message: string
}

interface Aggregated {
  readonly kind: string
  readonly apiVersion: string
  readonly items: readonly {
    readonly metadata: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly freshness: string
      readonly resources: readonly {
        readonly resource: string
        readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string }
        readonly scope: string
        readonly singularResource: string
        readonly verbs: readonly string[]
        readonly shortNames?: readonly string[]
        readonly categories?: readonly string[]
        readonly subresources?: readonly { readonly subresource: string; readonly verbs: readonly string[] }[]
      }[]
    }[]
  }[]
}

async function served() {
  const inbox = inboxFor()
  const { port } = await serveApi({ inbox, runRequests: { inbox, now: Date.now, newId: () => 'a' } })
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}`, ...headers } })
  const json = async <T>(path: string, headers?: Record<string, string>) =>
    (await (await ask(path, headers)).json()) as T
  return { ask, json }
}

describe('resources', () => {
  test('each kind is listed in each version that it is served in', async () => {
    const { json } = await served()
    for (const { group, kind, plural, singular, served: versions, namespaced, shortNames } of BUILT_IN_KINDS.all) {
      for (const version of versions) {
        const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
        const { resources } = await json<{ resources: readonly Resource[] }>(path)
        const found = resources.find(({ name }) => name === plural)
        expect(found, `${plural} in ${path}`).toMatchObject({ kind, singularName: singular, namespaced })
        expect(found?.shortNames ?? [], plural).toEqual(shortNames)
      }
    }
  })

  test.each([
    ['/api/v1', 'pods', ['all'], ['po']],
    ['/apis/apps/v1', 'deployments', ['all'], ['deploy']],
    ['/apis/tekton.dev/v1', 'pipelineruns', ['tekton', 'tekton-pipelines'], ['pr', 'prs']],
    ['/apis/tekton.dev/v1beta1', 'customruns', ['tekton', 'tekton-pipelines'], undefined],
    ['/apis/triggers.tekton.dev/v1beta1', 'eventlisteners', ['tekton', 'tekton-triggers'], ['el']],
    ['/apis/triggers.tekton.dev/v1alpha1', 'clusterinterceptors', ['tekton', 'tekton-triggers'], ['ci']],
    ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions', ['api-extensions'], ['crd', 'crds']],
    ['/apis/tektite.dev/v1alpha1', 'deliveries', undefined, undefined],
  ])('%s has %s with the categories and short names of its definition', async (path, name, categories, shortNames) => {
    const { json } = await served()
    const { resources } = await json<{ resources: readonly Resource[] }>(path)
    const found = resources.find(each => each.name === name)
    expect(found?.categories).toEqual(categories)
    expect(found?.shortNames).toEqual(shortNames)
  })

  test('subresources stand behind a slash, with verbs of their own', async () => {
    const { json } = await served()
    const pods = await json<{ resources: readonly Resource[] }>('/api/v1')
    const verbsOf = (name: string) => pods.resources.find(each => each.name === name)?.verbs
    expect(verbsOf('pods/status')).toEqual(['get', 'patch', 'update'])
    expect(verbsOf('pods/log')).toEqual(['get'])
    const own = await json<{ resources: readonly Resource[] }>('/apis/tektite.dev/v1alpha1')
    const names = own.resources.map(({ name }) => name)
    expect(names).toEqual([
      'schedules',
      'schedules/status',
      'schedules/run',
      'deliveries',
      'deliveries/replay',
      'runs',
      'runs/graph',
      'runs/rerun',
      'runs/explain',
      'runs/logs',
    ])
  })

  test('what it says can be done can be done', async () => {
    const { ask, json } = await served()
    const methods: Readonly<Record<string, string>> = {
      create: 'POST',
      delete: 'DELETE',
      deletecollection: 'DELETE',
      patch: 'PATCH',
      update: 'PUT',
    }
    const { paths } = await json<{ paths: readonly string[] }>('/')
    const groupVersions = paths.filter(each => /^\/apis?(\/[^/]+)?\/v\d\w*$/.test(each))
    const refused: string[] = []
    const tryAll = async (path: string): Promise<void> => {
      const { resources } = await json<{ resources: readonly Resource[] }>(path)
      const tries = resources.flatMap(({ name, namespaced, verbs }) =>
        verbs.map(verb => ({ name, verb, place: `${path}/${namespaced ? 'namespaces/none/' : ''}` })),
      )
      for (const { name, verb, place } of tries) {
        const [plural, subresource] = name.split('/')
        const hasName = subresource !== undefined || ['delete', 'get', 'patch', 'update'].includes(verb)
        const parts = [plural, ...(hasName ? ['nobody'] : []), ...(subresource === undefined ? [] : [subresource])]
        const query = `labelSelector=a=b${verb === 'watch' ? '&watch=true&timeoutSeconds=1' : ''}`
        const response = await ask(`${place}${parts.join('/')}?${query}`, {}, methods[verb])
        const isStream = verb === 'watch' && response.ok
        if (isStream) await response.body?.cancel()
        const { reason, message = '' } = isStream ? {} : ((await response.json()) as Partial<Failure>)
        // Nobody is not found; a body that is none is a bad request. What has no path or method says so.
        const isRefused = reason === 'MethodNotAllowed' || /could not find the requested resource/.test(message)
        if (isRefused || response.status >= 500) refused.push(`${verb} ${place}${parts.join('/')}: ${message}`)
      }
    }
    expect(groupVersions.length).toBeGreaterThan(15)
    await Promise.all(groupVersions.map(tryAll))
    expect(refused).toEqual([])
  })

  test('what is not there is not found', async () => {
    const { ask } = await served()
    for (const path of [
      '/apis/nothing.dev',
      '/apis/tekton.dev/v2',
      '/api/v2',
      '/apis//v1',
      '/apis/tekton.dev/v1/x/y/z',
    ]) {
      expect((await ask(path)).status, path).toBe(404)
    }
  })
})

describe('groups', () => {
  test('the newest stable version is preferred', async () => {
    const { json } = await served()
    const group = await json<object>('/apis/tekton.dev')
    expect(group).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'tekton.dev/v1', version: 'v1' },
      versions: [{ version: 'v1' }, { version: 'v1beta1' }, { version: 'v1alpha1' }],
    })
    const { groups } = await json<{ groups: readonly { name: string }[] }>('/apis')
    const names = groups.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['tekton.dev', 'triggers.tekton.dev', 'tektite.dev', 'apps']))
    expect(names).not.toContain('')
    expect(new Set(names).size).toBe(names.length)
  })

  test('versions are ordered as Kubernetes orders them', () => {
    const shuffled = ['foo1', 'v1', 'v10beta3', 'v11alpha2', 'v3beta1', 'v2', 'v12alpha1', 'foo10', 'v11beta2', 'v10']
    expect([...shuffled].sort(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v11beta2',
      'v10beta3',
      'v3beta1',
      'v12alpha1',
      'v11alpha2',
      'foo1',
      'foo10',
    ])
  })

  test('custom kinds are listed with the others, as the table of kinds has them', () => {
    const kinds = kindTable([widgets])
    const widget = discoveredGroups(kinds).find(({ name }) => name === 'example.com')
    expect(widget?.versions.map(({ version }) => version)).toEqual(['v1', 'v1beta1'])
    expect(widget?.versions[0]?.resources).toMatchObject([
      { name: 'widgets', singularName: 'widget', shortNames: ['wd'], categories: ['all'], namespaced: false },
    ])
    const subresources = widget?.versions.map(each => each.resources[0]?.subresources.map(({ name }) => name))
    expect(subresources).toEqual([['status'], []])
    expect(discoveredGroups(kinds)).toBe(discoveredGroups(kinds))
    expect(discoveredGroups(BUILT_IN_KINDS).some(({ name }) => name === 'example.com')).toBe(false)
  })
})

describe('all at once', () => {
  test.each(['v2', 'v2beta1'])('as %s, it says what the single answers say', async version => {
    const { ask, json } = await served()
    const accept = AGGREGATED.replace('v=v2', `v=${version}`)
    for (const root of ['/api', '/apis']) {
      const response = await ask(root, { accept: `${accept},application/json` })
      expect(response.headers.get('content-type')).toBe(accept)
      const list = (await response.json()) as Aggregated
      expect(list).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` })
      for (const { metadata, versions } of list.items) {
        for (const each of versions) {
          const path = root === '/api' ? `/api/${each.version}` : `/apis/${metadata.name}/${each.version}`
          const { resources } = await json<{ resources: readonly Resource[] }>(path)
          const flat = each.resources.flatMap(
            ({ resource, verbs, responseKind, singularResource, subresources = [] }) => [
              { name: resource, verbs, kind: responseKind.kind, singularName: singularResource },
              ...subresources.map(sub => ({
                name: `${resource}/${sub.subresource}`,
                verbs: sub.verbs,
                singularName: '',
              })),
            ],
          )
          expect(resources, path).toMatchObject(flat)
        }
      }
    }
  })

  test('who knows it already is told that it is the same', async () => {
    const { ask } = await served()
    const first = await ask('/apis', { accept: AGGREGATED })
    const again = await ask('/apis', { accept: AGGREGATED, 'if-none-match': first.headers.get('etag') ?? '' })
    expect([first.status, again.status, await again.text()]).toEqual([200, 304, ''])
  })

  test.each([
    ['application/json, */*', 200, 'APIGroupList'],
    ['*/*', 200, 'APIGroupList'],
    ['application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList, application/json', 200, 'APIGroupList'],
    [
      'application/json;q=0.5, application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      200,
      'APIGroupDiscoveryList',
    ],
    ['application/vnd.kubernetes.protobuf', 406, 'Status'],
  ])('Accept: %s', async (accept, status, kind) => {
    const { ask } = await served()
    const response = await ask('/apis', { accept })
    expect([response.status, ((await response.json()) as { kind: string }).kind]).toEqual([status, kind])
  })
})

test('the version can be read by every kubectl', async () => {
  const { json } = await served()
  const { gitVersion, major, minor } = await json<Record<string, string>>('/version')
  expect(gitVersion).toMatch(/^v1\.\d+\.\d+\+tektite$/)
  expect(gitVersion).toContain(`v${major}.${minor}.`)
})

test('the root lists paths that answer', async () => {
  const { ask, json } = await served()
  const { paths } = await json<{ paths: readonly string[] }>('/')
  expect(paths).toEqual(expect.arrayContaining(['/api/v1', '/apis/tekton.dev/v1', '/openapi/v3', '/version']))
  const discovery = paths.filter(path => path.startsWith('/api'))
  for (const path of discovery) expect((await ask(path)).status, path).toBe(200)
})

test('media ranges are read as written, the best first', () => {
  const ranges = mediaRanges('text/plain;q=0.3, application/json;as="Table" ; g=meta.k8s.io, image/png;q=0, */*;q=x')
  expect(ranges.map(({ type }) => type)).toEqual(['application/json', '*/*', 'text/plain'])
  expect(ranges[0]?.parameters).toEqual({ as: 'Table', g: 'meta.k8s.io' })
  expect(covers({ type: 'application/*', parameters: {} }, 'application/json')).toBe(true)
  expect(covers({ type: 'text/*', parameters: {} }, 'application/json')).toBe(false)
})

const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com', namespace: '', uid: '1', resourceVersion: '1', creationTimestamp: '' },
  spec: {
    group: 'example.com',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget', shortNames: ['wd'], categories: ['all'] },
    scope: 'Cluster',
    versions: [
      { name: 'v1beta1', served: true, storage: false },
      { name: 'v1', served: true, storage: true, subresources: { status: {} } },
      { name: 'v1alpha1', served: false, storage: false },
    ],
  },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
} as const satisfies CustomResourceDefinition
