/** What interceptors may do outside, over the guarded client: posting, and reading GitHub's API. */
import { ClusterError } from '../src/cluster/cluster.js'
import type { GitHubConfig } from '../src/config.js'
import { type AllowList, publicAddresses } from '../src/fetch/addresses.js'
import { readAllowedHosts } from '../src/fetch/allowed-hosts.js'
import { FetchError } from '../src/fetch/fetch-error.js'
import { createGuard } from '../src/fetch/guard.js'
import { clusterGuard, type GuardDeps, publicGuard } from '../src/fetch/guards.js'
import { httpFetch } from '../src/fetch/http-fetch.js'
import type { GitHub } from '../src/git-host/github.js'
import { describeError } from '../src/lib/fault.js'
import { CONFIG_NAMESPACE } from '../src/run/config-names.js'
import type {
  GitHubAnswer,
  GitHubAs,
  GitHubReader,
  Outside,
  Posted,
  Posting,
} from '../src/trigger/interceptors/outside.js'

export interface OutsideDeps extends GuardDeps {
  readonly gitHub: GitHubConfig
  /** Where Triggers' own ConfigMaps are; if not given, where Tekton has them. */
  readonly systemNamespace?: string
}

/** What one interceptor may spend at GitHub, however many pages there are. */
const GITHUB_TIMEOUT_MS = 30_000
/** A hundred files with their patches. */
const MAX_GITHUB_BYTES = 16_777_216
/** Tekton's, with its key. */
const HOSTS_NAME = 'config-triggers-core-interceptors'
const HOSTS_KEY = 'github.enterprise-host-allowlist'

export function createOutside(deps: OutsideDeps): Outside {
  return {
    async post(posting) {
      try {
        return await post(deps, posting)
      } catch (error) {
        throwIfClusterAway(error)
        return { is: 'failed', message: `${reasonOf(error)}${wayOut(posting, error)}` }
      }
    },
    gitHub: as => openGitHub(deps, as),
  }
}

/** Which hosts are allowed cannot be read: no answer of anybody, but a reason to dispatch again later. */
function throwIfClusterAway(error: unknown): void {
  if (error instanceof ClusterError) throw error
}

async function post(deps: OutsideDeps, posting: Posting): Promise<Posted> {
  const { url, headers, body, caBundle, timeoutMs, maxBytes } = posting
  const guard =
    posting.network === 'cluster' ? clusterGuard(deps) : await publicGuard(deps, 'interceptors are called at')
  const signal = AbortSignal.timeout(timeoutMs)
  const bounds = { guard, signal, maxBytes, ...(caBundle !== undefined && { caBundle }) }
  const answer = await httpFetch({ method: 'POST', url, headers, body }, bounds)
  return { is: 'answered', ...answer, headers: answer.headerLists }
}

/** The signal's reason for a timeout is "The operation was aborted due to timeout"; nobody aborted anything. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  // Whose message has those of its causes.
  return error instanceof FetchError ? error.message : describeError(error)
}

/** A laptop has no Services, however right the manifest is. */
function wayOut({ network }: Posting, error: unknown): string {
  if (network !== 'cluster' || !(error instanceof FetchError) || !error.message.includes('ENOTFOUND')) return ''
  return ': Services are found inside a Kubernetes cluster only; elsewhere write a url'
}

function openGitHub(deps: OutsideDeps, as: GitHubAs): GitHubReader {
  let opened: Promise<GitHub> | undefined
  return {
    async get(path, params) {
      try {
        opened ??= connect(deps, as)
        const { data, headers } = await (await opened).request(`GET ${path}`, { ...params })
        return { is: 'found', data: data as unknown, more: /<[^>]*>; rel="next"/.test(headers.link ?? '') }
      } catch (error) {
        throwIfClusterAway(error)
        return refusalOf(error)
      }
    },
  }
}

async function connect(deps: OutsideDeps, { enterpriseHost, token }: GitHubAs): Promise<GitHub> {
  const apiUrl = enterpriseHost === undefined ? deps.gitHub.apiUrl : await enterpriseUrl(deps, enterpriseHost)
  const allowed = await readAllowedHosts(deps.cluster, deps.allowedHosts)
  // Who configures the API allows it, wherever it is.
  const hostname = new URL(apiUrl).hostname.replace(/^\[|\]$/g, '')
  const withApi: AllowList = { allows: (host, address) => host === hostname || allowed.allows(host, address) }
  const bounds = {
    guard: createGuard(publicAddresses(withApi, 'interceptors ask'), deps.resolveName),
    signal: AbortSignal.timeout(GITHUB_TIMEOUT_MS),
    maxBytes: MAX_GITHUB_BYTES,
  }
  // Loaded with the first question: most listeners have none.
  const { createGitHub } = await import('../src/git-host/github.js')
  return createGitHub({ apiUrl, bounds, ...(token !== undefined && { token }) })
}

/** The header is the sender's, and with the host goes the token: only hosts that the installation knows. */
async function enterpriseUrl(deps: OutsideDeps, host: string): Promise<string> {
  const { cluster, gitHub, systemNamespace: namespace = CONFIG_NAMESPACE } = deps
  const config = await cluster.get('ConfigMap', { namespace, name: HOSTS_NAME })
  const known = `${gitHub.enterpriseHosts},${config?.data?.[HOSTS_KEY] ?? ''}`.split(',').map(bareHost)
  const found = known.find(one => one !== '' && one === bareHost(host))
  if (found !== undefined) return `https://${found}/api/v3`
  throw new Error(
    `the host ${JSON.stringify(host)} of X-GitHub-Enterprise-Host is not known here: add it to the environment variable TEKTITE_GITHUB_ENTERPRISE_HOSTS, or to the key ${HOSTS_KEY} of the ConfigMap "${HOSTS_NAME}" in the namespace "${namespace}"`,
  )
}

/** `https://GitHub.example/` is `github.example`. */
function bareHost(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/\/.*$/s, '')
}

function refusalOf(error: unknown): GitHubAnswer {
  const { response, status, message } = error as { response?: unknown; status?: unknown; message?: unknown }
  if (typeof status === 'number' && response !== undefined) return { is: 'refused', status, message: String(message) }
  return { is: 'failed', message: reasonOf(error instanceof Error && error.cause ? error.cause : error) }
}
