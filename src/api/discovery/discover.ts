/** What a client asks before it asks for anything else: which groups, versions and resources there are. */
import type { KindTable } from '../../resources/kind-table.js'
import { covers, mediaRanges } from '../accept.js'
import type { Answer } from '../answer.js'
import { answerDocument, type Document, documentOf } from '../document.js'
import type { ApiRequest } from '../request.js'
import { ApiError } from '../status.js'
import { apiGroup, apiGroupDiscoveryList, apiGroupList, apiResourceList } from './documents.js'
import { discoveredGroups } from './groups.js'

/** The dialect of Kubernetes that is spoken here; clients choose by it what they may ask for. */
export const SERVER_VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+tektite',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
} as const

/** The newest first. */
const AGGREGATED_VERSIONS = ['v2', 'v2beta1']
const JSON_TYPE = 'application/json'

const aggregated = new WeakMap<KindTable, Map<string, Promise<Document>>>()

/** Undefined when the path is none of discovery. @throws ApiError when no form of it is acceptable */
export async function discover(kinds: KindTable, request: ApiRequest): Promise<Answer | undefined> {
  const parts = request.path.split('/').filter(part => part !== '')
  if (request.path === '/version') return ok(SERVER_VERSION)
  if (request.path === '/') return ok({ paths: rootPaths(kinds) })
  const [root, ...inside] = parts
  if (root !== 'api' && root !== 'apis') return undefined
  if (inside.length === 0) return rootAnswer(kinds, request, root)
  const [group = '', version, ...tooMany] = root === 'api' ? ['', ...inside] : inside
  if (tooMany.length > 0) return undefined
  const found = discoveredGroups(kinds).find(({ name }) => name === group)
  if (found === undefined || (root === 'apis' && group === '')) return undefined
  if (version === undefined) return ok(apiGroup(found))
  const served = found.versions.find(each => each.version === version)
  return served && ok(apiResourceList(group, served))
}

async function rootAnswer(kinds: KindTable, { headers }: ApiRequest, root: 'api' | 'apis'): Promise<Answer> {
  const form = formFor(headers.accept)
  if (form !== 'plain') return answerDocument(headers, await aggregatedDocument(kinds, root, form))
  if (root === 'apis') return ok(apiGroupList(discoveredGroups(kinds)))
  const { host = '' } = headers
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: host }]
  return ok({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs })
}

/** `plain`, or the version of the aggregated form. */
function formFor(accept: string | undefined): string {
  for (const range of mediaRanges(accept)) {
    if (!covers(range, JSON_TYPE)) continue
    const { g, v = '', as } = range.parameters
    if (as === undefined) return 'plain'
    if (g === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList' && AGGREGATED_VERSIONS.includes(v)) return v
  }
  throw new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${JSON_TYPE}`)
}

/** Made when it is first asked for. */
function aggregatedDocument(kinds: KindTable, root: 'api' | 'apis', version: string): Promise<Document> {
  const documents = aggregated.get(kinds) ?? new Map<string, Promise<Document>>()
  aggregated.set(kinds, documents)
  const known = documents.get(`${root} ${version}`)
  if (known !== undefined) return known
  const groups = discoveredGroups(kinds).filter(({ name }) => (name === '') === (root === 'api'))
  const contentType = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  const made = documentOf(contentType, `${JSON.stringify(apiGroupDiscoveryList(groups, version))}\n`)
  documents.set(`${root} ${version}`, made)
  return made
}

function rootPaths(kinds: KindTable): readonly string[] {
  const groups = discoveredGroups(kinds).flatMap(({ name, versions }) =>
    name === ''
      ? ['/api', ...versions.map(({ version }) => `/api/${version}`)]
      : [`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`)],
  )
  const others = ['/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/readyz', '/version']
  return [...groups, '/apis', ...others].sort()
}

function ok(body: unknown): Answer {
  return { code: 200, body }
}
