/** What a request to the git resolver asks, checked in Tekton's order and words. Pure. */
import type { ResolverRequest } from './resolver.js'

/** What Tekton ships in `git-resolver-config`. */
export const GIT_DEFAULTS: Readonly<Record<string, string>> = {
  'fetch-timeout': '1m',
  'default-url': 'https://github.com/tektoncd/catalog.git',
  'default-revision': 'main',
  'scm-type': 'github',
  'server-url': '',
  'api-token-secret-name': '',
  'api-token-secret-key': '',
  'api-token-secret-namespace': 'default',
  'default-org': '',
}

export interface GitParams {
  /** '' in API mode. */
  readonly url: string
  readonly org: string
  readonly repo: string
  readonly revision: string
  /** From the root of the repository, without a leading slash. */
  readonly path: string
  /** Of the `configKey` that was asked for. */
  readonly config: ReadonlyMap<string, string>
}

const URL_FORM = /^([^@]+@[^:]+|(git|ssh|ftps?|https?):\/\/)/

/** The message when something is wrong. */
export function readGitParams({ params, config: all }: ResolverRequest): GitParams | string {
  const config = scmConfig(all, params.get('configKey'))
  if (typeof config === 'string') return config
  const revision = params.get('revision') ?? config.get('default-revision') ?? ''
  const missing = [
    ...(params.has('revision') || revision !== '' ? [] : ['revision']),
    ...(params.has('pathInRepo') ? [] : ['pathInRepo']),
  ]
  const repo = params.get('repo') ?? ''
  if (params.get('url') && repo !== '') return "cannot specify both 'url' and 'repo'"
  const url = params.get('url') || (repo === '' ? (config.get('default-url') ?? '') : '')
  if (url === '' && repo === '') return "must specify one of 'url' or 'repo'"
  const org = params.get('org') ?? (repo === '' ? '' : (config.get('default-org') ?? ''))
  if (repo !== '' && !params.has('org') && org === '') return "'org' is required when 'repo' is specified"
  if (missing.length > 0) return `missing required git resolver params: ${missing.join(', ')}`
  if (revision.startsWith('-')) return `invalid revision ${JSON.stringify(revision)}: must not begin with '-'`
  if (repo === '' && !URL_FORM.test(url)) return `invalid git repository url: ${url}`
  const path = (params.get('pathInRepo') ?? '').replace(/^\/+/, '')
  if (path.split(/[/\\]/).includes('..')) {
    return `invalid path ${JSON.stringify(path)}: must not contain '..' components`
  }
  return { url, org, repo, revision, path, config }
}

/** `<configKey>.<option>` belongs to one of several installations; without a key it is the one called `default`. */
function scmConfig(all: ReadonlyMap<string, string>, asked = 'default'): ReadonlyMap<string, string> | string {
  const own = new Map<string, string>()
  for (const [key, value] of all) {
    const parts = key.split('.')
    if (parts.length > 2) return `key ${key} passed in git resolver configmap is invalid`
    const [configKey, option] = parts.length === 1 ? ['default', key] : parts
    if (configKey === asked && option !== undefined) own.set(option, value)
  }
  return own.size > 0 ? own : `no git resolver configuration found for configKey ${asked}`
}
