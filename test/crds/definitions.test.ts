/** The CustomResourceDefinitions of our kinds: up to date, taken by an API server, and losing nothing of what is written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { admitCustom } from '../../src/admission/custom/admit-custom.js'
import { columnsOf } from '../../src/api/tables/table.js'
import { crdFiles } from '../../src/crds/files.js'
import { BUILT_IN_KINDS } from '../../src/resources/kind-table.js'
import { problemText } from '../../src/resources/problem.js'
import { asRecord, isRecord } from '../../src/resources/shape.js'
import { ROOT } from '../helpers/cli.js'
import { DEFINED, elsewhere, valuesIn, WRITTEN } from './world.js'

const FOLDER = join(ROOT, 'charts/tektite/files/crds')
const SHARED = join(ROOT, '../shared')

test('the files of the chart are what the kinds say: npm run crds', () => {
  const made = crdFiles()
  expect(readdirSync(FOLDER).sort()).toEqual([...made.keys()].sort())
  for (const [name, text] of made) expect(readFileSync(join(FOLDER, name), 'utf8'), name).toBe(text)
})

test('every kind is there, in the versions that Tekton serves, stored in the one that Tekton stores', () => {
  const made = [...WRITTEN.values()].map(({ spec }) => {
    const versions = spec.versions.map(({ name, storage }) => `${name}${storage ? '*' : ''}`)
    return `${spec.names.kind}.${spec.group} ${versions.join(' ')}`
  })
  expect(made.sort()).toEqual([
    'ClusterInterceptor.triggers.tekton.dev v1alpha1*',
    'ClusterTriggerBinding.triggers.tekton.dev v1beta1* v1alpha1',
    'CustomRun.tekton.dev v1beta1*',
    'EventListener.triggers.tekton.dev v1beta1* v1alpha1',
    'Interceptor.triggers.tekton.dev v1alpha1*',
    'Pipeline.tekton.dev v1* v1beta1',
    'PipelineRun.tekton.dev v1* v1beta1',
    'ResolutionRequest.resolution.tekton.dev v1beta1*',
    'Schedule.tektite.dev v1alpha1*',
    'StepAction.tekton.dev v1beta1* v1alpha1',
    'Task.tekton.dev v1* v1beta1',
    'TaskRun.tekton.dev v1* v1beta1',
    'Trigger.triggers.tekton.dev v1beta1* v1alpha1',
    'TriggerBinding.triggers.tekton.dev v1beta1* v1alpha1',
    'TriggerTemplate.triggers.tekton.dev v1beta1* v1alpha1',
  ])
  expect(DEFINED.size).toBe(made.length)
})

test('each fits into the annotation of a kubectl apply, and all of them into the Secret of a Helm release', () => {
  const texts = [...crdFiles()]
  for (const [name, text] of texts) {
    expect(JSON.stringify(valuesIn(text)[0]).length, name).toBeLessThan(200_000)
  }
  // A release holds its chart's files, in base64, and the manifest that was made of them.
  const files = texts.map(([name, text]) => ({ name, data: Buffer.from(text).toString('base64') }))
  const release = JSON.stringify({ chart: { files }, manifest: texts.map(([, text]) => text).join('---\n') })
  expect(gzipSync(release).toString('base64').length).toBeLessThan(400_000)
})

test('the columns are those of our own tables', () => {
  for (const { spec } of WRITTEN.values()) {
    const own = BUILT_IN_KINDS.named(spec.group, spec.names.kind)!
    const defined = DEFINED.get(`${spec.names.kind}.${spec.group}`)!
    for (const { name: version } of spec.versions) {
      const names = columnsOf(own, version).map(({ name }) => name)
      // What no path leads to: how many there are.
      const expected = own.id === 'Schedule' ? names.filter(name => name !== 'Active') : names
      expect(
        columnsOf(defined, version).map(({ name }) => name),
        own.kind,
      ).toEqual(expected)
    }
  }
})

const examples = ['tekton-examples', 'triggers-examples', 'spec'].flatMap(folder => yamlFilesIn(join(SHARED, folder)))
const recorded = [...yamlFilesIn(join(SHARED, 'tekton-recorded')), ...yamlFilesIn(join(SHARED, 'triggers-recorded'))]

function yamlFilesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(name => /\.(yaml|json)$/.test(name)).map(name => join(folder, name))
}

test.skipIf(!existsSync(SHARED))('what Tekton has as examples passes, and nothing of it is lost', () => {
  const seen = new Set<string>()
  for (const file of examples) {
    for (const value of valuesIn(elsewhere(readFileSync(file, 'utf8')))) {
      if (!isOurs(value)) continue
      seen.add(String(value['kind']))
      expect(withoutNulls(asStored(value)), `${basename(file)} ${String(value['kind'])}`).toEqual(
        withoutNulls(value['spec'] ?? {}),
      )
    }
  }
  expect(seen.size).toBeGreaterThan(9)
})

test.skipIf(!existsSync(SHARED))('what a real Tekton wrote passes with its status, and nothing of it is lost', () => {
  let count = 0
  for (const file of recorded) {
    const text = readFileSync(file, 'utf8').replaceAll('<time>', '2026-08-18T13:52:35Z')
    for (const value of valuesIn(elsewhere(text))) {
      if (!isOurs(value) || value['status'] === undefined) continue
      count++
      expect(withoutNulls(asStored(value, 'status')), basename(file)).toEqual(withoutNulls(value['status']))
    }
  }
  expect(count).toBeGreaterThan(100)
})

const SCHEDULE = {
  apiVersion: 'tektite.dev/v1alpha1',
  kind: 'Schedule',
  metadata: { name: 'nightly', creationTimestamp: '2026-11-22T10:00:00Z' },
  spec: { schedule: '0 1 * * *', timeZone: 'Europe/Berlin', suspend: true },
  status: { lastScheduleTime: '2026-11-22T11:00:00Z', nextScheduleTimes: ['2026-11-23T01:00:00+01:00'] },
}

test('the cells of a Schedule are those of our own table, but for how a boolean is spelled', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  const cellsOf = (kind: Parameters<typeof columnsOf>[0]) =>
    Object.fromEntries(columnsOf(kind, 'v1alpha1').map(({ name, cell }) => [name, cell(SCHEDULE, now)]))
  const { Active: active, ...own } = cellsOf(BUILT_IN_KINDS.of('Schedule')!)
  expect(active).toBe(0)
  expect(cellsOf(DEFINED.get('Schedule.tektite.dev')!)).toEqual({ ...own, Suspend: true })
})

/** Kind and spec, and what an API server says to it. */
test.each([
  ['Task.tekton.dev', '{steps: 5}', 'spec.steps: Invalid value: "integer": spec.steps in body must be of type array'],
  ['Task.tekton.dev', '{steps: [{image: 7}]}', 'spec.steps[0].image in body must be of type string'],
  ['Task.tekton.dev', '{params: [{type: string}]}', 'spec.params[0].name: Required value'],
  ['Task.tekton.dev', '{stepz: []}', 'unknown field "spec.stepz"'],
  ['Task.tekton.dev', '{steps: [{env: [{name: A, valueFrom: {secret: {}}}]}]}', 'unknown field'],
  ['TaskRun.tekton.dev', '{taskSpec: [1]}', 'spec.taskSpec in body must be of type object'],
  ['TaskRun.tekton.dev', '{retries: many}', 'spec.retries in body must be of type integer'],
  ['Pipeline.tekton.dev', '{tasks: [{name: a, runAfter: b}]}', 'spec.tasks[0].runAfter in body must be of type array'],
  ['PipelineRun.tekton.dev', '{timeouts: 1h}', 'spec.timeouts in body must be of type object'],
  ['EventListener.triggers.tekton.dev', '{triggers: {}}', 'spec.triggers in body must be of type array'],
  ['Schedule.tektite.dev', '{schedule: [a]}', 'spec.schedule in body must be of type string'],
  ['Schedule.tektite.dev', '{cron: "* * * * *"}', 'unknown field "spec.cron"'],
])('an API server refuses %s with %s', (kind, spec, said) => {
  const entry = DEFINED.get(kind)!
  const apiVersion = `${entry.group}/${entry.version}`
  expect(asStored({ apiVersion, kind: entry.kind, spec: valuesIn(spec)[0] })).toEqual([expect.stringContaining(said)])
})

