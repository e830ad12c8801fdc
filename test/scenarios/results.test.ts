/** Results and artifacts through the whole embedded engine: what steps write is what the status says and later steps read. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Resource } from '../../src/resources/meta.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { type CliResult, tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

/** Writes so many zeros. */
const zeros = (count: number) => `printf '%0${count}d' 0`

test('a result of 300 kB goes from task to task and into the pipeline’s results, whole', async () => {
  const { items } = await run(`
kind: PipelineRun
spec:
  pipelineSpec:
    results: [{ name: all, value: $(tasks.make.results.big) }]
    tasks:
      - name: make
        taskSpec:
          results: [{ name: big }]
          steps:
            - { name: a, image: sh, script: "${zeros(300_000)} > $(results.big.path)" }
            - { name: b, image: sh, script: "true" }
      - name: use
        params: [{ name: p, value: $(tasks.make.results.big) }]
        taskSpec:
          params: [{ name: p }]
          steps: [{ name: a, image: sh, script: "x=$(params.p); test \${#x} = 300000" }]`)
  const [pipelineRun] = items.filter((item): item is PipelineRun => item.kind === 'PipelineRun')
  expect(pipelineRun?.status?.conditions).toMatchObject([{ reason: 'Succeeded' }])
  expect(pipelineRun?.status?.results).toEqual([{ name: 'all', value: '0'.repeat(300_000) }])
  const make = items.find(item => item.metadata.name.endsWith('-make')) as TaskRun
  // It stands in the results, and not once more for each step.
  expect(make.status?.steps?.map(step => step.terminated?.message)).toEqual([undefined, undefined])
})

test('a result over 1 MiB fails its step by name and size', async () => {
  const status = await statusOf(`
    results: [{ name: big }]
    steps: [{ name: a, image: sh, script: "${zeros(2_000_000)} > $(results.big.path)" }]`)
  expect(status?.conditions?.[0]?.message).toBe(
    '"step-a" exited with code 1: Error. Termination message is above max allowed size 1048576, caused by large task result. The largest is result "big" with 2000000 bytes.',
  )
  expect(status?.results).toBeUndefined()
})

test('with sidecar-logs and max-result-size the run fails, its steps do not, and other results stay', async () => {
  const status = await statusOf(
    `
    results: [{ name: big }, { name: small }]
    steps:
      - { name: a, image: sh, script: "printf ok > $(results.small.path); ${zeros(5000)} > $(results.big.path)" }
      - { name: b, image: sh, script: "true" }`,
    { 'results-from': 'sidecar-logs', 'max-result-size': '4096' },
  )
  expect(status?.conditions).toMatchObject([
    {
      reason: 'TaskRunResultLargerThanAllowedLimit',
      message:
        '[User error] TaskRun "run" failed: 5039 bytes results size exceeds configured limit of 4096 bytes: result "big" of "step-a"',
    },
  ])
  expect(status?.steps?.map(step => step.terminationReason)).toEqual(['Completed', 'Completed'])
  expect(status?.results).toEqual([{ name: 'small', type: 'string', value: 'ok' }])
})

test('max-result-size bounds a step’s results where they travel in its message', async () => {
  const status = await statusOf(
    `
    results: [{ name: r }]
    steps: [{ name: a, image: sh, script: "${zeros(5000)} > $(results.r.path)" }]`,
    { 'max-result-size': '4096' },
  )
  expect(status?.conditions?.[0]?.message).toContain('above max allowed size 4096, caused by large task result.')
})

test('artifacts of a step reach the next one’s script, arguments and environment, and the status', async () => {
  const made = { uri: 'oci:y', digest: { sha256: '1' } }
  const status = await statusOf(`
    steps:
      - name: make
        image: sh
        script: |
          echo '{"inputs":[{"name":"src","values":[{"uri":"git:x"}]}],"outputs":[{"name":"img","values":[${JSON.stringify(made)}]}]}' > $(step.artifacts.path)
      - name: use
        image: sh
        env: [{ name: E, value: $(steps.make.inputs.src) }]
        args: [$(steps.make.outputs.img)]
        script: |
          wanted='[{"digest":{"sha256":"1"},"uri":"oci:y"}]'
          test '$(steps.make.outputs.img)' = "$wanted" && test "$1" = "$wanted" && test "$E" = '[{"uri":"git:x"}]'`)
  expect(status?.conditions).toMatchObject([{ reason: 'Succeeded' }])
  const artifacts = {
    inputs: [{ name: 'src', values: [{ uri: 'git:x' }] }],
    outputs: [{ name: 'img', values: [made] }],
  }
  expect(status?.steps?.[0]).toMatchObject(artifacts)
  expect(status?.artifacts).toEqual(artifacts)
})

test('a param that spells a path or the context is that path or that name', async () => {
  const { result } = await run(`
kind: PipelineRun
spec:
  workspaces: [{ name: src, emptyDir: {} }]
  pipelineSpec:
    workspaces: [{ name: src }]
    tasks:
      - name: a
        workspaces: [{ name: source, workspace: src }]
        params: [{ name: file, value: "$(workspaces.source.path)/go.mod" }, { name: who, value: $(context.taskRun.name) }]
        taskSpec:
          workspaces: [{ name: source }]
          params: [{ name: file }, { name: who }]
          steps: [{ name: s, image: sh, script: 'test "$(params.file) $(params.who)" = "/workspace/source/go.mod run-a"' }]`)
  expect(result.code, result.stderr).toBe(0)
})

async function statusOf(taskSpec: string, flags?: Readonly<Record<string, string>>): Promise<TaskRun['status']> {
  const { items } = await run(`\nkind: TaskRun\nspec:\n  taskSpec:${taskSpec}`, flags)
  return (items[0] as TaskRun | undefined)?.status
}

async function run(
  manifest: string,
  flags?: Readonly<Record<string, string>>,
): Promise<{ readonly items: readonly Resource[]; readonly result: CliResult }> {
  const folder = temporaryDirectory('results')
  const file = join(folder, 'run.yaml')
  writeFileSync(file, `apiVersion: tekton.dev/v1\nmetadata: { name: run }${manifest}\n`)
  const config = join(folder, 'flags.json')
  const metadata = { name: 'feature-flags', namespace: 'tekton-pipelines' }
  writeFileSync(config, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: flags ?? {} }))
  const result = await tektite([
    'run',
    '-f',
    file,
    '-o',
    'json',
    '--timeout',
    '60s',
    ...(flags ? ['--config', config] : []),
  ])
  return { items: (JSON.parse(result.stdout) as { readonly items: readonly Resource[] }).items, result }
}
