/** Tasks, Pipelines and StepActions of Artifact Hub, or of a Tekton Hub. */
import { createHash } from 'node:crypto'
import type { Guard } from '../fetch/guard.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import { readYaml } from '../resources/yaml-source.js'
import { httpGet } from './http-get.js'
import { type Found, MAX_DATA_BYTES, ResolutionError, type Resolver, type ResolverRequest } from './resolver.js'
import { HTTP_RETRY } from './retry.js'
import { shownUrl } from './shown-url.js'
import { type Constraint, compareVersions, parseConstraint, parseVersion, type Version } from './version-constraint.js'

/** A manifest as JSON text, and a package's long list of versions. */
const MAX_ANSWER_BYTES = 4 * MAX_DATA_BYTES
const KINDS: readonly string[] = ['task', 'pipeline', 'stepaction']
const TYPES: readonly string[] = ['artifact', 'tekton']

export interface HubResolverDeps {
  readonly guard: () => Promise<Guard>
  /** `ARTIFACT_HUB_API` and `TEKTON_HUB_API`; '' when not set. */
  readonly artifactHubUrl: string
  readonly tektonHubUrl: string
}

interface Asked {
  readonly type: string
  readonly kind: string
  readonly catalog: string
  readonly name: string
  readonly version: string
  /** Tried in this order. */
  readonly hubs: readonly string[]
}

export function createHubResolver({ guard, artifactHubUrl, tektonHubUrl }: HubResolverDeps): Resolver {
  const fallback = { artifact: artifactHubUrl || 'https://artifacthub.io', tekton: tektonHubUrl }
  return {
    type: 'hub',
    name: 'Hub',
    configMap: 'hubresolver-config',
    flag: 'enable-hub-resolver',
    defaults: {
      'default-tekton-hub-catalog': 'Tekton',
      'default-artifact-hub-task-catalog': 'tekton-catalog-tasks',
      'default-artifact-hub-pipeline-catalog': 'tekton-catalog-pipelines',
      'default-kind': 'task',
      'default-type': 'artifact',
    },
    prepare(request) {
      const asked = read(request, fallback)
      if (typeof asked === 'string') return { is: 'wrong', message: asked }
      return {
        is: 'ready',
        immutable: false,
        cacheable: false,
        withSecrets: false,
        timeoutMs: 60_000,
        retry: HTTP_RETRY,
        fetch: async signal => fetchFromHub(asked, { guard: await guard(), signal, maxBytes: MAX_ANSWER_BYTES }),
      }
    },
  }
}

function read(request: ResolverRequest, fallback: Readonly<Record<'artifact' | 'tekton', string>>): Asked | string {
  const { params, config } = request
  const type = params.get('type') ?? config.get('default-type') ?? ''
  const kind = params.get('kind') ?? config.get('default-kind') ?? ''
  const catalog = params.get('catalog') ?? defaultCatalog(type, kind, config)
  if (catalog === undefined) {
    const why = TYPES.includes(type) ? `with kind: ${kind}` : `with type: ${type}`
    return `failed to populate default params: failed to resolve catalog name ${why}`
  }
  const wrong = (why: string): string => `failed to validate params: ${why}`
  if (!KINDS.includes(kind)) return wrong(`kind param must be one of: ${KINDS.join(', ')}`)
  const url = params.get('url') ?? ''
  const urlProblem = url === '' ? undefined : hubUrlProblem(url)
  if (urlProblem !== undefined) return wrong(`invalid url param: ${urlProblem}`)
  if (!TYPES.includes(type)) return wrong('type param must be artifact or tekton')
  const hubType = type as 'artifact' | 'tekton'
  const configured = urlList(config.get(`${hubType}-hub-urls`))
  const hubs = url !== '' ? [url] : configured.length > 0 ? configured : [fallback[hubType]].filter(one => one !== '')
  if (hubs.length === 0) return wrong('please configure TEKTON_HUB_API env variable to use tekton type')
  const missing = ['name', 'version'].filter(param => !params.has(param))
  if (missing.length > 0) return wrong(`missing required hub resolver params: ${missing.join(', ')}`)
  return {
    type,
    kind,
    catalog,
    name: params.get('name') ?? '',
    version: params.get('version') ?? '',
    hubs: hubs.map(hub => hub.replace(/\/+$/, '')),
  }
}

function defaultCatalog(type: string, kind: string, config: ReadonlyMap<string, string>): string | undefined {
  if (type === 'tekton') return config.get('default-tekton-hub-catalog')
  if (type !== 'artifact' || (kind !== 'task' && kind !== 'pipeline')) return undefined
  return config.get(`default-artifact-hub-${kind}-catalog`)
}

function hubUrlProblem(url: string): string | undefined {
  if (!URL.canParse(url) || new URL(url).host === '') return `url must be a valid absolute URL: ${url}`
  return /^https?:$/.test(new URL(url).protocol) ? undefined : `url must use http or https scheme: ${url}`
}