/** Nothing of it may be lost on the way into the stored version, which an API server prunes, too. */
test.each([
  [
    'Task.tekton.dev',
    '{resources: {inputs: []}, steps: [{resources: {limits: {cpu: 1}}, ports: [{containerPort: 1}]}]}',
  ],
  [
    'TaskRun.tekton.dev',
    '{taskRef: {name: a, bundle: b}, stepOverrides: [{name: a, resources: {limits: {cpu: "1"}}}]}',
  ],
  ['Pipeline.tekton.dev', '{tasks: [{name: a, taskRef: {name: a, bundle: b}, resources: {}}], resources: []}'],
  [
    'PipelineRun.tekton.dev',
    '{timeout: 1h, serviceAccountName: a, podTemplate: {hostNetwork: true}, taskRunSpecs: [{pipelineTaskName: a, taskPodTemplate: {nodeSelector: {a: b}}, taskServiceAccountName: b, stepOverrides: [{name: a}]}]}',
  ],
  [
    'EventListener.triggers.tekton.dev',
    '{triggers: [{interceptors: [null, {cel: {filter: a}}], Bindings: [{ref: a}]}]}',
  ],
  ['Trigger.triggers.tekton.dev', '{interceptors: [{github: {secretRef: {secretName: a}}}], template: {name: a}}'],
])('%s keeps what older versions spell differently: %s', (kind, text) => {
  const entry = DEFINED.get(kind)!
  const spec = valuesIn(text)[0]
  for (const version of entry.served) {
    const value = { apiVersion: `${entry.group}/${version}`, kind: entry.kind, spec }
    expect(asStored(value), version).toEqual(spec)
  }
})

function isOurs(value: unknown): value is Readonly<Record<string, unknown>> {
  return /^(?:[a-z]+\.)?(?:tekton|tektite)\.example\.com\//.test(String(asRecord(value)['apiVersion']))
}

/** The spec, or the status, as it comes out of the store; or what was said to it. */
function asStored(value: Readonly<Record<string, unknown>>, part: 'spec' | 'status' = 'spec'): unknown {
  const [group = '', version = ''] = String(value['apiVersion']).split('/')
  const entry = DEFINED.get(`${String(value['kind'])}.${group.replace('.example.com', '.dev')}`)
  if (entry === undefined) throw new Error(`no definition of ${String(value['kind'])} in ${group}`)
  const options = { fieldValidation: 'Strict', ...(part === 'status' && { subresource: part }) } as const
  const written = { ...value, metadata: { name: 'x' } }
  const admission = admitCustom(entry, version, written, options)
  if (admission.is === 'refused') return admission.problems.map(problemText)
  return (admission.object as unknown as Readonly<Record<string, unknown>>)[part] ?? {}
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  )
}
