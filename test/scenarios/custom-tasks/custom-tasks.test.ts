/** Custom tasks with a real engine and a controller that is a process of its own. Needs `npm run build`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomRun, PipelineRun } from '../../../src/resources/tekton.js'
import { isDone, succeededCondition } from '../../../src/status/conditions.js'
import { ROOT } from '../../helpers/cli.js'
import { apply, callApi, doneRun, engineOfFile, pathOf, waitUntil } from '../../helpers/engine.js'

const engine = engineOfFile('custom-tasks')
let stop: () => Promise<unknown>

beforeAll(async () => {
  const program = join(ROOT, 'test/scenarios/custom-tasks/wait-controller.mjs')
  const controller = spawn(process.execPath, [program, engine.api, engine.token], { stdio: 'inherit' })
  stop = () => {
    const closed = once(controller, 'close')
    controller.kill()
    return closed
  }
}, 60_000)

afterAll(async () => {
  await stop()
})

const WAIT = 'apiVersion: example.dev/v1, kind: Wait'

const run = (name: string, spec: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name}, labels: { team: x } }
spec:${spec.replaceAll('\n', '\n  ')}
`

async function customRun(name: string): Promise<CustomRun> {
  const { body } = await callApi(engine, 'GET', `${pathOf('CustomRun', 'default')}/${name}`)
  return body as unknown as CustomRun
}

async function taskRunParams(name: string): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await callApi(engine, 'GET', `${pathOf('TaskRun', 'default')}/${name}`)
  const { params } = body['spec'] as { params: readonly { name: string; value: unknown }[] }
  return Object.fromEntries(params.map(({ name: param, value }) => [param, value]))
}

async function ask(name: string, status: string): Promise<void> {
  await waitUntil(`${name} to be asked for ${status}`, async () => {
    const path = `${pathOf('PipelineRun', 'default')}/${name}`
    const { body } = await callApi(engine, 'GET', path)
    const asked = { ...body, spec: { ...(body['spec'] as object), status } }
    return (await callApi(engine, 'PUT', path, asked)).status === 200
  })
}

const verdict = (one: PipelineRun | CustomRun) => {
  const { status, reason, message } = succeededCondition(one) ?? {}
  return { is: `${status} ${reason}`, message }
}

test('params, workspaces, account, retries and the embedded spec go in; results of all types come out', async () => {
  await apply(
    engine,
    run(
      'whole',
      `
params: [{ name: word, value: hello }]
taskRunSpecs: [{ pipelineTaskName: wait, serviceAccountName: waiter }]
workspaces: [{ name: w, subPath: top, emptyDir: {} }]
pipelineSpec:
  params: [{ name: word }]
  workspaces: [{ name: w }]
  results:
    - { name: attempts, value: $(tasks.wait.results.attempts) }
    - { name: last, value: $(finally.last.results.status) }
  tasks:
    - name: wait
      retries: 2
      timeout: 5m
      workspaces: [{ name: in, workspace: w, subPath: sub }]
      params:
        - { name: word, value: $(params.word) }
        - { name: list, value: [one, two] }
        - { name: pairs, value: { k: v } }
        - { name: failures, value: "2" }
      taskRef: { ${WAIT}, name: some }
    - name: inline
      when: [{ input: $(tasks.wait.results.word), operator: in, values: [hello] }]
      taskSpec: { ${WAIT}, metadata: { labels: { own: "1" } }, spec: { verbatim: $(params.word) } }
    - name: use
      params:
        - { name: text, value: "$(tasks.wait.results.word) $(tasks.wait.results.account) $(tasks.wait.results.where)" }
        - { name: list, value: ["$(tasks.wait.results.list[*])"] }
        - { name: second, value: "$(tasks.wait.results.list[1])" }
        - { name: key, value: $(tasks.wait.results.pairs.k) }
        - { name: raw, value: $(tasks.inline.results.raw) }
        - { name: account, value: $(tasks.inline.results.account) }
      taskSpec:
        params:
          - { name: text }
          - { name: list, type: array }
          - { name: second }
          - { name: key }
          - { name: raw }
          - { name: account }
        steps: [{ name: s, image: alpine, script: "true" }]
  finally:
    - name: last
      params: [{ name: status, value: "$(tasks.wait.status) $(tasks.wait.reason)" }]
      taskRef: { ${WAIT} }`,
    ),
  )
  const done = await doneRun(engine, 'whole')
  expect(verdict(done)).toEqual({
    is: 'True Succeeded',
    message: 'Tasks Completed: 4 (Failed: 0, Cancelled 0), Skipped: 0',
  })
  expect(done.status?.results).toEqual([
    { name: 'attempts', value: '3' },
    { name: 'last', value: 'Succeeded Succeeded' },
  ])
  expect(await taskRunParams('whole-use')).toEqual({
    text: 'hello waiter in/top/sub',
    list: ['one', 'two'],
    second: 'two',
    key: 'v',
    raw: '{"verbatim":"$(params.word)"}',
    account: 'default',
  })
  const { metadata, spec, status } = await customRun('whole-wait')
  expect(spec).toMatchObject({ retries: 2, timeout: '5m0s', customRef: { name: 'some' } })
  expect(metadata.labels).toEqual({
    team: 'x',
    'tekton.dev/pipeline': 'whole',
    'tekton.dev/pipelineRun': 'whole',
    'tekton.dev/pipelineRunUID': done.metadata.uid,
    'tekton.dev/pipelineTask': 'wait',
    'tekton.dev/memberOf': 'tasks',
  })
  expect(status).toMatchObject({ extraFields: { waited: { long: ['enough'] } }, retriesStatus: [{}, {}] })
  expect(done.status?.childReferences?.map(one => `${one.apiVersion} ${one.kind} ${one.name}`)).toEqual([
    'tekton.dev/v1beta1 CustomRun whole-wait',
    'tekton.dev/v1beta1 CustomRun whole-inline',
    'tekton.dev/v1 TaskRun whole-use',
    'tekton.dev/v1beta1 CustomRun whole-last',
  ])
})

test('a matrix of custom tasks, one of which gives up', async () => {
  await apply(
    engine,
    run(
      'many',
      `
pipelineSpec:
  tasks:
    - name: wait
      matrix: { params: [{ name: failures, value: ["0", "1"] }] }
      taskRef: { ${WAIT} }
    - { name: after, runAfter: [wait], taskRef: { ${WAIT} } }`,
    ),
  )
  const done = await doneRun(engine, 'many')
  expect(verdict(done)).toEqual({
    is: 'False Failed',
    message: 'Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 1',
  })
  expect(verdict(await customRun('many-wait-0')).is).toBe('True Succeeded')
  expect(verdict(await customRun('many-wait-1'))).toEqual({ is: 'False GaveUp', message: 'waited in vain' })
})

test('a graceful cancel waits for the controller to say that it has stopped', async () => {
  await apply(
    engine,
    run(
      'cancelled',
      `
pipelineSpec:
  tasks: [{ name: wait, params: [{ name: until, value: cancelled }], taskRef: { ${WAIT} } }]
  finally: [{ name: last, params: [{ name: word, value: $(tasks.wait.status) }], taskRef: { ${WAIT} } }]`,
    ),
  )
  await waitUntil('the wait', async () => succeededCondition(await customRun('cancelled-wait'))?.reason === 'Running')
  await ask('cancelled', 'CancelledRunFinally')
  const done = await doneRun(engine, 'cancelled')
  expect(verdict(done)).toEqual({ is: 'False Cancelled', message: 'PipelineRun "cancelled" was cancelled' })
  expect(verdict(await customRun('cancelled-wait'))).toEqual({
    is: 'False CustomRunCancelled',
    message: 'CustomRun cancelled as the PipelineRun it belongs to has been cancelled.',
  })
  expect((await customRun('cancelled-last')).status?.results?.[0]).toEqual({ name: 'word', value: 'Failed' })
})

test('34.53 apiVersion tekton.dev/v1 in a taskRef makes a CustomRun, and one that nobody runs ends by timeout', async () => {
  await apply(
    engine,
    run(
      'nobody',
      `
timeouts: { pipeline: 1s }
pipelineSpec:
  tasks: [{ name: wait, taskRef: { apiVersion: tekton.dev/v1, kind: Task, name: t } }]`,
    ),
  )
  const done = await doneRun(engine, 'nobody')
  expect(verdict(done)).toEqual({
    is: 'False PipelineRunTimeout',
    message: 'PipelineRun "nobody" failed to finish within "1s"',
  })
  const custom = await customRun('nobody-wait')
  expect(custom.spec).toMatchObject({
    customRef: { apiVersion: 'tekton.dev/v1', kind: 'Task', name: 't' },
    status: 'RunCancelled',
    statusMessage: 'CustomRun cancelled as the PipelineRun it belongs to has timed out.',
  })
  expect(custom.status).toBeUndefined()
})

test.each([
  ['no object', 'nonsense'],
  ['conditions that are none', { conditions: 'True', results: { a: 1 } }],
  [
    'conditions of anything',
    { conditions: [null, 1, { type: 'Succeeded', status: true, reason: {} }], results: [null] },
  ],
])('a status that is %s disturbs nobody', async (what, status) => {
  const name = `odd-${what.replaceAll(' ', '-')}`
  await apply(
    engine,
    run(
      name,
      `
pipelineSpec:
  results: [{ name: r, value: $(tasks.odd.results.r) }]
  tasks:
    - { name: odd, taskRef: { apiVersion: example.dev/v1, kind: Odd } }
    - { name: other, taskRef: { ${WAIT} } }`,
    ),
  )
  const path = `${pathOf('CustomRun', 'default')}/${name}-odd/status`
  const odd = await waitUntil('the CustomRun', async () => {
    const found = await customRun(`${name}-odd`)
    return found.kind === 'CustomRun' && found
  })
  await callApi(engine, 'PUT', path, { ...odd, status })
  await waitUntil('the other task', async () => isDone(await customRun(`${name}-other`)))
  // The controller comes to its senses.
  const conditions = [{ type: 'Succeeded', status: 'True' }]
  const results = [{ name: 'r', value: 'v' }]
  const last = await callApi(engine, 'PUT', path, {
    ...(await customRun(`${name}-odd`)),
    status: { conditions, results },
  })
  expect(last.status).toBe(200)
  const done = await doneRun(engine, name)
  expect(verdict(done).is).toBe('True Succeeded')
  expect(done.status?.results).toEqual([{ name: 'r', value: 'v' }])
})
