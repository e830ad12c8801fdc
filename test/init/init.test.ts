/** What `tektite init` writes, for repositories of many kinds: a cluster would take it, and it runs. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { cloneUrl, gitHostOf, objectName, pipelineYaml, scheduleYaml, webhookYaml } from '../../src/init/manifests.js'
import { projectAt } from '../../src/init/project.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const topOf = (files: Readonly<Record<string, string>>) => ({
  names: Object.keys(files),
  has: (name: string) => files[name] !== undefined,
  read: (name: string) => files[name] ?? '',
})

const PACKAGE = '{"scripts":{"test":"vitest","build":"vite build","start":"x"}}'

const PROJECTS: readonly (readonly [string, Readonly<Record<string, string>>, string, readonly string[]])[] = [
  ['npm', { 'package.json': PACKAGE, 'package-lock.json': '' }, 'npm ci', ['install', 'test', 'build']],
  ['npm without a lock', { 'package.json': PACKAGE }, 'npm install', ['install', 'test', 'build']],
  ['pnpm', { 'package.json': PACKAGE, 'pnpm-lock.yaml': '' }, 'pnpm run test', ['install', 'test', 'build']],
  ['yarn', { 'package.json': PACKAGE, 'yarn.lock': '' }, 'yarn run build', ['install', 'test', 'build']],
  [
    'what npm init writes',
    { 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' },
    'npm install',
    ['install'],
  ],
  ['a broken package.json', { 'package.json': '{' }, 'npm install', ['install']],
  ['Go', { 'go.mod': 'module x' }, 'go test ./...', ['vet', 'test', 'build']],
  ['Rust', { 'Cargo.toml': '' }, 'cargo test', ['test', 'build']],
  ['Maven', { 'pom.xml': '' }, 'mvn --batch-mode verify', ['verify']],
  ['Maven with a wrapper', { 'pom.xml': '', mvnw: '' }, 'sh ./mvnw', ['verify']],
  ['Gradle', { 'build.gradle.kts': '' }, 'gradle build', ['build']],
  ['pytest', { 'pyproject.toml': '[tool.pytest.ini_options]' }, 'python -m pytest', ['install', 'test']],
  ['requirements', { 'requirements.txt': 'flask' }, 'unittest discover', ['install', 'test']],
  ['Ruby', { Gemfile: '', '.rspec': '' }, 'bundle exec rspec', ['install', 'test']],
  ['.NET', { 'App.sln': '' }, 'dotnet test', ['build', 'test']],
  ['PHP', { 'composer.json': '' }, 'composer install', ['install', 'test']],
  ['Elixir', { 'mix.exs': '' }, 'mix test', ['install', 'test']],
  ['make', { Makefile: 'all:\n\techo\ntest: all\n\ttrue\nlint:=x\n' }, 'make test', ['test']],
  ['make without such targets', { makefile: 'all:\n\techo\n' }, 'make', ['build']],
  ['nothing that is known', { 'notes.txt': '' }, 'put what tests', ['test']],
]

/** Of objects that a cluster takes without a word. */
function kindsOf(text: string): readonly string[] {
  const admitted = admitManifests([{ file: 'all.yaml', text }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  expect(admitted.warnings).toEqual([])
  return admitted.objects.map(({ kind }) => String(kind))
}

describe('a repository', () => {
  test.each(PROJECTS)('of %s', (_, files, command, tasks) => {
    const project = projectAt(topOf(files))
    expect(project.tasks.map(({ name }) => name)).toEqual(tasks)
    expect(project.tasks.map(({ script }) => script).join('\n')).toContain(command)
    const repository = { name: 'app', host: 'github', url: 'https://example.com/a.git' } as const
    const text = [pipelineYaml(repository, project), webhookYaml(repository), scheduleYaml(repository, 'Europe/Berlin')]
    expect(kindsOf(text.join('---\n'))).toEqual(['Pipeline', 'EventListener', 'TriggerTemplate', 'Schedule'])
  })

  test('on GitLab listens to GitLab', () => {
    expect(kindsOf(webhookYaml({ name: 'app', host: 'gitlab' }))).toEqual(['EventListener', 'TriggerTemplate'])
  })
})

test.each([
  ['git@github.com:octo/app.git', 'https://github.com/octo/app.git'],
  ['ssh://git@gitlab.example.com:2222/a/b.git', 'https://gitlab.example.com/a/b.git'],
  ['https://user:secret@example.com/a.git', 'https://example.com/a.git'],
  ['https://github.com/octo/app', 'https://github.com/octo/app'],
  ['/srv/git/app.git', ''],
  ['file:///srv/git/app.git', ''],
  ['../app', ''],
  ['', ''],
])('the remote %s is cloned from %s', (remote, url) => {
  expect(cloneUrl(remote)).toBe(url)
})

test.each([
  ['My App_2', 'my-app-2'],
  ['--', 'pipeline'],
  ['ünïcode', 'n-code'],
  ['a'.repeat(80), 'a'.repeat(40)],
])('a folder called %s makes a pipeline called %s', (folder, name) => {
  expect(objectName(folder)).toBe(name)
})

test('who sends the webhooks is told by the remote', () => {
  expect([gitHostOf('https://gitlab.com/a'), gitHostOf('https://github.com/a'), gitHostOf('')]).toEqual([
    'gitlab',
    'github',
    'github',
  ])
})

describe('tektite init', () => {
  function repository(files: Readonly<Record<string, string>>): string {
    const folder = join(temporaryDirectory('init'), 'My App')
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return folder
  }

  test('writes files that run, and says how', async () => {
    const folder = repository({ Makefile: 'test:\n\t@echo tested $(shell cat which)\n', which: 'this' })
    execFileSync('git', ['-C', folder, 'init', '-q'])
    execFileSync('git', ['-C', folder, 'remote', 'add', 'origin', 'git@gitlab.com:octo/app.git'])
    const { code, stdout, stderr } = await tektite(['init'], { cwd: folder })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('tektite run -f .tekton/pipeline.yaml -w source=.')
    expect(readdirSync(join(folder, '.tekton')).sort()).toEqual(['nightly.yaml', 'pipeline.yaml', 'webhook.yaml'])
    expect(readFileSync(join(folder, '.tekton/webhook.yaml'), 'utf8')).toContain('ref: { name: gitlab }')
    const run = `apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: once }
spec: { pipelineRef: { name: my-app }, workspaces: [{ name: source, emptyDir: {} }] }
`
    writeFileSync(join(folder, 'run.yaml'), run)
    const files = ['-f', '.tekton/pipeline.yaml', '-f', 'run.yaml']
    const ran = await tektite(['run', ...files, '-w', 'source=.', '-o', 'json'], { cwd: folder })
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('writes over nothing unasked, and nothing with --dry-run', async () => {
    const folder = repository({ '.tekton/pipeline.yaml': 'mine' })
    const refused = await tektite(['init', folder])
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/pipeline\.yaml is there already.*--force/),
    ])
    const shown = await tektite(['init', folder, '--dry-run'])
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('kind: EventListener')])
    expect(readFileSync(join(folder, '.tekton/pipeline.yaml'), 'utf8')).toBe('mine')
    expect((await tektite(['init', folder, '--force'])).code).toBe(0)
    expect(readFileSync(join(folder, '.tekton/pipeline.yaml'), 'utf8')).toContain('kind: Pipeline')
  })

  test.each([
    [['init', '/no/such/folder'], /cannot be read/],
    [['init', '.', '--name', 'Not A Name'], /--name "Not A Name" is no name of an object.*"not-a-name"/],
  ])('%j is refused', async (args, why) => {
    const { code, stderr } = await tektite(args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)])
  })
})
