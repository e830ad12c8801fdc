/**
 * One commit of a repository, without a work tree: the file is read from git's objects, so that neither symbolic links
 * nor filters nor attributes of the repository ever touch this machine.
 */

import type { Guard } from '../fetch/guard.js'
import { partLogin } from '../lib/url-login.js'
import { type GitOutcome, type GitPlace, git } from './git-command.js'
import type { GitParams } from './git-params.js'
import { openGitProxy } from './git-proxy.js'
import { type Found, MAX_DATA_BYTES, ResolutionError } from './resolver.js'
import { shownUrl } from './shown-url.js'

/** Of everything that is downloaded. One commit of the Linux kernel is 250 MB. */
const MAX_FETCH_BYTES = 512 * 1_048_576
const MAX_ANSWER_BYTES = 65_536

export interface GitFetch {
  readonly directory: string
  readonly path: string
  /** '' for none. */
  readonly token: string
  readonly guard: Guard
  readonly signal: AbortSignal
}

export async function fetchByGit(asked: GitParams, fetch: GitFetch): Promise<Found> {
  const { revision, path } = asked
  const { signal } = fetch
  const { origin, url, login } = remoteOf(asked.url, fetch.token)
  const shown = shownUrl(asked.url)
  const proxy = await openGitProxy(fetch.guard, MAX_FETCH_BYTES)
  try {
    const place: GitPlace = {
      directory: fetch.directory,
      path: fetch.path,
      config: { 'http.proxy': proxy.url, ...credentials(origin, login) },
    }
    const run = (args: readonly string[], input = '', maxBytes = MAX_ANSWER_BYTES): Promise<GitOutcome> =>
      git(place, args, { input, maxBytes, signal })
    await succeed(run(['init', '--quiet', '--bare', '--template=', '.']), 'init')
    const fetched = await run(['fetch', '--quiet', '--depth=1', '--no-tags', '--', url, revision])
    if (fetched.code !== 0) throw proxy.refusal() ? cloneError(proxy.refusal()?.message ?? '') : fetchError(fetched)
    const { stdout } = await succeed(run(['rev-parse', '--verify', '--quiet', 'FETCH_HEAD^{commit}']), 'rev-list')
    const commit = stdout.toString('utf8').trim()
    const object = `${commit}:${path
      .split('/')
      .filter(part => part !== '' && part !== '.')
      .join('/')}`
    const read = path.includes('\n')
      ? undefined
      : await run(['cat-file', '--batch', '--follow-symlinks'], `${object}\n`, MAX_DATA_BYTES + MAX_ANSWER_BYTES)
    return {
      data: contentOf(read?.stdout ?? Buffer.from(' missing\n'), path),
      refSource: { uri: `git+${shown}`, digest: { sha1: commit }, entryPoint: path },
      annotations: gitAnnotations({ ...asked, commit, url: shown }),
    }
  } finally {
    await proxy.close()
  }
}

export function gitAnnotations({
  commit,
  path,
  url,
  org,
  repo,
}: GitParams & { readonly commit: string }): Readonly<Record<string, string>> {
  return {
    'resolution.tekton.dev/revision': commit,
    'resolution.tekton.dev/path': path,
    'resolution.tekton.dev/url': url,
    'resolution.tekton.dev/content-type': 'application/x-yaml',
    ...(org !== '' && { 'resolution.tekton.dev/org': org }),
    ...(repo !== '' && { 'resolution.tekton.dev/repo': repo }),
  }
}

interface Remote {
  readonly origin: string
  /** Without a password: arguments can be read by every user of the machine. */
  readonly url: string
  /** `user:password`, '' for none. */
  readonly login: string
}

/** ssh would use the keys of whoever runs the engine, and git:// has no way through a proxy. */
function remoteOf(url: string, token: string): Remote {
  const parsed = /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined
  if (parsed) {
    const { origin, password } = parsed
    const own = token === '' ? '' : `git:${token}`
    if (password === '') return { origin, url, login: own }
    const parted = partLogin(url)
    return { origin, url: parted.url, login: own || parted.login }
  }
  const transport = /^([a-z]+):\/\//i.exec(url)?.[1] ?? 'ssh'
  throw cloneError(
    `fatal: transport '${transport}' not allowed: resolvers fetch over http and https only. Use the repository's https url, with gitToken when it is private`,
  )
}

/** git would take the header along to wherever it is redirected. */
function credentials(origin: string, login: string): Readonly<Record<string, string>> {
  if (login === '') return {}
  const basic = Buffer.from(login).toString('base64')
  return { [`http.${origin}/.extraHeader`]: `Authorization: Basic ${basic}`, 'http.followRedirects': 'false' }
}

async function succeed(running: Promise<GitOutcome>, command: string): Promise<GitOutcome> {
  const outcome = await running
  if (outcome.code === 0) return outcome
  throw new ResolutionError(`git ${command} error: ${outcome.stderr}: exit status ${outcome.code}`)
}

/** Tekton clones first and fetches then; which of the two would have failed is in git's words. */
function fetchError({ stderr, code }: GitOutcome): ResolutionError {
  if (/could not read Username|Authentication failed/.test(stderr)) {
    return new ResolutionError('error resolving repository: clone error: authentication required')
  }
  if (/couldn't find remote ref|not our ref|unadvertised object|invalid refspec/.test(stderr)) {
    return new ResolutionError(`git fetch error: ${stderr}: exit status ${code}`)
  }
  return cloneError(`${stderr}: exit status ${code}`, !/not found|does not exist/.test(stderr))
}

function cloneError(why: string, temporary = false): ResolutionError {
  return new ResolutionError(`error resolving repository: git clone error: ${why}`, { temporary })
}

/** The answer of `cat-file --batch --follow-symlinks`: `<object> <type> <size>`, or what is wrong with the way there. */
function contentOf(answer: Buffer, path: string): Buffer {
  const opening = (why: string): ResolutionError =>
    new ResolutionError(`error opening file ${JSON.stringify(path)}: ${why}`)
  const lineEnd = answer.indexOf('\n')
  const line = answer.subarray(0, Math.max(lineEnd, 0)).toString('utf8')
  const [, type, size = ''] = /^[0-9a-f]+ (\w+) (\d+)$/.exec(line) ?? []
  if (type === 'blob') {
    if (Number(size) > MAX_DATA_BYTES) throw opening(`it is larger than ${MAX_DATA_BYTES} bytes`)
    return answer.subarray(lineEnd + 1, lineEnd + 1 + Number(size))
  }
  if (type === 'tree') throw opening('is a directory')
  if (line.startsWith('symlink ')) {
    throw opening(
      `path ${JSON.stringify(path)} attempts to escape the repository directory (possible path traversal attack)`,
    )
  }
  if (line.startsWith('loop ')) throw opening('too many links')
  throw opening('file does not exist')
}
