/** `tektite run` as a process: exit codes, what goes to which stream, what is left behind. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const HELLO = join(ROOT, 'examples/hello/pipeline.yaml')

interface Item {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly conditions: readonly { readonly status: string; readonly reason: string; readonly message: string }[]
    readonly results?: readonly { readonly name: string; readonly value: string }[]
  }
}

function itemsOf(stdout: string): readonly Item[] {
  const list = JSON.parse(stdout) as { kind: string; items: Item[] }
  expect(list.kind).toBe('List')
  return list.items
}

function file(folder: string, text: string): string {
  const path = join(folder, 'manifest.yaml')
  writeFileSync(path, text)
  return path
}

const taskRun = (script: string, more = '') => `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  name: one
spec:
  ${more}
  taskSpec:
    steps:
      - name: only
        image: alpine
        script: ${JSON.stringify(script)}
`

test('success is 0, and -o json prints one List of all runs and nothing else', async () => {
  const { code, stdout, stderr } = await tektite(['run', '-f', HELLO, '-p', 'name=tests', '-o', 'json'])
  expect(code, stderr).toBe(0)
  const items = itemsOf(stdout)
  expect(items.map(item => item.kind)).toEqual(['PipelineRun', 'TaskRun', 'TaskRun'])
  expect(items[0]?.status.results).toEqual([{ name: 'greeting', value: 'hello, tests' }])
})

test('without -o nothing goes to standard output, and events go to standard error as lines', async () => {
  const { code, stdout, stderr } = await tektite(['run', '-f', HELLO])
  expect(code).toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/PipelineRun hello-\w{5} {2}Succeeded/)
  expect(stderr).toMatch(/TaskRun hello-\w{5}-speak {2}Succeeded/)
})

test('-o name prints the runs that were asked for', async () => {
  const { stdout } = await tektite(['run', '-f', HELLO, '-o', 'name'])
  expect(stdout).toMatch(/^pipelinerun\.tekton\.dev\/hello-\w{5}\n$/)
})

test('-o yaml prints the same as -o json', async () => {
  const { stdout } = await tektite(['run', '-f', HELLO, '-o', 'yaml'])
  expect(stdout).toMatch(/^apiVersion: v1\nkind: List\nitems:\n/)
})

test('a failing step is 1, its output is shown, its exit code named', async () => {
  const folder = temporaryDirectory('run-test')
  const manifest = file(folder, taskRun('echo something is missing >&2; exit 42'))
  const { code, stdout, stderr } = await tektite(['run', '-f', manifest, '-o', 'json'])
  expect(code).toBe(1)
  expect(stderr).toContain('something is missing')
  expect(itemsOf(stdout)[0]?.status.conditions[0]).toMatchObject({
    status: 'False',
    reason: 'StepFailed',
    message: expect.stringContaining('"step-only" exited with code 42'),
  })
})

test('wrong input is 2, names file, line and path, and runs nothing', async () => {
  const folder = temporaryDirectory('run-test')
  const mark = join(folder, 'mark')
  const manifest = file(
    folder,
    `${taskRun(`touch ${mark}`)}---\n${taskRun('true').replace('image: alpine', 'imaje: alpine')}`,
  )
  const { code, stdout, stderr } = await tektite(['run', '-f', manifest, '-o', 'json'])
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/manifest\.yaml:24: TaskRun "one": .*unknown field "imaje"/)
  expect(stderr).toContain('spec.taskSpec.steps[0].imaje: did you mean "image"?')
  expect(existsSync(mark)).toBe(false)
})

test.for([
  ['a file that is not there', ['-f', '/nowhere.yaml'], '"/nowhere.yaml" cannot be read'],
  [
    'a workspace that is no folder',
    ['-f', HELLO, '-w', 'source=package.json'],
    `workspace "source": "${join(ROOT, 'package.json')}" is not a folder`,
  ],
  ['a param that is no pair', ['-f', HELLO, '-p', 'name'], 'must be of the form name=value'],
  ['a timeout that is no duration', ['-f', HELLO, '--timeout', 'soon'], 'must be a duration'],
  ['an output that is none', ['-f', HELLO, '-o', 'xml'], 'Allowed choices are json, yaml, name'],
  ['no file at all', [], "required option '-f, --file <file>' not specified"],
] as const)('%s is 2 and says so', async ([, args, message]) => {
  const { code, stderr } = await tektite(['run', ...args])
  expect(stderr).toContain(message)
  expect(code).toBe(2)
})

test('a pipeline with a cycle is refused, naming the cycle', async () => {
  const folder = temporaryDirectory('run-test')
  const manifest = file(
    folder,
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: round }
spec:
  tasks:
    - { name: a, runAfter: [b], taskRef: { name: t } }
    - { name: b, runAfter: [a], taskRef: { name: t } }
`,
  )
  const { code, stderr } = await tektite(['run', '-f', manifest])
  expect(code).toBe(2)
  expect(stderr).toContain('cycle detected; task "a" depends on "b"')
})

test('a missing param and an unknown task fail with the conditions Tekton gives', async () => {
  const folder = temporaryDirectory('run-test')
  const manifest = file(
    folder,
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: needs }
spec:
  params: [{ name: who }]
  tasks:
    - { name: a, taskRef: { name: nobody } }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: without-param }
spec: { pipelineRef: { name: needs } }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: without-task }
spec: { pipelineRef: { name: needs }, params: [{ name: who, value: me }] }
`,
  )
  const { code, stdout } = await tektite(['run', '-f', manifest, '-o', 'json'])
  expect(code).toBe(1)
  const conditions = new Map(itemsOf(stdout).map(item => [item.metadata.name, item.status.conditions[0]]))
  expect([...conditions.keys()]).toEqual(['without-param', 'without-task'])
  expect(conditions.get('without-param')).toMatchObject({
    reason: 'ParameterMissing',
    message:
      '[User error] PipelineRun default/without-param is missing some parameters required by Pipeline default/needs: pipelineRun missing parameters: [who]',
  })
  expect(conditions.get('without-task')).toMatchObject({
    reason: 'CouldntGetTask',
    message: expect.stringContaining(`Couldn't retrieve Task "nobody": tasks.tekton.dev "nobody" not found`),
  })
})

test('--timeout stops everything and is 1', async () => {
  const folder = temporaryDirectory('run-test')
  const { code, stderr } = await tektite(['run', '-f', file(folder, taskRun('exec sleep 4711')), '--timeout', '1s'])
  expect(code).toBe(1)
  expect(stderr).toContain('not finished within --timeout 1s')
  expect(processesWith('4711')).toEqual([])
})

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops everything, cleans up and is 130', async signal => {
  const folder = temporaryDirectory('run-test')
  const temp = join(folder, 'tmp')
  mkdirSync(temp)
  const mark = join(folder, 'started')
  const manifest = file(folder, taskRun(`trap '' TERM INT HUP; (setsid sleep 4712 &); touch ${mark}; sleep 4712`))
  const { code } = await tektite(['run', '-f', manifest], {
    env: { TMPDIR: temp },
    started: child => {
      const look = setInterval(() => {
        if (!existsSync(mark)) return
        clearInterval(look)
        child.kill(signal)
      }, 20)
    },
  })
  expect(code).toBe(130)
  expect(processesWith('4712')).toEqual([])
  expect(readdirSync(temp)).toEqual([])
})

test('a manifest may come from standard input', async () => {
  const { code, stderr } = await tektite(['run', '-f', '-'], { input: taskRun('true') })
  expect(code, stderr).toBe(0)
})

test('a Pod asked for secrets of the environment gets none of ours', async () => {
  const folder = temporaryDirectory('run-test')
  const { code, stdout } = await tektite(
    [
      'run',
      '-f',
      file(folder, taskRun('env > /tekton/results/env', '').replace('steps:', 'results: [{ name: env }]\n    steps:')),
      '-o',
      'json',
    ],
    { env: { AWS_SECRET_ACCESS_KEY: 'tektite-test-secret' } },
  )
  expect(code).toBe(0)
  expect(stdout).toContain('PATH=')
  expect(stdout).not.toContain('tektite-test-secret')
})

/** Processes whose command line has this word. */
function processesWith(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      } catch {
        // Ended while we looked.
        return ''
      }
    })
    .filter(command => command.split(' ').includes(word))
}