/** A YAML list; one that cannot be read, or holds what is no URL, counts as none. */
function urlList(text = ''): readonly string[] {
  const parsed = text.trim() === '' ? undefined : readYaml(text, 1)
  const value = parsed?.is === 'ok' ? parsed.document.value : undefined
  const urls: readonly unknown[] = Array.isArray(value) ? value : []
  const good = urls.filter((url): url is string => typeof url === 'string').map(url => url.trim())
  return good.length === urls.length && good.every(url => hubUrlProblem(url) === undefined) ? good : []
}

type Fetching = Omit<Parameters<typeof httpGet>[1], 'headers' | 'authorization'>

async function fetchFromHub(asked: Asked, fetching: Fetching): Promise<Found> {
  const constraint = parseConstraint(asked.version)
  if (constraint === undefined)
    return firstOf(asked.hubs, 'fetch resource', hub => fetchFrom(hub, asked, asked.version, fetching))
  // The hub that has the version has the manifest.
  const { hub, version } = await firstOf(asked.hubs, 'resolve version constraint', async one => ({
    hub: one,
    version: await greatest(one, asked, constraint, fetching),
  }))
  return fetchFrom(hub, asked, version.text, fetching)
}

/** @throws what the only hub said, or what all of them did. An answer that is final is not asked of the next. */
async function firstOf<T>(hubs: readonly string[], what: string, ask: (hub: string) => Promise<T>): Promise<T> {
  const errors: ResolutionError[] = []
  for (const hub of hubs) {
    try {
      return await ask(hub)
    } catch (error) {
      if (!(error instanceof ResolutionError) || error instanceof NoVersion) throw error
      errors.push(error)
    }
  }
  const [only] = errors
  if (only && errors.length === 1) throw only
  const temporary = errors.some(error => error.temporary)
  const all = errors.map(error => error.message).join('\n')
  throw new ResolutionError(`failed to ${what} from any configured hub URL: ${all}`, { temporary })
}

class NoVersion extends ResolutionError {}

async function greatest(hub: string, asked: Asked, holds: Constraint, fetching: Fetching): Promise<Version> {
  const answer = await getJson(`${hub}/${listPath(asked)}`, asked.type, fetching)
  let best: Version | undefined
  for (const text of versionsIn(answer, asked.type)) {
    const version = parseVersion(text)
    if (version === undefined) {
      throw new ResolutionError(`fail to parse version ${asked.type} from ${text}: Malformed version: ${text}`)
    }
    if (holds(version) && (best === undefined || compareVersions(version, best) >= 0)) best = version
  }
  if (best === undefined) throw new NoVersion(`no version found for constraint ${asked.version}`)
  return best
}

function versionsIn(answer: Json, type: string): readonly string[] {
  const listed = type === 'artifact' ? answer['available_versions'] : dataOf(answer)['versions']
  const all: readonly unknown[] = Array.isArray(listed) ? listed : []
  return all.flatMap(one => {
    if (!isRecord(one) || typeof one['version'] !== 'string') return []
    return type === 'artifact' && one['prerelease'] === true ? [] : [one['version']]
  })
}

async function fetchFrom(hub: string, asked: Asked, version: string, fetching: Fetching): Promise<Found> {
  const written = version.split('.')
  const isArtifact = asked.type === 'artifact'
  const exact = isArtifact
    ? `${version}${written.length === 2 ? '.0' : ''}`
    : written.length > 2
      ? written.slice(0, 2).join('.')
      : version
  const url = `${hub}/${listPath(asked)}/${encodeURIComponent(exact)}${isArtifact ? '' : '/yaml'}`
  const manifest = dataOf(await getJson(url, asked.type, fetching))[isArtifact ? 'manifestRaw' : 'yaml']
  const data = Buffer.from(typeof manifest === 'string' ? manifest : '')
  return {
    data,
    refSource: { uri: shownUrl(url), digest: { sha256: createHash('sha256').update(data).digest('hex') } },
    annotations: {},
  }
}

function listPath({ type, kind, catalog, name }: Asked): string {
  const [catalogPart, called] = [pathPart(catalog), pathPart(name)]
  return type === 'artifact'
    ? `api/v1/packages/tekton-${kind}/${catalogPart}/${called}`
    : `v1/resource/${catalogPart}/${kind}/${called}`
}

/** A name that steps out of its place in the URL would ask for something else. */
function pathPart(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new ResolutionError(`"${text}" is no name that a hub could know`)
  return encodeURIComponent(text)
}

async function getJson(url: string, type: string, fetching: Fetching): Promise<Json> {
  const failing = `fail to fetch ${type === 'artifact' ? 'Artifact' : 'Tekton'} Hub resource: `
  const fail = (why: string, temporary = false): ResolutionError => new ResolutionError(failing + why, { temporary })
  const { status, body } = await httpGet(url, { ...fetching }).catch((error: unknown) => {
    if (!(error instanceof ResolutionError)) throw error
    throw fail(`requesting resource from Hub: Get "${shownUrl(url)}": ${error.message}`, error.temporary)
  })
  if (status !== 200)
    throw fail(`requested resource '${shownUrl(url)}' not found on hub`, status >= 500 || status === 429)
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (isRecord(value)) return value
  } catch {
    // Said below, as of anything else that is no object.
  }
  throw fail('error unmarshalling json response: it is no JSON object')
}

function dataOf(answer: Json): Json {
  return asRecord(answer['data'])
}
