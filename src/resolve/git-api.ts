/** A file of a repository by the API of the host that has it: no clone, and a token instead of git's own login. */
import type { Cluster } from '../cluster/cluster.js'
import type { Guard } from '../fetch/guard.js'
import { isRecord } from '../resources/shape.js'
import { gitAnnotations } from './git-fetch.js'
import type { GitParams } from './git-params.js'
import { httpGet } from './http-get.js'
import { type Found, MAX_DATA_BYTES, ResolutionError } from './resolver.js'
import { secretKey } from './secret-key.js'

/** Base64 and the JSON around it. */
const MAX_ANSWER_BYTES = 2 * MAX_DATA_BYTES

export interface ApiFetch {
  readonly cluster: Pick<Cluster, 'get'>
  readonly namespace: string
  readonly params: ReadonlyMap<string, string>
  readonly guard: Guard
  readonly signal: AbortSignal
}

/** What differs between hosts. Paths are under the server's API. */
interface Host {
  readonly api: (server: string) => string
  readonly defaultServer: string
  readonly headers: (token: string) => {
    readonly authorization?: string
    readonly [header: string]: string | undefined
  }
  /** `raw` when the answer is the file itself, else JSON with base64 `content`. */
  readonly file: (at: At) => { readonly path: string; readonly raw: boolean }
  readonly commit: (at: At) => { readonly path: string; readonly field: string }
  readonly repository: (at: At) => string
  readonly cloneUrl: (repository: Readonly<Record<string, unknown>>) => unknown
}

interface At {
  /** `org/repo` */
  readonly org: string
  readonly repo: string
  readonly path: string
  readonly ref: string
}

const part = encodeURIComponent
const parts = (path: string): string => path.split('/').map(part).join('/')
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const repositories = ({ org, repo }: At): string => `/repos/${part(org)}/${part(repo)}`
const project = ({ org, repo }: At): string => `/projects/${part(`${org}/${repo}`)}`
const serverProject = ({ org, repo }: At): string => `/projects/${part(org)}/repos/${part(repo)}`
const cloudRepository = ({ org, repo }: At): string => `/repositories/${part(org)}/${part(repo)}`

const HOSTS: Readonly<Record<string, Host>> = {
  github: {
    defaultServer: 'https://api.github.com',
    api: server => (new URL(server).host === 'api.github.com' ? server : `${server}/api/v3`),
    headers: bearer,
    file: at => ({ path: `${repositories(at)}/contents/${parts(at.path)}?ref=${part(at.ref)}`, raw: false }),
    commit: at => ({ path: `${repositories(at)}/commits/${part(at.ref)}`, field: 'sha' }),
    repository: repositories,
    cloneUrl: repository => repository['clone_url'],
  },
  gitea: {
    defaultServer: '',
    api: server => `${server}/api/v1`,
    headers: token => ({ authorization: `token ${token}` }),
    file: at => ({ path: `${repositories(at)}/contents/${parts(at.path)}?ref=${part(at.ref)}`, raw: false }),
    commit: at => ({ path: `${repositories(at)}/git/commits/${part(at.ref)}`, field: 'sha' }),
    repository: repositories,
    cloneUrl: repository => repository['clone_url'],
  },
  gitlab: {
    defaultServer: 'https://gitlab.com',
    api: server => `${server}/api/v4`,
    headers: bearer,
    file: at => ({ path: `${project(at)}/repository/files/${part(at.path)}?ref=${part(at.ref)}`, raw: false }),
    commit: at => ({ path: `${project(at)}/repository/commits/${part(at.ref)}`, field: 'id' }),
    repository: project,
    cloneUrl: repository => repository['http_url_to_repo'],
  },
  bitbucketcloud: {
    defaultServer: 'https://api.bitbucket.org',
    api: server => `${server}/2.0`,
    headers: bearer,
    file: at => ({ path: `${cloudRepository(at)}/src/${part(at.ref)}/${parts(at.path)}`, raw: true }),
    commit: at => ({ path: `${cloudRepository(at)}/commit/${part(at.ref)}`, field: 'hash' }),
    repository: cloudRepository,
    cloneUrl: httpsLink,
  },
  bitbucketserver: {
    defaultServer: '',
    api: server => `${server}/rest/api/1.0`,
    headers: bearer,
    file: at => ({ path: `${serverProject(at)}/raw/${parts(at.path)}?at=${part(at.ref)}`, raw: true }),
    commit: at => ({ path: `${serverProject(at)}/commits/${part(at.ref)}`, field: 'id' }),
    repository: serverProject,
    cloneUrl: httpsLink,
  },
}
/** go-scm's other names of them. */
const ALIASES: Readonly<Record<string, string>> = {
  ghe: 'github',
  bitbucket: 'bitbucketcloud',
  stash: 'bitbucketserver',
}

function hostOf(scmType: string): Host | undefined {
  return HOSTS[ALIASES[scmType] ?? scmType]
}

