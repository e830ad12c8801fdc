/** `tektite validate` as a process. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cases } from '../helpers/cases.js'
import { ROOT, tektite } from '../helpers/cli.js'
import { widgets } from '../helpers/custom-resources.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { toYaml } from '../helpers/yaml.js'

const TASK = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: build }
spec:
  params: [{ name: what }]
  workspaces: [{ name: source }]
  results: [{ name: digest }]
  steps: [{ name: s, image: bash, script: echo $(params.what) }]
`

test('what is right is 0, says how much was looked at, and runs nothing', async () => {
  const { code, stdout, stderr } = await tektite(['validate', join(ROOT, 'examples'), '-R'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^\d+ objects valid\n$/)
})

test('everything that is wrong in any file is said at once, in the order of the lines', async () => {
  const folder = temporaryDirectory('validate')
  writeFileSync(join(folder, 'a.yaml'), `${TASK.replace('image: bash, ', '')}---\n${TASK.replace('steps:', 'stepz:')}`)
  writeFileSync(join(folder, 'b.json'), '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}')
  writeFileSync(join(folder, 'c.txt'), 'no manifest')
  const { code, stderr } = await tektite(['validate', folder])
  expect(code).toBe(1)
  const lines = stderr.split('\n').filter(line => line.startsWith('error: '))
  expect(lines.map(line => line.replace(`${folder}/`, ''))).toEqual([
    'error: a.yaml:9: Task "build": missing field(s): spec.steps[0].Image',
    'error: a.yaml:19: Task "build": strict decoding error: unknown field "spec.stepz"',
    'error: b.json:1: Pod "p": spec: Required value',
  ])
  expect(stderr).toContain('3 problems\n')
})

test('standard input is a file too', async () => {
  expect(await tektite(['validate', '-'], { input: TASK })).toMatchObject({ code: 0, stdout: '1 object valid\n' })
})

test.each([
  ['a file that is not there', ['no-such-file.yaml'], 'file "no-such-file.yaml" cannot be read'],
  ['no file', [], "missing required argument 'file'"],
  ['a folder without manifests', ['bin'], 'the folder holds no .yaml, .yml or .json file'],
  ['an output nobody knows', ['-', '-o', 'xml'], "argument 'xml' is invalid"],
] as const)('%s is 2', async (_, args, message) => {
  const { code, stderr } = await tektite(['validate', ...args])
  expect({ code, said: stderr.includes(message) }, stderr).toEqual({ code: 2, said: true })
})

const DOOMED: Readonly<Record<string, { manifests: string; message: string }>> = {
  'a param that nobody gives': {
    manifests: `${TASK}---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { taskRef: { name: build }, workspaces: [{ name: source, emptyDir: {} }] }
`,
    message:
      '[User error] invalid input params for task build: missing values for these params which have no default values: [what]',
  },
  'a workspace that nobody binds': {
    manifests: `${TASK}---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { taskRef: { name: build }, params: [{ name: what, value: x }] }
`,
    message: '[User error] declared workspace "source" is required but has not been bound',
  },
  'a result that the task does not declare': {
    manifests: `${TASK}---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: one }
spec:
  workspaces: [{ name: source, emptyDir: {} }]
  pipelineSpec:
    workspaces: [{ name: source }]
    tasks:
      - name: a
        taskRef: { name: build }
        params: [{ name: what, value: x }]
        workspaces: [{ name: source }]
      - name: b
        taskRef: { name: build }
        params: [{ name: what, value: $(tasks.a.results.url) }]
        workspaces: [{ name: source }]
`,
    message: '"url" is not a named result returned by pipeline task "a"',
  },
  'a param that the Pipeline wants': {
    manifests: `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: p }
spec: { params: [{ name: who }], tasks: [{ name: a, taskSpec: { steps: [{ image: bash }] } }] }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { generateName: one- }
spec: { pipelineRef: { name: p } }
`,
    message: 'pipelineRun missing parameters: [who]',
  },
}

test.each(cases(DOOMED))('%s is found before anything runs', async (_, { manifests, message }) => {
  const { code, stderr } = await tektite(['validate', '-'], { input: manifests })
  expect(code).toBe(1)
  expect(stderr).toContain(message)
  expect(stderr).toContain('the run would end with the reason ')
})

test('a reference that leads out of the files is a warning', async () => {
  const input =
    'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: { name: one }\nspec: { taskRef: { name: build } }\n'
  const { code, stderr } = await tektite(['validate', '-'], { input })
  expect(code).toBe(0)
  expect(stderr).toContain('warning: -:4: TaskRun "one": Task "build" is in none of the files: spec.taskRef')
})

test('settings are obeyed', async () => {
  const folder = temporaryDirectory('validate-config')
  mkdirSync(join(folder, 'config'))
  const config = join(folder, 'config/flags.yaml')
  writeFileSync(
    config,
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: feature-flags }\ndata: { disable-inline-spec: taskrun }\n',
  )
  const input =
    'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: { name: one }\nspec: { taskSpec: { steps: [{ image: bash }] } }\n'
  expect(await tektite(['validate', '-'], { input })).toMatchObject({ code: 0 })
  const { code, stderr } = await tektite(['validate', '-', '--config', config], { input })
  expect(code).toBe(1)
  expect(stderr).toContain('must not set the field(s): spec.taskSpec')
})

test('-o json is for programs', async () => {
  const { code, stdout, stderr } = await tektite(['validate', '-', '-o', 'json'], {
    input: TASK.replace('image: bash, ', ''),
  })
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({
    valid: false,
    problems: [
      {
        severity: 'error',
        file: '-',
        line: 9,
        object: 'Task "build"',
        path: 'spec.steps[0]',
        message: 'missing field(s): spec.steps[0].Image',
        hint: 'name an image here or in stepTemplate',
      },
    ],
  })
})

test('objects of kinds that the files define are checked by their definitions', async () => {
  const folder = temporaryDirectory('validate')
  const definition = toYaml(widgets({}))
  const object = (name: string, spec: string) =>
    `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: ${name}}\nspec: ${spec}\n`
  writeFileSync(join(folder, 'a.yaml'), object('a', '{size: 3}'))
  writeFileSync(join(folder, 'b.yaml'), definition)
  expect(await tektite(['validate', folder])).toMatchObject({ code: 0, stdout: '2 objects valid\n' })
  writeFileSync(join(folder, 'c.yaml'), `${object('c', '{size: x}')}---\n${object('d', '{sise: 1}')}`)
  const { code, stderr } = await tektite(['validate', folder])
  expect([code, stderr.replaceAll(`${folder}/`, '')]).toEqual([
    1,
    expect.stringMatching(
      /^error: c.yaml:4: Widget "c": spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"\nerror: c.yaml:9: Widget "d": strict decoding error: unknown field "spec.sise"/,
    ),
  ])
})
