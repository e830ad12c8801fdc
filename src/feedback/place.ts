/**
 * Where a token may go. Its Secret says so, in words that no webhook can touch: the URL that is talked to is made of those
 * words, and the run's repository only chooses among the repositories of that host. Pure.
 */
import type { BuildPlace, GitHostKind } from '../git-host/build-report.js'
import { oneLine } from '../lib/one-line.js'
import { GIT_API_ANNOTATION, GIT_HOST_ANNOTATION, GIT_STATUS_ANNOTATIONS } from '../resources/annotations.js'
import type { Secret } from '../resources/core.js'
import type { Asked } from './asked.js'
import { pathParts, type RepositoryUrl } from './repository-url.js'

export type PlaceOrProblem =
  | { readonly is: 'place'; readonly place: BuildPlace }
  | { readonly is: 'problem'; readonly message: string }

/** A host that a Secret is for. */
interface Owner {
  readonly url: URL
  /** Before the repository's own path in every URL of the host: it is installed below. */
  readonly base: readonly string[]
  /** What the repository's path must begin with. */
  readonly within: readonly string[]
}

/** Tekton's, for the logins of git: `tekton.dev/git-0: https://github.com`. */
const TEKTON_GIT = 'tekton.dev/git-'

export function placeOf(asked: Asked, secret: Secret | undefined, namespace: string): PlaceOrProblem {
  const { kind, repository, sha } = asked
  const named = `Secret "${namespace}/${oneLine(asked.secret, 253)}"`
  if (secret === undefined) {
    return problem(
      `${named} does not exist. Create it in the run's namespace, or mend ${GIT_STATUS_ANNOTATIONS.secret}`,
    )
  }
  const api = secret.metadata.annotations?.[GIT_API_ANNOTATION]
  const apiUrl = api === undefined ? undefined : httpUrl(api)
  if (api !== undefined && apiUrl === undefined) {
    return problem(
      `${named}: annotation ${GIT_API_ANNOTATION} is no http(s) URL. Give the URL of the API, such as https://git.example.com/api/v4`,
    )
  }
  const owners = ownersOf(secret, apiUrl)
  if (owners.length === 0) {
    return problem(
      `${named} does not say which host its token is for, so it is sent to none. Annotate the Secret with ${GIT_HOST_ANNOTATION}, such as ${GIT_HOST_ANNOTATION}: https://github.com`,
    )
  }
  const owner = owners.find(one => isOf(one, repository))
  if (owner === undefined) {
    const hosts = owners.map(({ url, within }) => [url.host, ...within].join('/')).join(', ')
    return problem(
      `the repository is at ${oneLine([repository.host, ...repository.path].join('/'), 200)}, and the token in ${named} is for ${hosts}: nothing was sent. If the repository is right, name a Secret with a token for its host`,
    )
  }
  const path = repositoryPath(kind, repository.path.slice(owner.base.length))
  if (path === undefined) {
    return problem(
      `annotation ${GIT_STATUS_ANNOTATIONS.repository} is no repository of a ${kind} host: ${PATH_FORMS[kind]}`,
    )
  }
  const login = appOf(asked, secret) ?? loginOf(secret, asked.key)
  if (login === undefined) {
    const keys = Object.keys(secret.data ?? {})
    const has = keys.length === 0 ? 'none' : oneLine(keys.join(', '), 200)
    return problem(
      `${named} has no usable key "${asked.key || usualKey(secret)}" (it has ${has}). Put the token there, in one line, or name its key in ${GIT_STATUS_ANNOTATIONS.key}`,
    )
  }
  const web = trimmed(new URL(`/${owner.base.join('/')}`, owner.url))
  const base = apiUrl === undefined ? apiOf(kind, owner.url, web) : trimmed(apiUrl)
  if (base === undefined) {
    return problem(
      `${named} is for ${owner.url.host}, which is not bitbucket.org: use bitbucket-server for a server of your own, or give the API's URL in the Secret's annotation ${GIT_API_ANNOTATION}`,
    )
  }
  return { is: 'place', place: { kind, api: base, web, repository: path, sha, login } }
}

