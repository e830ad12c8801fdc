/** An API server that is slow, away, throttling, or that loses answers: no run fails of it, and nothing is done twice. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import { cases } from '../../helpers/cases.js'
import type { Fault } from '../../helpers/fault-proxy.js'
import { countOf, expectNoErrors, first, POST_PODS, PUT_STATUS, startWorld, TASK_RUN } from './world.js'

test.each(
  cases<Fault>({
    'priority and fairness': {
      is: 'refuse',
      status: { code: 429, reason: 'TooManyRequests', message: 'The request was rejected: too many requests' },
    },
    'away for a moment': { is: 'drop' },
    'etcd between two leaders': { is: 'refuse', status: { code: 500, message: 'etcdserver: leader changed' } },
    '500 after the Pod was made': { is: 'answer afterwards', code: 500 },
    '503 after the Pod was made': { is: 'answer afterwards', code: 503 },
    'the answer is lost after the Pod was made': { is: 'lose reply' },
  }),
)('%s: one Pod, and the run is done', async (_, fault) => {
  const world = await startWorld(TASK_RUN, { choose: first(1, POST_PODS, fault) })
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  expect(await world.store.list('Pod')).toHaveLength(1)
  expect(countOf(world, POST_PODS)).toBe(2)
  expectNoErrors(world)
})

test('throttling with Retry-After: nobody asks before that', async () => {
  let from = Number.POSITIVE_INFINITY
  const world = await startWorld(TASK_RUN, {
    choose({ method, path }) {
      if (!POST_PODS.test(`${method} ${path}`)) return { is: 'none' }
      from = Math.min(from, performance.now() + 900)
      return performance.now() < from ? { is: 'answer', code: 429, retryAfterSeconds: 1 } : { is: 'none' }
    },
  })
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  // With its own pauses the engine would have asked dozens of times.
  expect(countOf(world, POST_PODS)).toBe(2)
})

test.each(
  cases<Fault>({
    'is lost': { is: 'lose reply' },
    'is a failure': { is: 'answer afterwards', code: 503 },
    'breaks off': { is: 'half a reply' },
  }),
)('every status is written, and the answer %s: each is written once', async (_, fault) => {
  let puts = 0
  const world = await startWorld(TASK_RUN, {
    // Every second one, so that each write meets it on its first try.
    choose: ({ method, path }) => (PUT_STATUS.test(`${method} ${path}`) && puts++ % 2 === 0 ? fault : { is: 'none' }),
  })
  const run = await world.ended('TaskRun', 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'True' })
  const said = world.seen('one')
  expect(new Set(said).size).toBe(said.length)
  expect(await world.store.list('Pod')).toHaveLength(1)
})

test('away for a long time in the middle of a run: what was begun goes on, nothing fails', async () => {
  let isAway = false
  const world = await startWorld(TASK_RUN, {
    choose: ({ isWatch }) => (isAway ? { is: isWatch ? 'cut' : 'drop', lines: 0 } : { is: 'none' }),
    plan: () => ({ steps: { s: { ms: 100 } } }),
  })
  await expect.poll(async () => (await world.store.list('Pod')).length, { timeout: 10_000 }).toBe(1)
  isAway = true
  const ended = ['Succeeded', 'Failed']
  const phase = async () => (await world.store.list('Pod'))[0]?.status?.phase ?? ''
  await expect.poll(async () => ended.includes(await phase()), { timeout: 10_000 }).toBe(true)
  isAway = false
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  expect(await world.store.list('Pod')).toHaveLength(1)
})

test('a token that expires is asked for anew, and no run notices', async () => {
  let [kept, valid] = [1, 1]
  let refused = 0
  const world = await startWorld(TASK_RUN, {
    // As the file of a service account: what is kept is asked for anew only when it was refused.
    credentials(wasRefused) {
      if (wasRefused) kept = valid
      return { 'x-token': `${kept}` }
    },
    choose({ headers, path, method }) {
      if (POST_PODS.test(`${method} ${path}`)) valid = 2
      if (headers['x-token'] === `${valid}`) return { is: 'none' }
      refused += 1
      return { is: 'refuse', status: { code: 401, reason: 'Unauthorized', message: 'Unauthorized' } }
    },
  })
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  expect(refused).toBeGreaterThan(0)
  expect(await world.store.list('Pod')).toHaveLength(1)
  expectNoErrors(world)
})
