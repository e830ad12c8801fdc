/**
 * Everything that a stranger or a tired author can send, to a real `tektite up`: what is answered, what the message
 * says, and that nothing else changes.
 */
import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import {
  apply,
  callApi,
  deliver,
  doneRun,
  engineOfFile,
  everything,
  pathOf,
  pipelineRuns,
  saying,
  signature,
  waitUntil,
} from '../../helpers/engine.js'
import { yaml } from '../../helpers/yaml.js'

const GOOD = JSON.stringify({ who: 'world' })
const engine = engineOfFile('bad-input', readFileSync(join(import.meta.dirname, 'manifests.yaml'), 'utf8'))

/** Does it, and looks that no run and no Pod anywhere is new, gone or otherwise than before. */
async function changingNothing<T>(act: () => Promise<T>): Promise<T> {
  const before = await everything(engine)
  const answer = await act()
  expect(await everything(engine)).toEqual(before)
  return answer
}

test.each([
  ['a wrong signature', signature(GOOD, 'wrong'), /payload signature check failed/, /enter the same value/],
  ['no signature', {}, /no X-Hub-Signature-256 header set/, /enter the secret's value in the webhook's settings/],
  [
    'a signature of another body',
    signature('{"who":"me"}', 'right'),
    /payload signature check failed/,
    /enter the same/,
  ],
  [
    'a signature that is none',
    { 'x-hub-signature-256': 'sha256=' },
    /payload signature check failed/,
    /enter the same/,
  ],
] as const)('%s is answered 202, as by Tekton; the log says why and what to do', async (_, headers, why, wayOut) => {
  const logged = engine.said().length
  const answer = await changingNothing(() => deliver(engine, 'guarded', GOOD, headers))
  expect(answer.status).toBe(202)
  expect(JSON.parse(answer.text)).toMatchObject({ eventListener: 'guarded', namespace: 'default' })
  // Whether the secret was right is nobody's to find out by asking.
  expect(answer.text).not.toMatch(/signature|secret|token/i)
  const line = await waitUntil('the rejection to be logged', () =>
    engine
      .said()
      .slice(logged)
      .split('\n')
      .find(each => each.includes('delivery rejected')),
  )
  expect(line).toMatch(why)
  expect(line).toMatch(wayOut)
  for (const named of ['default/guarded', 'push', 'X-Hub-Signature-256', 'default/webhook key token']) {
    expect(line).toContain(named)
  }
  expect(line).not.toContain('right')
})

/** A request whose body is written by `write`; the answer counts, also when it comes before all is sent. */
function post(path: string, headers: Readonly<Record<string, string>>, write: (sending: ClientRequest) => void) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(engine.hooks)
    const sending = request({ hostname, port, path, method: 'POST', headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text })
        sending.destroy()
      })
    })
    sending.on('error', reject)
    write(sending)
  })
}

const OVER = 26_214_401

test('a body that says it is over 25 MB is 413 before it is sent', async () => {
  const headers = { 'content-type': 'application/json', 'content-length': `${OVER}` }
  const { status, text } = await changingNothing(() =>
    post('/hooks/default/guarded', headers, sending => sending.flushHeaders()),
  )
  expect(status).toBe(413)
  expect(JSON.parse(text)).toEqual({
    message: expect.stringMatching(
      /^the body is larger than 26214400 bytes, the most that EventListener \S+ takes: send less/,
    ),
  })
  await saying(engine, 'delivery too large')
})

test('a body that turns out to be over 25 MB is 413 too', async () => {
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
  const { status } = await changingNothing(() =>
    // Left open: an end would be a body of just that size.
    post('/hooks/default/guarded', headers, sending => sending.write(Buffer.alloc(OVER, 'x'))),
  )
  expect(status).toBe(413)
})

test('an unknown listener is 404, named, with the way out', async () => {
  const { status, text } = await changingNothing(() => deliver(engine, 'nobody', GOOD))
  expect(status).toBe(404)
  expect(JSON.parse(text)).toEqual({
    message: 'EventListener "default/nobody" does not exist: create it, or correct the webhook\'s URL',
  })
})

test.each([
  ['broken JSON', '{"who": "wor'],
  ['a JSON array', '[{"who": "world"}]'],
  ['a JSON text', '"world"'],
  ['nothing', ''],
])('%s is 400 with Tekton’s body', async (_, body) => {
  const answer = await changingNothing(() => deliver(engine, 'guarded', body, signature(body, 'right')))
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text)).toEqual({
    eventListener: 'guarded',
    namespace: 'default',
    eventListenerUID: '',
    errorMessage: expect.stringMatching(/^Invalid event body format : ./),
  })
})

