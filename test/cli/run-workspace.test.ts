/** What steps see of the folders of `-w`, and what of their work reaches the folders. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

/** Two tasks in a row: the second sees in a part of the workspace what the first wrote. */
const PIPELINE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: build }
spec:
  workspaces: [{ name: source }]
  tasks:
    - name: first
      workspaces: [{ name: source, workspace: source }]
      taskSpec:
        workspaces: [{ name: source }]
        results: [{ name: seen }]
        steps:
          - name: write
            image: bash
            workingDir: $(workspaces.source.path)
            script: |
              { git status --short; git log --format=%s; cat ignored/file; readlink outside; } > $(results.seen.path)
              mkdir -p made/below
              echo one > made/below/one
              echo more >> changed
              chmod 600 mode
              rm -r deleted
              rm -f outside; ln -s /etc/passwd elsewhere
              touch untouched
              echo HOSTILE >> .git/config
          - name: look
            image: bash
            workingDir: $(workspaces.source.path)
            script: |
              test -f made/below/one && ! test -e deleted
    - name: second
      runAfter: [first]
      workspaces: [{ name: source, workspace: source, subPath: made/below }]
      taskSpec:
        workspaces: [{ name: source }]
        results: [{ name: seen }]
        steps:
          - name: look
            image: bash
            workingDir: $(workspaces.source.path)
            script: cat one | tee two | tr -d '\\n' > $(results.seen.path)
`

function repository(): { readonly folder: string; readonly manifest: string } {
  const home = temporaryDirectory('run-workspace')
  const folder = join(home, 'repository')
  mkdirSync(join(folder, 'deleted'), { recursive: true })
  mkdirSync(join(folder, 'ignored'))
  for (const name of ['changed', 'mode', 'untouched', 'deleted/file']) writeFileSync(join(folder, name), `${name}\n`)
  chmodSync(join(folder, 'mode'), 0o644)
  writeFileSync(join(folder, '.gitignore'), 'ignored\n')
  writeFileSync(join(folder, 'ignored/file'), 'ignored\n')
  symlinkSync('/etc/hostname', join(folder, 'outside'))
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args])
  git('init', '-q')
  git('add', '-A')
  git('commit', '-q', '-m', 'begun')
  writeFileSync(join(folder, 'changed'), 'not committed\n')
  const manifest = join(home, 'pipeline.yaml')
  writeFileSync(manifest, PIPELINE)
  return { folder, manifest }
}

/** Everything about a tree that somebody could have changed. */
function stateOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => {
      const path = join(folder, name)
      const { mode, uid, gid, mtimeMs, size } = lstatSync(path)
      const is = lstatSync(path)
      const content = is.isFile() ? readFileSync(path) : is.isSymbolicLink() ? readlinkSync(path) : ''
      const hash = createHash('sha256').update(content).digest('hex')
      return [name, mode, uid, gid, mtimeMs, is.isDirectory() ? '' : size, hash].join(' ')
    })
}

const WAYS = [
  ['as this machine does it', {}],
  ['without namespaces', { TEKTITE_ISOLATION: 'rewrite' }],
] as const

test.for(WAYS)('%s: steps see the folder as it is and each other’s work, and nothing reaches it', async ([, env]) => {
  const { folder, manifest } = repository()
  const before = stateOf(folder)
  const { code, stdout, stderr } = await tektite(['run', '-f', manifest, '-w', `source=${folder}`, '-o', 'json'], {
    env,
  })
  expect(code, stderr).toBe(0)
  expect(stateOf(folder)).toEqual(before)
  const results = (JSON.parse(stdout) as { items: { status: { results?: { name: string; value: string }[] } }[] }).items
    .flatMap(({ status }) => status.results ?? [])
    .map(({ value }) => value)
  expect(results).toEqual([' M changed\nbegun\nignored\n/etc/hostname\n', 'one'])
})

test.for(WAYS)('%s: --write-back brings what was changed, all of it and nothing else', async ([, env]) => {
  const { folder, manifest } = repository()
  const untouched = lstatSync(join(folder, 'untouched')).mtimeMs
  const { code, stderr } = await tektite(['run', '-f', manifest, '-w', `source=${folder}`, '--write-back'], { env })
  expect(code, stderr).toBe(0)
  const [, ...written] = stderr.slice(stderr.indexOf('written back to ')).trimEnd().split('\n')
  expect(written).toEqual([
    '  ~ changed',
    '  - deleted',
    '  - deleted/file',
    '  + elsewhere',
    '  + made',
    '  + made/below',
    '  + made/below/one',
    '  + made/below/two',
    '  ~ mode',
    '  - outside',
  ])
  expect(readFileSync(join(folder, 'changed'), 'utf8')).toBe('not committed\nmore\n')
  expect(readFileSync(join(folder, 'made/below/two'), 'utf8')).toBe('one\n')
  expect(lstatSync(join(folder, 'mode')).mode & 0o777).toBe(0o600)
  expect(readlinkSync(join(folder, 'elsewhere'))).toBe('/etc/passwd')
  expect(lstatSync(join(folder, 'untouched')).mtimeMs).toBe(untouched)
  expect(readFileSync(join(folder, '.git/config'), 'utf8')).not.toContain('HOSTILE')
  expect(readdirSync(folder).sort()).toEqual([
    '.git',
    '.gitignore',
    'changed',
    'elsewhere',
    'ignored',
    'made',
    'mode',
    'untouched',
  ])
})

test('a run that failed writes nothing back', async () => {
  const { folder, manifest } = repository()
  writeFileSync(manifest, PIPELINE.replace('cat one |', 'exit 3;'))
  const before = stateOf(folder)
  const { code, stderr } = await tektite(['run', '-f', manifest, '-w', `source=${folder}`, '--write-back'])
  expect(code).toBe(1)
  expect(stderr).not.toContain('written back')
  expect(stateOf(folder)).toEqual(before)
})

test('a commit in a linked worktree stays in the copy, its repository elsewhere too', async () => {
  const { folder, manifest } = repository()
  const linked = join(folder, '..', 'linked')
  execFileSync('git', ['-C', folder, 'worktree', 'add', '-q', '-b', 'other', linked])
  writeFileSync(
    manifest,
    `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: commit }
spec:
  workspaces: [{ name: source }]
  steps:
    - name: commit
      image: bash
      workingDir: $(workspaces.source.path)
      script: git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m two && git log -1 --format=%s
`,
  )
  const before = stateOf(folder)
  const { code, stderr } = await tektite(['run', '-f', manifest, '-w', `source=${linked}`])
  expect(code, stderr).toBe(0)
  expect(stateOf(folder)).toEqual(before)
})

test('a folder that holds the temporary files is refused, with the way out', async () => {
  const { folder, manifest } = repository()
  const temp = join(folder, 'tmp')
  mkdirSync(temp)
  const { code, stderr } = await tektite(['run', '-f', manifest, '-w', `source=${folder}`], { env: { TMPDIR: temp } })
  expect(code).toBe(2)
  expect(stderr).toContain('set TMPDIR to one elsewhere')
})