const UNBOUND = `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: unbound }
spec:
  taskSpec:
    workspaces: [{ name: source }]
    steps: [{ name: s, image: bash, script: 'echo hi > "$(workspaces.source.path)/file"' }]
`
const DEFAULTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: config-defaults, namespace: tekton-pipelines }
data:
  default-service-account: robot
  default-task-run-workspace-binding: "emptyDir: {}"
`

test('a required workspace that nobody binds is an error here too', { timeout: 60_000 }, async () => {
  const { code, stdout } = await tektite(['run', '-f', '-', '-o', 'json'], { input: UNBOUND })
  expect(code).toBe(1)
  expect(stdout).toContain('declared workspace \\"source\\" is required but has not been bound')
})

test('settings that stand in the files hold for all of them, in any order', { timeout: 60_000 }, async () => {
  const { code, stdout } = await tektite(['run', '-f', '-', '-o', 'json'], { input: `${UNBOUND}---${DEFAULTS}` })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ spec: { serviceAccountName: 'robot' } }] })
})

test('--config takes settings, and nothing else', { timeout: 60_000 }, async () => {
  const config = join(temporaryDirectory('config'), 'config.yaml')
  writeFileSync(config, DEFAULTS.replace(', namespace: tekton-pipelines', ''))
  expect(await tektite(['run', '-f', '-', '--config', config], { input: UNBOUND })).toMatchObject({ code: 0 })
  const strange = await tektite(['run', '-f', HELLO, '--config', HELLO])
  expect(strange.code).toBe(2)
  expect(strange.stderr).toContain('is no settings\n  → --config takes the ConfigMaps config-defaults, feature-flags')
})

test('a bad setting is refused before anything runs', { timeout: 60_000 }, async () => {
  const input = `${UNBOUND}---${DEFAULTS.replace('default-service-account: robot', 'default-timeout-minutes: soon')}`
  const { code, stderr } = await tektite(['run', '-f', '-'], { input })
  expect(code).toBe(2)
  expect(stderr).toContain('-:14: ConfigMap "config-defaults": failed parsing default config "default-timeout-minutes"')
})
