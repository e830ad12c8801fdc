/** Private repositories and registries, with the secrets of a run's service account, through the whole embedded engine. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const HOME_FILES = {
  '.gitconfig': '[user]\n\tname = The User\n',
  '.git-credentials': 'https://mine:mine@example.com\n',
}

test.each(['namespace', 'rewrite'])('git clones what needs a password, isolation %s', async isolation => {
  const folder = temporaryDirectory('credentials')
  const site = join(folder, 'site')
  bareRepository(join(site, 'private.git'), 'what nobody else may read')
  bareRepository(join(site, 'special.git'), 'what only one may read')
  await using host = await serve(site, { '/private.git': 'me:p@ss word', '/special.git': 'other:secret' })
  const home = userHome(folder)
  const manifest = join(folder, 'run.yaml')
  writeFileSync(
    manifest,
    `
apiVersion: v1
kind: ServiceAccount
metadata: { name: builder }
secrets: [{ name: everything }, { name: one-repo }, { name: nowhere }, { name: registry }]
---
apiVersion: v1
kind: Secret
metadata: { name: everything, annotations: { tekton.dev/git-0: "${host.url}", tekton.dev/git-1: "https://git.example" } }
type: kubernetes.io/basic-auth
stringData: { username: me, password: p@ss word }
---
apiVersion: v1
kind: Secret
metadata: { name: one-repo, annotations: { tekton.dev/git-0: "${host.url}/special.git", tekton.dev/docker-0: "registry.example" } }
type: kubernetes.io/basic-auth
stringData: { username: other, password: secret }
---
apiVersion: v1
kind: Secret
metadata: { name: registry }
type: kubernetes.io/dockerconfigjson
stringData: { .dockerconfigjson: '{"auths":{"ghcr.example":{"auth":"eDp5"}}}' }
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: clone }
spec:
  serviceAccountName: builder
  taskSpec:
    results: [{ name: read }, { name: registries }, { name: author }]
    steps:
      - name: configure
        image: git
        script: git config --global user.name "A Step"
      - name: clone
        image: git
        env: [{ name: GIT_TERMINAL_PROMPT, value: "0" }]
        script: |
          cd /workspace
          git clone -q ${host.url}/private.git
          git clone -q ${host.url}/special.git
          cat private/file special/file | tr '\\n' ';' > $(results.read.path)
          git config user.name | tr -d '\\n' > $(results.author.path)
          tr -d ' ' < "$HOME/.docker/config.json" > $(results.registries.path)
          cmp "$HOME/.docker/config.json" $(credentials.path)/.docker/config.json
          stat -c %a "$HOME/.git-credentials" | grep -qx 600
`,
  )
  const { code, stdout, stderr } = await tektite(['run', '-f', manifest, '-o', 'json', '--timeout', '60s'], {
    env: { HOME: home, TEKTITE_ISOLATION: isolation },
  })
  expect(code, stderr).toBe(0)
  const [run] = (JSON.parse(stdout) as { items: { status: { results: { name: string; value: string }[] } }[] }).items
  const results = new Map(run?.status.results.map(({ name, value }) => [name, value]))
  expect(results.get('read')).toBe('what nobody else may read;what only one may read;')
  expect(results.get('author')).toBe('A Step')
  expect(JSON.parse(results.get('registries') ?? '')).toEqual({
    auths: {
      'ghcr.example': { auth: 'eDp5' },
      'registry.example': { username: 'other', password: 'secret', auth: btoa('other:secret'), email: 'not@val.id' },
    },
  })
  for (const [name, text] of Object.entries(HOME_FILES)) expect(readFileSync(join(home, name), 'utf8'), name).toBe(text)
  const status = JSON.stringify({ ...run, status: { ...run?.status, results: [] } })
  expect(`${status}${stderr}`).not.toMatch(/p@ss|p%40ss/)
})

test('a service account that is not there fails the run in words', async () => {
  const folder = temporaryDirectory('credentials')
  const manifest = join(folder, 'run.yaml')
  writeFileSync(
    manifest,
    '{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: one}, spec: {serviceAccountName: nobody, taskSpec: {steps: [{name: a, image: sh, script: "true"}]}}}',
  )
  const { code, stdout } = await tektite(['run', '-f', manifest, '-o', 'json'])
  expect(code).not.toBe(0)
  expect(stdout).toContain('serviceaccounts \\"nobody\\" not found. Maybe invalid TaskSpec')
})

function userHome(folder: string): string {
  const home = join(folder, 'home')
  mkdirSync(home)
  for (const [name, text] of Object.entries(HOME_FILES)) writeFileSync(join(home, name), text)
  return home
}

/** One commit with one file, as a web server without git serves it. */
function bareRepository(path: string, content: string): void {
  const work = `${path}.work`
  const git = (cwd: string, ...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd, stdio: 'pipe' })
  mkdirSync(work, { recursive: true })
  git(work, 'init', '-q', '-b', 'main')
  writeFileSync(join(work, 'file'), `${content}\n`)
  git(work, 'add', '.')
  git(work, 'commit', '-qm', 'one')
  git(work, 'clone', '-q', '--bare', work, path)
  git(path, 'update-server-info')
}

async function serve(folder: string, logins: Readonly<Record<string, string>>) {
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const login = Object.entries(logins).find(([prefix]) => path.startsWith(prefix))?.[1] ?? ''
    if (request.headers.authorization !== `Basic ${btoa(login)}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    readFile(join(folder, path)).then(
      content => response.end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
