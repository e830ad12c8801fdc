/** An API server that has our definitions and no webhook: objects come out as they were written, under the name of v1. */
import { expect, onTestFinished, test } from 'vitest'
import type { Kind, Kinds } from '../../src/resources/kinds.js'
import type { New } from '../../src/resources/meta.js'
import { withoutEmptyFields, withRequiredFields } from '../../src/resources/required-status.js'
import { yaml } from '../helpers/yaml.js'
import { serveStore } from './served-cluster.js'

test('what is read, listed, watched and written back is in the one spelling that the engine knows', async () => {
  const served = await serveStore()
  onTestFinished(() => served.close())
  const cluster = served.adapter()
  const written = yaml<New<Kinds['PipelineRun']>>`
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata: { name: run, namespace: default }
    spec:
      serviceAccountName: builder
      timeout: 90s
      params: [{ name: count, value: 5 }]
      pipelineSpec: { Tasks: [{ name: a, taskSpec: { steps: [{ image: i, resources: { limits: { cpu: 1 } } }] } }] }
  `
  const expected = yaml<object>`
    taskRunTemplate: { serviceAccountName: builder }
    timeouts: { pipeline: 1m30s }
    params: [{ name: count, value: "5" }]
    pipelineSpec: { tasks: [{ name: a, taskSpec: { steps: [{ image: i, computeResources: { limits: { cpu: "1" } } }] } }] }
  `
  await served.store.create('PipelineRun', written)
  const read = await cluster.get('PipelineRun', { namespace: 'default', name: 'run' })
  expect(read?.spec).toEqual(expected)
  expect((await cluster.list('PipelineRun'))[0]?.spec).toEqual(expected)
  for await (const change of cluster.watch('PipelineRun', {}, AbortSignal.timeout(10_000))) {
    expect(change.type === 'listed' && change.items[0]?.spec).toEqual(expected)
    break
  }
  const status = { conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Running' }] } as const
  expect((await cluster.replaceStatus('PipelineRun', { ...read!, status })).spec).toEqual(expected)
  // A status is no reason to change what an author wrote.
  expect((await served.store.get('PipelineRun', { namespace: 'default', name: 'run' }))?.spec).toEqual(written.spec)
})

test('a kind of the same name in another group stays as it is', async () => {
  const served = await serveStore()
  onTestFinished(() => served.close())
  const spec = { template: { resources: 5 }, value: null }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'default' }, spec }
  await served.store.create('Service', service as never)
  const read = await served.adapter().get('Service' satisfies Kind, { namespace: 'default', name: 'a' })
  expect(read).toMatchObject({ spec })
})

test('what Tekton’s definitions demand of a status is sent, and not seen by who reads it', async () => {
  const served = await serveStore()
  onTestFinished(() => served.close())
  const cluster = served.adapter()
  const key = { namespace: 'default', name: 'run' }
  const run = yaml<New<Kinds['TaskRun']>>`
    { apiVersion: tekton.dev/v1, kind: TaskRun, metadata: { name: run, namespace: default }, spec: { taskRef: { name: t } } }
  `
  const status = yaml<NonNullable<Kinds['TaskRun']['status']>>`
    conditions: [{ type: Succeeded, status: Unknown }]
    taskSpec:
      steps: [{ image: i, workspaces: [{ name: w }] }, { name: s, image: i }]
      sidecars: [{ name: "", image: i, workspaces: [{ name: w, mountPath: /w }] }]
  `
  const written = await cluster.replaceStatus('TaskRun', { ...(await cluster.create('TaskRun', run)), status })
  expect(written.status).toEqual(status)
  expect((await cluster.get('TaskRun', key))?.status).toEqual(status)
  expect((await served.store.get('TaskRun', key))?.status).toMatchObject({
    podName: '',
    taskSpec: { steps: [{ name: '', workspaces: [{ name: 'w', mountPath: '' }] }, { name: 's' }] },
  })
  expect(withoutEmptyFields('ResolutionRequest', withRequiredFields('ResolutionRequest', { a: 1 }))).toEqual({ a: 1 })
  expect(withRequiredFields('ResolutionRequest', { data: 'eA==' })).toEqual({ data: 'eA==', refSource: {}, source: {} })
})
