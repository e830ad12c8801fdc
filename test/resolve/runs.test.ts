/** Whole runs by the command line, with each of the five resolvers serving from loopback. */

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { cases } from '../helpers/cases.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { serve, serveGit, servePaths } from './servers.js'

const ALLOWED = { TEKTITE_ALLOWED_HOSTS: '127.0.0.1' }
const taskNamed = (name: string) => `apiVersion: tekton.dev/v1
kind: Task
metadata: { name: ${name}, labels: { from: afar } }
spec:
  params: [{ name: who, default: nobody }]
  results: [{ name: said }]
  steps: [{ name: say, image: alpine, script: 'printf "hello %s" "$(params.who)" > $(results.said.path)' }]
`
const STEP_ACTION = `apiVersion: tekton.dev/v1beta1
kind: StepAction
metadata: { name: greet }
spec: { image: alpine, params: [{ name: who }], env: [{ name: WHO, value: $(params.who) }], script: 'echo "hi $WHO"' }
`
const PIPELINE = `apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: afar }
spec:
  params: [{ name: who }]
  tasks: [{ name: only, taskSpec: { steps: [{ name: s, image: alpine, script: "echo $(params.who)" }] } }]
`

interface Item {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly status: {
    readonly conditions: readonly { readonly reason: string; readonly message: string }[]
    readonly results?: readonly { readonly value: string }[]
    readonly steps?: readonly { readonly provenance?: { readonly refSource?: { readonly uri?: string } } }[]
    readonly provenance?: { readonly refSource?: { readonly uri?: string } }
  }
}

async function run(manifest: string, env: Readonly<Record<string, string>> = ALLOWED) {
  const file = join(temporaryDirectory('runs'), 'manifest.yaml')
  writeFileSync(file, manifest)
  const { code, stdout, stderr } = await tektite(['run', '-f', file, '-o', 'json'], { env })
  const items = stdout === '' ? [] : (JSON.parse(stdout) as { items: Item[] }).items
  return { code, stderr, items, item: (kind: string) => items.find(item => item.kind === kind) }
}

const ref = (resolver: string, params: Readonly<Record<string, string>>) =>
  JSON.stringify({ resolver, params: Object.entries(params).map(([name, value]) => ({ name, value })) })

const taskRun = (reference: string) => `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec: { params: [{ name: who, value: world }], taskRef: ${reference} }
`

async function bundle(): Promise<string> {
  const layer = gzipSync(taskNamed('lint'))
  const digest = `sha256:${createHash('sha256').update(layer).digest('hex')}`
  const annotations = Object.fromEntries(
    [
      ['apiVersion', 'v1'],
      ['name', 'lint'],
      ['kind', 'task'],
    ].map(([key, value]) => [`dev.tekton.image.${key}`, value]),
  )
  const { url } = await serve((request, response) => {
    if (request.url?.includes('/blobs/')) response.end(layer)
    else response.end(JSON.stringify({ schemaVersion: 2, layers: [{ digest, annotations }] }))
  })
  return `${url.replace('http://', '')}/tasks:v1`
}

const HUB = '/api/v1/packages/tekton-task/tekton-catalog-tasks/lint'

test.each(
  cases({
    http: async () => ref('http', { url: `${(await servePaths({ '/t': taskNamed('lint') })).url}/t` }),
    git: async () => {
      const { repository } = await serveGit({ 'lint.yaml': taskNamed('lint') })
      return ref('git', { url: repository, pathInRepo: 'lint.yaml' })
    },
    hub: async () => {
      const { url } = await servePaths({
        [HUB]: { available_versions: [{ version: '0.1.0' }] },
        [`${HUB}/0.1.0`]: { data: { manifestRaw: taskNamed('lint') } },
      })
      return ref('hub', { name: 'lint', version: '0.1', url })
    },
    bundles: async () => ref('bundles', { bundle: await bundle(), name: 'lint' }),
    cluster: async () => ref('cluster', { name: 'lint', namespace: 'shared' }),
  }),
)('a TaskRun runs a Task that the resolver %s fetched', async (_, reference) => {
  const here = taskNamed('lint').replace('{ name: lint,', '{ name: lint, namespace: shared,')
  const { code, stderr, item } = await run(`${here}---${taskRun(await reference())}`)
  expect(code, stderr).toBe(0)
  const { metadata, status } = item('TaskRun') ?? ({} as Item)
  expect(metadata.labels).toMatchObject({ from: 'afar', 'tekton.dev/task': 'lint' })
  expect(status.results?.map(({ value }) => value)).toEqual(['hello world'])
  expect(status.provenance?.refSource?.uri).toMatch(/./)
})

test('a remote Pipeline, a remote Task in it, a remote Pipeline inside a Pipeline, and a remote StepAction', async () => {
  const { url } = await servePaths({ '/p': PIPELINE, '/t': taskNamed('lint'), '/a': STEP_ACTION })
  const { code, stderr, items } = await run(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: outer }
spec:
  params: [{ name: base, value: "${url}" }]
  pipelineSpec:
    params: [{ name: base }]
    tasks:
      - name: task
        taskRef: { resolver: http, params: [{ name: url, value: $(params.base)/t }] }
      - name: nested
        params: [{ name: who, value: inner }]
        pipelineRef: { resolver: http, params: [{ name: url, value: "${url}/p" }] }
      - name: action
        taskSpec:
          steps:
            - name: far
              params: [{ name: who, value: you }]
              ref: { resolver: http, params: [{ name: url, value: "${url}/a" }] }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: remote }
spec:
  params: [{ name: who, value: me }]
  pipelineRef: { resolver: http, params: [{ name: url, value: "${url}/p" }] }
`)
  expect(code, stderr).toBe(0)
  const named = (name: string) => items.find(item => item.metadata.name === name)?.status
  expect(named('remote')?.provenance?.refSource?.uri).toBe(`${url}/p`)
  expect(named('outer-nested')?.provenance?.refSource?.uri).toBe(`${url}/p`)
  expect(named('outer-task')?.provenance?.refSource?.uri).toBe(`${url}/t`)
  expect(named('outer-action')?.steps?.[0]?.provenance?.refSource?.uri).toBe(`${url}/a`)
})

test('what cannot be fetched fails the run with the resolver’s words, and a way out where there is one', async () => {
  const { url } = await servePaths({})
  const reference = ref('http', { url: `${url}/nobody` })
  const missing = await run(taskRun(reference))
  expect(missing.code).toBe(1)
  expect(missing.item('TaskRun')?.status.conditions[0]).toMatchObject({
    reason: 'TaskRunResolutionFailed',
    message: expect.stringMatching(
      new RegExp(
        `^error requesting remote resource: error getting "Http" "default/http-[0-9a-f]{32}": requested URL '${url}/nobody' is not found$`,
      ),
    ),
  })
  const refused = await run(taskRun(reference), { TEKTITE_ALLOWED_HOSTS: '' })
  expect(refused.item('TaskRun')?.status.conditions[0]?.message).toMatch(
    /"127\.0\.0\.1" is a loopback address.* TEKTITE_ALLOWED_HOSTS=127\.0\.0\.1/,
  )
})