export async function fetchByApi(
  asked: GitParams,
  { cluster, namespace, params, guard, signal }: ApiFetch,
): Promise<Found> {
  const { org, repo, path, revision: ref, config } = asked
  const scmType = params.get('scmType') || config.get('scm-type') || 'github'
  const host = hostOf(scmType)
  if (host === undefined) {
    throw new ResolutionError(
      `failed to create SCM client: unsupported SCM type ${JSON.stringify(scmType)}, use one of ${Object.keys(HOSTS).join(', ')}`,
    )
  }
  const token = await apiToken(cluster, namespace, params, config, scmType)
  const server = (params.get('serverURL') || config.get('server-url') || host.defaultServer).replace(/\/+$/, '')
  if (!/^https?:\/\//i.test(server) || !URL.canParse(server)) {
    throw new ResolutionError(
      `failed to create SCM client: ${scmType} needs a server: give the param serverURL, or server-url in the ConfigMap "git-resolver-config"`,
    )
  }
  // A URL would swallow it and ask for something else, with the token.
  const wrong = [org, repo, ref].find(one => /^\.{1,2}$/.test(one))
  if (wrong !== undefined) throw new ResolutionError(`couldn't fetch repository: "${wrong}" is no name`)
  const at: At = { org, repo, path, ref }
  const { authorization, ...headers } = host.headers(token)
  const get = async (apiPath: string, failure: string): Promise<Buffer> => {
    const url = `${host.api(server)}${apiPath}`
    const options = { guard, signal, maxBytes: MAX_ANSWER_BYTES, headers: headers as Record<string, string> }
    const { status, body } = await httpGet(url, { ...options, ...(authorization && { authorization }) }).catch(
      (error: unknown) => {
        if (!(error instanceof ResolutionError)) throw error
        throw new ResolutionError(`${failure}: ${error.message}`, { temporary: error.temporary })
      },
    )
    if (status === 200) return body
    const words = status === 404 ? 'Not Found' : `status ${status}`
    throw new ResolutionError(`${failure}: ${words}`, { temporary: status >= 500 || status === 429 })
  }

  const file = host.file(at)
  const content = await get(file.path, "couldn't fetch resource content")
  const data = file.raw ? content : Buffer.from(textAt(parseJson(content), 'content'), 'base64')
  if (data.length === 0) throw new ResolutionError(`no content for resource in ${org}/${repo} ${path}`)
  const { path: commitPath, field } = host.commit(at)
  const noCommit = `couldn't fetch the commit sha for the ref ${ref} in the repo`
  const commit = textAt(parseJson(await get(commitPath, noCommit)), field)
  if (commit === '') throw new ResolutionError(noCommit)
  const repository = parseJson(await get(host.repository(at), "couldn't fetch repository"))
  const url = host.cloneUrl(repository)
  const cloneUrl = typeof url === 'string' ? url : ''
  return {
    data,
    refSource: { uri: `git+${cloneUrl}`, digest: { sha1: commit }, entryPoint: path },
    annotations: gitAnnotations({ ...asked, commit, url: cloneUrl }),
  }
}

/** The author's own, from the run's namespace; else the installation's, which goes to the installation's server only. */
async function apiToken(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  params: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string>,
  scmType: string,
): Promise<string> {
  const own = params.get('token')
  if (own) return secretKey(cluster, namespace, own, params.get('tokenKey') || 'token')
  const server = params.get('serverURL')
  if (server && server !== (config.get('server-url') ?? '')) {
    throw new ResolutionError(
      `custom serverURL ${JSON.stringify(server)} requires a token parameter; the system token cannot be sent to a non-default server URL`,
    )
  }
  const installed = config.get('scm-type') || 'github'
  // Without a server of its own, each type has another company's.
  if (!config.get('server-url') && hostOf(scmType) !== hostOf(installed)) {
    throw new ResolutionError(
      `scmType ${JSON.stringify(scmType)} requires a token parameter; the system token is for ${installed} and cannot be sent to another server`,
    )
  }
  const need = (key: string): string => {
    const value = config.get(key)
    if (value) return value
    throw new ResolutionError(
      `cannot get API token, required when specifying 'repo' param, '${key}' not specified in config`,
    )
  }
  const name = need('api-token-secret-name')
  const key = need('api-token-secret-key')
  return secretKey(cluster, config.get('api-token-secret-namespace') || 'tekton-pipelines-resolvers', name, key)
}

function parseJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (isRecord(value)) return value
  } catch {
    // Said below, as of anything else that is no object.
  }
  throw new ResolutionError('the server did not answer with a JSON object')
}

function textAt(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field]
  return typeof value === 'string' ? value : ''
}

/** Bitbucket lists the ways to clone. */
function httpsLink({ links }: Readonly<Record<string, unknown>>): unknown {
  const ways: unknown = isRecord(links) ? links['clone'] : undefined
  const all: readonly unknown[] = Array.isArray(ways) ? ways : []
  const found = all.find(way => isRecord(way) && (way['name'] === 'https' || way['name'] === 'http'))
  return isRecord(found) ? found['href'] : undefined
}