function ownersOf(secret: Secret, api: URL | undefined): readonly Owner[] {
  const annotations = secret.metadata.annotations ?? {}
  const own = annotations[GIT_HOST_ANNOTATION]
  const stated = own === undefined ? undefined : httpUrl(own)
  if (stated !== undefined) return [{ url: stated, base: pathParts(stated.pathname) ?? [], within: [] }]
  const tekton = Object.entries(annotations).flatMap(([name, value]): readonly Owner[] => {
    const url = name.startsWith(TEKTON_GIT) ? httpUrl(value) : undefined
    return url === undefined ? [] : [{ url, base: [], within: pathParts(url.pathname.replace(/\.git$/, '')) ?? ['?'] }]
  })
  if (tekton.length > 0) return tekton
  return api === undefined ? [] : [{ url: api, base: [], within: [] }]
}

/** A host alone stands for https: only who writes http means it. */
function httpUrl(text: string): URL | undefined {
  const full = text.includes('://') ? text.trim() : `https://${text.trim()}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  return url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:') && url.host !== ''
    ? url
    : undefined
}

function isOf({ url, base, within }: Owner, { protocol, host, path }: RepositoryUrl): boolean {
  const isHost = protocol === undefined ? host === url.hostname : host === url.host
  return isHost && [...base, ...within].every((part, at) => path[at]?.toLowerCase() === part.toLowerCase())
}

const PATH_FORMS: Readonly<Record<GitHostKind, string>> = {
  github: 'it has the form https://HOST/ORG/REPO',
  'github-check': 'it has the form https://HOST/ORG/REPO',
  gitlab: 'it has the form https://HOST/GROUP/PROJECT, with subgroups in between',
  bitbucket: 'it has the form https://bitbucket.org/WORKSPACE/REPO',
  'bitbucket-server': 'it has the form https://HOST/scm/PROJECT/REPO.git or https://HOST/projects/PROJECT/repos/REPO',
  gitea: 'it has the form https://HOST/OWNER/REPO',
}

function repositoryPath(kind: GitHostKind, path: readonly string[]): readonly string[] | undefined {
  if (kind === 'gitlab') return path.length >= 2 ? path : undefined
  if (kind !== 'bitbucket-server') return path.length === 2 ? path : undefined
  const [first = '', second = '', third, fourth] = path
  if (path.length === 2) return path
  if (path.length === 3 && first === 'scm' && third !== undefined) return [second, third]
  if (path.length < 4 || third !== 'repos' || fourth === undefined) return undefined
  if (first === 'projects') return [second, fourth]
  return first === 'users' ? [`~${second}`, fourth] : undefined
}

function apiOf(kind: GitHostKind, { host }: URL, web: string): string | undefined {
  switch (kind) {
    case 'github':
    case 'github-check':
      // github.com, and GitHub Enterprise Cloud with a host of one's own.
      return host === 'github.com' || host.endsWith('.ghe.com') ? `https://api.${host}` : `${web}/api/v3`
    case 'gitlab':
      return `${web}/api/v4`
    case 'gitea':
      return `${web}/api/v1`
    case 'bitbucket-server':
      return web
    case 'bitbucket':
      return host === 'bitbucket.org' ? 'https://api.bitbucket.org/2.0' : undefined
    default:
      throw new Error(`unknown git host ${JSON.stringify(kind satisfies never)}`)
  }
}

function usualKey({ type }: Secret): string {
  return type === 'kubernetes.io/basic-auth' ? 'password' : 'token'
}

function loginOf(secret: Secret, key: string): BuildPlace['login'] | undefined {
  const login = { username: secretText(secret, 'username'), token: secretText(secret, key || usualKey(secret)) }
  // Two lines would be two headers.
  return /^[\x21-\x7e]+$/.test(login.token) && !/[\p{C}:]/u.test(login.username) ? login : undefined
}

/** Under the keys that Pipelines as Code has them. */
function appOf({ kind, key }: Asked, secret: Secret): BuildPlace['login'] | undefined {
  if (key !== '' || (kind !== 'github' && kind !== 'github-check')) return undefined
  const app = { id: secretText(secret, 'github-application-id'), privateKey: secretText(secret, 'github-private-key') }
  return /^[\w.-]+$/.test(app.id) && app.privateKey !== '' ? { username: '', token: '', app } : undefined
}

function secretText({ data = {} }: Secret, key: string): string {
  return Object.hasOwn(data, key)
    ? Buffer.from(data[key] ?? '', 'base64')
        .toString('utf8')
        .trim()
    : ''
}

function trimmed({ origin, pathname }: URL): string {
  return `${origin}${pathname}`.replace(/\/+$/, '')
}

function problem(message: string): PlaceOrProblem {
  return { is: 'problem', message }
}
