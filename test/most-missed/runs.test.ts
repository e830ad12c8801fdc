/** The rows that a whole run shows: all of them in one `tektite run`, with real processes. */
import { beforeAll, expect, test } from 'vitest'
import { toYaml } from '../../src/resources/parse.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { tektite } from '../helpers/cli.js'
import { yamlCases } from '../helpers/yaml.js'

interface Row {
  readonly manifest?: object
  readonly manifests?: readonly object[]
  readonly expect: readonly {
    readonly kind: string
    readonly name: string
    readonly spec?: object
    readonly status?: object
  }[]
}

const rows = yamlCases<Row>(new URL('runs.yaml', import.meta.url))
let ended: readonly (PipelineRun | TaskRun)[] = []

const configMap = (name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'tekton-pipelines' },
  data,
})
const SETTINGS = [
  configMap('feature-flags', { 'max-result-size': '4096', coschedule: 'workspaces' }),
  configMap('config-defaults', { 'default-maximum-resolution-timeout': '1s' }),
]

beforeAll(async () => {
  const input = [...SETTINGS, ...rows.flatMap(([, { manifest, manifests }]) => manifests ?? [manifest])]
    .map(toYaml)
    .join('---\n')
  const { code, stdout, stderr } = await tektite(['run', '-f', '-', '-o', 'json', '--timeout', '90s'], { input })
  // Some of them are meant to fail.
  expect(code, stderr).toBe(1)
  ended = (JSON.parse(stdout) as { items: typeof ended }).items
}, 120_000)

test.each(rows)('%s', (_, { expect: wanted }) => {
  for (const { kind, name, ...parts } of wanted) {
    const found = ended.find(run => run.kind === kind && run.metadata.name === name)
    expect(found, `${kind} ${name}`).toBeDefined()
    expect(found).toMatchObject(parts)
  }
})

const taskRun = (name: string) => ended.find(run => run.metadata.name === name) as TaskRun

test('34.16 between the starts of two steps lies the time of the first', () => {
  const started = (taskRun('r16').status?.steps ?? []).map(({ terminated }) => Date.parse(terminated?.startedAt ?? ''))
  expect(started).toHaveLength(2)
  expect((started[1] ?? 0) - (started[0] ?? 0)).toBeGreaterThanOrEqual(1_200)
})

test('34.47 ten hexadecimal digits', () => {
  expect(taskRun('r47').status?.results?.[0]?.value).toMatch(/^pvc-[0-9a-f]{10}$/)
})

test('34.18 the message says which limit it was', () => {
  expect(JSON.stringify(taskRun('r18-large').status)).toContain('4096')
})

test('34.54 in the words of Tekton', () => {
  const message = (name: string) => taskRun(name).status?.conditions?.[0]?.message
  expect(message('r54-bad')).toMatch(/error getting "Git" "default\/git-[0-9a-f]{32}": /)
  expect(message('r54-nobody')).toContain('resolution took longer than global timeout of 1s')
})