test('a template that names an unknown param is refused when it is applied', async () => {
  const template = yaml<object>`
    apiVersion: triggers.tekton.dev/v1beta1
    kind: TriggerTemplate
    metadata: { name: stray }
    spec:
      params: [{ name: who }]
      resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: { generateName: stray- }
          spec: { pipelineRef: { name: $(tt.params.whom) } }
  `
  const path = pathOf('TriggerTemplate', 'default')
  const { status, body } = await changingNothing(() => callApi(engine, 'POST', path, template))
  expect([status, body['kind'], body['reason']]).toEqual([400, 'Status', 'BadRequest'])
  expect(body.message).toContain('$(tt.params.whom)')
  expect(body.message).toContain('spec.resourcetemplates[0]')
  const { causes } = body['details'] as { causes: readonly { field: string; message: string }[] }
  expect(causes).toHaveLength(1)
  expect((await callApi(engine, 'GET', `${path}/stray`)).status).toBe(404)
})

test('a pipeline with a cycle is refused when it is applied, in Tekton’s words', async () => {
  const pipeline = yaml<object>`
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: { name: cycle }
    spec:
      tasks:
        - { name: a, runAfter: [b], taskRef: { name: hello } }
        - { name: b, runAfter: [a], taskRef: { name: hello } }
  `
  const path = pathOf('Pipeline', 'default')
  const { status, body } = await changingNothing(() => callApi(engine, 'POST', path, pipeline))
  expect(status).toBe(400)
  expect(body.message).toBe(
    'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: invalid value: cycle detected; task "a" depends on "b": spec.tasks',
  )
  expect((await callApi(engine, 'GET', `${path}/cycle`)).status).toBe(404)
})

test('a cycle inside a template fails its trigger when the event comes, and what stands beside it is not made either', async () => {
  const answer = await changingNothing(async () => {
    const delivered = await deliver(engine, 'round', GOOD)
    await saying(engine, 'trigger failed')
    return delivered
  })
  expect(answer.status).toBe(202)
  const line = lastLine('trigger failed')
  expect(JSON.parse(line)).toMatchObject({ trigger: 'push', namespace: 'default' })
  for (const named of ['resourcetemplates[1]', 'cycle detected', 'task \\"a\\" depends on \\"b\\"']) {
    expect(line.replaceAll('\\\\', '\\')).toContain(named)
  }
})

test('a body that lacks what a binding reads fails its trigger, naming the path', async () => {
  await changingNothing(async () => {
    expect((await deliver(engine, 'forgetful', GOOD)).status).toBe(202)
    await saying(engine, 'body.nobody.knows')
  })
  expect(lastLine('trigger failed')).toContain('nobody')
})

function lastLine(text: string): string {
  return (
    engine
      .said()
      .split('\n')
      .findLast(line => line.includes(text)) ?? ''
  )
}

test('a missing param ends the run with ParameterMissing; no task begins', async () => {
  const before = await everything(engine)
  await apply(
    engine,
    'apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: { name: no-param }\nspec: { pipelineRef: { name: hello } }',
  )
  const run = await doneRun(engine, 'no-param')
  expect(succeededCondition(run)).toMatchObject({
    status: 'False',
    reason: 'ParameterMissing',
    message:
      '[User error] PipelineRun default/no-param is missing some parameters required by Pipeline default/hello: pipelineRun missing parameters: [who]',
  })
  expect(run.status?.childReferences ?? []).toEqual([])
  expect(withoutRun(await everything(engine), 'no-param')).toEqual(before)
})

test('an unknown task ends the run with CouldntGetTask; the task that is known does not begin', async () => {
  const before = await everything(engine)
  await apply(
    engine,
    'apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: { name: no-task }\nspec: { pipelineRef: { name: lost } }',
  )
  const run = await doneRun(engine, 'no-task')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'CouldntGetTask' })
  const message = succeededCondition(run)?.message ?? ''
  for (const named of ['default/lost', 'Couldn\'t retrieve Task "nobody"', 'tasks.tekton.dev "nobody" not found']) {
    expect(message).toContain(named)
  }
  expect(withoutRun(await everything(engine), 'no-task')).toEqual(before)
})

function withoutRun(objects: readonly unknown[], name: string): readonly unknown[] {
  return (objects as readonly { metadata: { name: string } }[]).filter(object => object.metadata.name !== name)
}

test('after all of it a good delivery becomes exactly one run, and it succeeds', async () => {
  const before = await pipelineRuns(engine)
  const headers = { ...signature(GOOD, 'right'), 'x-github-delivery': 'the-good-one' }
  expect((await deliver(engine, 'guarded', GOOD, headers)).status).toBe(202)
  expect((await deliver(engine, 'guarded', GOOD, headers)).status).toBe(202)
  const [made] = await waitUntil('the run', async () => {
    const added = (await pipelineRuns(engine)).filter(run => run.metadata.name.startsWith('hello-'))
    return added.length > 0 && added
  })
  const run = await doneRun(engine, made?.metadata.name ?? '')
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(await pipelineRuns(engine)).toHaveLength(before.length + 1)
})
