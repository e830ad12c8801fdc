/** An API server that takes objects up to a limit: what a run came to is written all the same. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import type { Fault, ProxiedRequest } from '../../helpers/fault-proxy.js'
import { expectNoErrors, PUT_STATUS, startWorld } from './world.js'

/** As etcd's limit comes back from an API server. */
function limitTo(bytes: number, pattern: RegExp): (request: ProxiedRequest) => Fault {
  return ({ method, path, headers }) =>
    pattern.test(`${method} ${path}`) && Number(headers['content-length']) > bytes
      ? { is: 'refuse', status: { code: 500, message: 'etcdserver: request is too large' } }
      : { is: 'none' }
}

const SCRIPT = 'x'.repeat(6_000)
const run = (retries: number) => `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  retries: ${retries}
  taskSpec:
    results: [{ name: sum }]
    steps: [{ name: s, image: sh, results: [{ name: own }], script: "# ${SCRIPT}" }]
`
const ends = (exitCode: number) => ({
  results: { sum: '42' },
  steps: { s: { exitCode, stepResults: { own: 'y'.repeat(500) } } },
})

test('a run whose end is too large succeeds, with its results and without what is told elsewhere', async () => {
  const sum = '4'.repeat(3_000)
  const world = await startWorld(run(0), {
    // What the run went on with is taken; its end is larger, also without what its steps tell.
    choose: limitTo(15_000, PUT_STATUS),
    plan: () => ({ results: { sum }, steps: { s: { stepResults: { own: 'y'.repeat(500) } } } }),
  })
  const ended = await world.ended('TaskRun', 'one')
  expect(succeededCondition(ended)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(succeededCondition(ended)?.message).toMatch(
    /^All Steps have completed executing\. This status is not stored as a whole, because it is too large \(etcdserver: request is too large\)\. Left out: .*the task/,
  )
  expect(ended.status?.results).toEqual([{ name: 'sum', type: 'string', value: sum }])
  const isTold = () =>
    world.lines.some(({ level, message }) => level === 'warn' && message === 'a status is stored without detail')
  await expect.poll(isTold, { timeout: 10_000 }).toBe(true)
  expectNoErrors(world)
})

test('earlier attempts are told shorter, so that a run with many retries goes on to its end', async () => {
  const limit = 26_000
  const world = await startWorld(run(4), {
    choose: limitTo(limit, PUT_STATUS),
    plan: name => ends(name === 'one-pod-retry4' ? 0 : 1),
  })
  const ended = await world.ended('TaskRun', 'one')
  expect(succeededCondition(ended)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(ended.status?.retriesStatus?.map(({ podName }) => podName)).toEqual([
    'one-pod',
    'one-pod-retry1',
    'one-pod-retry2',
    'one-pod-retry3',
  ])
  expect(ended.status?.retriesStatus?.map(attempt => succeededCondition({ status: attempt })?.reason)).toEqual(
    Array(4).fill('StepFailed'),
  )
  expect(JSON.stringify(ended).length).toBeLessThan(limit)
  expect(await world.store.list('Pod')).toHaveLength(5)
  expectNoErrors(world)
})

test('a run that cannot go on within the limit ends, says why, and its Pod goes', async () => {
  const world = await startWorld(run(0), {
    choose: limitTo(9_000, PUT_STATUS),
    plan: () => ({ steps: { s: { ms: 60_000 } } }),
  })
  const ended = await world.ended('TaskRun', 'one')
  expect(succeededCondition(ended)).toMatchObject({ status: 'False', reason: 'Failed' })
  expect(succeededCondition(ended)?.message).toContain('cannot be stored any more: etcdserver: request is too large')
  await expect.poll(async () => (await world.store.list('Pod')).length, { timeout: 10_000 }).toBe(0)
  expectNoErrors(world)
})
