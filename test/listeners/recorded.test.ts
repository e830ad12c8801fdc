/** Tekton's own examples: their requests, and the objects that a real EventListener made of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { SILENT } from '../../src/lib/log.js'
import { clusterWith, objectsIn, record } from './world.js'

const SHARED = new URL('../../../shared/', import.meta.url)
const EXAMPLES = new URL('triggers-examples/', SHARED)
const PIPELINE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: simple-pipeline }
spec:
  tasks: [{ name: t, taskSpec: { steps: [{ image: ubuntu, script: exit 0 }] } }]
`

interface Recorded {
  readonly created: readonly Readonly<Record<string, unknown>>[]
}
interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// Without the shared folder this throws, and the file fails: nothing is skipped in silence.
const folders = readdirSync(EXAMPLES).filter(folder => existsSync(new URL(`${folder}/request.json`, EXAMPLES)))

test('the examples with a request are the six we know', () => {
  expect([...folders].sort()).toEqual([
    'bitbucket-server',
    'embedded-trigger',
    'github',
    'gitlab',
    'label-selector',
    'slack',
  ])
})

const recorded = folders.filter(folder => existsSync(new URL(`triggers-recorded/${folder}.json`, SHARED)))

test.each(recorded)('example %s makes what Tekton made', async folder => {
  const { verdicts, created } = await dispatchExample(folder)
  expect(verdicts).toMatchObject([{ is: 'fired', message: '' }])
  const expected = JSON.parse(read(new URL(`triggers-recorded/${folder}.json`, SHARED))) as Recorded
  expect(created).toHaveLength(expected.created.length)
  for (const [index, wanted] of expected.created.entries()) {
    expect(comparable(created[index])).toMatchObject(comparable(wanted))
    expect(created[index]?.metadata.name).toMatch(/-run-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  }
})

test('example label-selector fires the trigger with the label only', async () => {
  const { verdicts, created } = await dispatchExample('label-selector')
  expect(verdicts).toMatchObject([{ trigger: 'matching-label-trigger', is: 'fired' }])
  expect(created).toMatchObject([
    {
      metadata: { labels: { 'triggers.tekton.dev/trigger': 'matching-label-trigger' } },
      spec: { params: [{}, {}, { value: '28911bbb5a3e2ea034daf1f6be0a822d50e31e73' }, {}] },
    },
  ])
})

test('example slack makes a run of a form', async () => {
  const { verdicts, created } = await dispatchExample('slack')
  expect(verdicts).toMatchObject([{ trigger: 'slack-trigger', is: 'fired' }])
  expect(created).toMatchObject([{ kind: 'TaskRun', metadata: { generateName: 'slack-run-' } }])
})

async function dispatchExample(folder: string) {
  const at = new URL(`${folder}/`, EXAMPLES)
  const manifests = readdirSync(at).filter(file => file.endsWith('.yaml') && file !== 'rbac.yaml')
  const cluster = await clusterWith(PIPELINE, ...manifests.map(file => read(new URL(file, at))))
  const [listener] = await cluster.list('EventListener')
  if (listener === undefined) throw new Error(`example ${folder} has no EventListener`)
  const sent = JSON.parse(read(new URL('request.json', at))) as Sent
  const dispatcher = createDispatcher({ cluster, admission: () => ({}), log: SILENT })
  const verdicts = await dispatcher(record(`default/${listener.metadata.name}`, sent))
  return { verdicts, created: await objectsIn(cluster, 'PipelineRun', 'TaskRun') }
}

/** Without what time, chance and Tekton's controllers put in, and without Go's empty fields. */
function comparable(object: unknown): object {
  const { metadata, ...rest } = object as { readonly metadata: Readonly<Record<string, unknown>> }
  const { name: _name, uid: _uid, annotations: _annotations, labels, ...kept } = metadata
  const ours = Object.entries(labels ?? {}).filter(
    ([label]) => label.startsWith('triggers.') && !label.endsWith('eventid'),
  )
  return JSON.parse(
    JSON.stringify({ ...rest, metadata: { ...kept, labels: Object.fromEntries(ours) } }, (_, value) =>
      isEmpty(value) ? undefined : value,
    ),
  )
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}

function read(file: URL): string {
  return readFileSync(file, 'utf8')
}
