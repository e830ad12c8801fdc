/** Real servers on loopback, gone when the test is over. */
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { allowList, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard, type Guard } from '../../src/fetch/guard.js'
import { freePort } from '../helpers/free-port.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

export const LOOPBACK: () => Promise<Guard> = async () => guardOf('127.0.0.1')
export const NOTHING: () => Promise<Guard> = async () => guardOf('')

function guardOf(allowed: string): Guard {
  return createGuard(publicAddresses(allowList(allowed), 'resolvers fetch from'))
}

export interface Served {
  readonly url: string
  /** `GET /path`, in order. */
  readonly seen: readonly string[]
  readonly headers: readonly IncomingMessage['headers'][]
}

export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Served> {
  const seen: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
    expect(server.listening).toBe(false)
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, headers }
}

/** Paths → JSON or text; anything else is 404. */
export function servePaths(paths: Readonly<Record<string, unknown>>): Promise<Served> {
  return serve((request, response) => {
    const found = Object.hasOwn(paths, request.url ?? '') ? paths[request.url ?? ''] : undefined
    if (found === undefined) response.writeHead(404).end('no')
    else response.end(typeof found === 'string' ? found : JSON.stringify(found))
  })
}

/** A repository with these files, served by git's own http-backend. Values that begin with `->` are symbolic links. */
export async function serveGit(
  files: Readonly<Record<string, string>>,
  options: { readonly token?: string } = {},
): Promise<Served & { readonly commit: string; readonly repository: string }> {
  const root = temporaryDirectory('git-server')
  const work = join(root, 'work')
  mkdirSync(work)
  const git = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync('git', ['-C', work, ...args], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: root,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@example.com',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@example.com',
      },
    })
    expect(status, stderr).toBe(0)
    return stdout.trim()
  }
  git('init', '--quiet', '--initial-branch=main', '.')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(work, name, '..'), { recursive: true })
    if (content.startsWith('->')) spawnSync('ln', ['-s', content.slice(2), join(work, name)])
    else writeFileSync(join(work, name), content)
  }
  git('add', '--all')
  git('commit', '--quiet', '--message', 'first')
  git('tag', 'v1')
  git('config', 'http.receivepack', 'false')
  git('config', 'uploadpack.allowReachableSHA1InWant', 'true')
  const served = await serve((request, response) => {
    const wanted = options.token && `Basic ${Buffer.from(`git:${options.token}`).toString('base64')}`
    if (wanted && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      return
    }
    backend(root, request, response)
  })
  return { ...served, commit: git('rev-parse', 'HEAD'), repository: `${served.url}/work/.git` }
}

/** CGI, as far as git's http-backend needs it. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      // The repository may belong to another user where tests run as root.
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
      ...(request.headers['content-encoding'] && { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
      ...(request.headers['git-protocol'] && { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
    },
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => undefined)
  let head = Buffer.alloc(0)
  let begun = false
  child.stdout.on('data', (chunk: Buffer) => {
    if (begun) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    begun = true
    let status = 200
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.writeHead(status)
    response.write(head.subarray(end + 4))
  })
  child.on('close', () => response.end())
  response.on('close', () => child.kill())
}

/** The only login of a registry that is `locked`: what htpasswd makes of it is bcrypt, which Node cannot. */
export const REGISTRY_LOGIN = { username: 'puller', password: 'secret' }
const REGISTRY_HTPASSWD = 'puller:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n'

/** Debian's container registry, with its store in a folder of the test. */
export async function serveRegistry({ locked = false } = {}): Promise<string> {
  const folder = temporaryDirectory('registry')
  const port = await freePort()
  const config = join(folder, 'config.yml')
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(folder, 'data')}}}\nhttp: {addr: 127.0.0.1:${port}}\n`,
  )
  if (locked) {
    const passwords = join(folder, 'htpasswd')
    writeFileSync(passwords, REGISTRY_HTPASSWD)
    appendFileSync(config, `auth: {htpasswd: {realm: tests, path: ${passwords}}}\n`)
  }
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let failure: string | undefined
  child.on('error', error => {
    failure = `docker-registry cannot be started (Debian: apt-get install docker-registry): ${error.message}`
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) {
      const closed = new Promise(resolve => child.once('close', resolve))
      child.kill('SIGKILL')
      await closed
    }
    expect(child.killed || failure !== undefined).toBe(true)
  })
  const host = `127.0.0.1:${port}`
  await until('the registry to answer', async () => {
    if (failure !== undefined) throw new Error(failure)
    return fetch(`http://${host}/v2/`).then(
      answer => answer.ok || answer.status === 401,
      () => false,
    )
  })
  return host
}
