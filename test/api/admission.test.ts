/** What Tekton's webhooks refuse or warn of, over the API: in their words, and nothing is stored. */
import { expect, test } from 'vitest'
import { yaml } from '../helpers/yaml.js'
import { PIPELINES, pipelineRun, RUNS, serveApi } from './world.js'

test('what Tekton’s webhook refuses is refused with its text, and what to do about it as cause', async () => {
  const { call, cluster } = await serveApi()
  const cycle = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: { name: round }
    spec:
      tasks:
        - { name: a, runAfter: [b], taskRef: { name: t } }
        - { name: b, runAfter: [a], taskRef: { name: t } }
  `
  const { status, body } = await call('POST', PIPELINES, { body: cycle })
  expect(status).toBe(400)
  expect(body).toMatchObject({
    kind: 'Status',
    status: 'Failure',
    reason: 'BadRequest',
    code: 400,
    message:
      'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: invalid value: cycle detected; task "a" depends on "b": spec.tasks',
    details: { causes: [{ reason: 'FieldValueInvalid', field: expect.stringContaining('spec.tasks') }] },
  })
  expect(await cluster.list('Pipeline')).toEqual([])
})

test('what is wrong with a kind of Triggers is said by the webhook of Triggers', async () => {
  const { call } = await serveApi()
  const { status, body } = await call('POST', '/apis/triggers.tekton.dev/v1beta1/namespaces/default/triggertemplates', {
    body: {
      apiVersion: 'triggers.tekton.dev/v1beta1',
      kind: 'TriggerTemplate',
      metadata: { name: 'empty' },
      spec: {},
    },
  })
  expect(status).toBe(400)
  expect(body).toMatchObject({
    message:
      'admission webhook "validation.webhook.triggers.tekton.dev" denied the request: validation failed: missing field(s): spec, spec.resourcetemplates',
  })
})

test('all problems of an object are told at once', async () => {
  const { call } = await serveApi()
  const body = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: { name: several }
    spec:
      tasks:
        - { name: a, taskRef: { name: t }, timeout: soon }
        - { name: b, taskRef: { name: 5 } }
  `
  const { message } = (await call('POST', PIPELINES, { body })).body as { message: string }
  expect(message).toContain('time: invalid duration "soon"')
  expect(message).toContain('spec.tasks[1].taskRef.name in body must be of type string')
})

test('a run that exists changes in no way but to be cancelled', async () => {
  const { call } = await serveApi()
  const { body: created } = await call('POST', RUNS, { body: pipelineRun })
  const spec = (created as { spec: object }).spec
  const other = { ...created, spec: { ...spec, pipelineRef: { name: 'another' } } }
  expect(await call('PUT', `${RUNS}/run`, { body: other })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('only status updates are allowed: spec') },
  })
  const cancelled = await call('PUT', `${RUNS}/run`, { body: { ...created, spec: { ...spec, status: 'Cancelled' } } })
  expect(cancelled).toMatchObject({ status: 200, body: { spec: { status: 'Cancelled' } } })
  const labelled = { ...cancelled.body, metadata: { ...(cancelled.body?.['metadata'] as object), labels: { a: 'b' } } }
  expect((await call('PUT', `${RUNS}/run`, { body: labelled })).status).toBe(200)
})

test('a child that the engine made without defaults can still be cancelled', async () => {
  const { call, cluster } = await serveApi()
  const made = await cluster.create('TaskRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'run-a', namespace: 'default' },
    spec: { taskRef: { name: 't' } },
  })
  const body = { ...made, spec: { ...made.spec, status: 'TaskRunCancelled' } }
  const path = '/apis/tekton.dev/v1/namespaces/default/taskruns/run-a'
  expect(await call('PUT', path, { body })).toMatchObject({
    status: 200,
    body: { spec: { status: 'TaskRunCancelled' } },
  })
})

test('how a run ended cannot be told otherwise', async () => {
  const { call } = await serveApi()
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'done' }
  const ended = {
    conditions: [condition],
    completionTime: '2026-01-01T00:00:00Z',
    results: [{ name: 'r', value: 'v' }],
  }
  const { body: created } = await call('POST', RUNS, { body: pipelineRun })
  const { body: done } = await call('PUT', `${RUNS}/run/status`, { body: { ...created, status: ended } })
  for (const change of [
    { conditions: [{ ...condition, status: 'False' }] },
    { conditions: [] },
    { completionTime: '2027-01-01T00:00:00Z' },
    { results: [] },
  ]) {
    const answer = await call('PUT', `${RUNS}/run/status`, { body: { ...done, status: { ...ended, ...change } } })
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ message: expect.stringContaining('Once the PipelineRun is complete') })
  }
  const more = { ...ended, finallyStartTime: '2026-01-01T00:00:00Z' }
  expect((await call('PUT', `${RUNS}/run/status`, { body: { ...done, status: more } })).status).toBe(200)
  expect((await call('GET', `${RUNS}/run`)).body).toMatchObject({ status: more })
})

test('what is taken and almost surely not meant comes with a warning, as kubectl shows it', async () => {
  const { call } = await serveApi()
  const path = '/apis/triggers.tekton.dev/v1beta1/namespaces/default/triggers'
  const trigger = (params: unknown) => ({
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'Trigger',
    metadata: { name: 't' },
    spec: { interceptors: [{ ref: { name: 'github' }, params }], template: { ref: 't' } },
  })
  const warning =
    '299 - "anybody may send this event: the interceptor github has no secretRef, so no signature is looked at: spec.interceptors[0]: add the param secretRef, and enter the value of that Secret in the webhook at the git host"'
  expect(await call('POST', path, { body: trigger([]) })).toMatchObject({ status: 201, warnings: [warning] })
  const guarded = [{ name: 'secretRef', value: { secretName: 's', secretKey: 'k' } }]
  const patch = (params: unknown) =>
    call('PATCH', `${path}/t`, { body: { spec: trigger(params).spec }, contentType: 'application/merge-patch+json' })
  expect(await patch(guarded)).toMatchObject({ status: 200, warnings: [] })
  expect(await patch([])).toMatchObject({ status: 200, warnings: [warning] })
  expect(await call('GET', `${path}/t`)).toMatchObject({ status: 200, warnings: [] })
})

test('quotes in a warning end no header value', async () => {
  const { call } = await serveApi()
  const task = {
    apiVersion: 'tekton.dev/v1',
    kind: 'Task',
    metadata: { name: 't' },
    spec: { steps: [{ image: 'i', env: [{ name: 'A', value: 'x' }], script: 'echo $$(A)' }] },
  }
  const answer = await call('POST', '/apis/tekton.dev/v1/namespaces/default/tasks', { body: task })
  expect(answer.status).toBe(201)
  expect(answer.warnings).toEqual([expect.stringMatching(/^299 - "the shell reads \$\$\(A\) .*\\"\(A\)\\".*"$/)])
})
