/** What workers are scaled on: the depth of the queue follows a burst up, and down again, for every process that is asked. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { SILENT } from '../../src/lib/log.js'
import { createProcessMetrics } from '../../src/metrics/process-metrics.js'
import { openBullmqQueue } from '../../src/queue/bullmq.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { until } from '../kubelet/until.js'

const DEADLINE_MS = 5_000
const BURST = 500
const CONCURRENCY = 32

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

async function openProcess() {
  const queue = await openBullmqQueue({ redisUrl: redis.url, log: SILENT })
  onTestFinished(() => queue.close())
  const metrics = createProcessMetrics({ runs: queue.depth })
  const depth = async () => Number(/^tektite_queue_depth\{queue="runs"\} (\d+)$/m.exec(await metrics.text())?.[1])
  return { queue, depth }
}

test('a burst is seen within five seconds, and its end too, whoever works', async () => {
  const [busy, idle] = await Promise.all([openProcess(), openProcess()])
  const depthIs = (wanted: number) => async () => {
    const depths = await Promise.all([busy.depth(), idle.depth()])
    return depths.every(depth => depth === wanted)
  }
  expect(await depthIs(0)()).toBe(true)
  await Promise.all(Array.from({ length: BURST }, (_, index) => busy.queue.wake(`TaskRun/default/run-${index}`)))
  await until('the burst to be seen', depthIs(BURST), DEADLINE_MS)

  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  let begun = 0
  const worker = busy.queue.work(
    async () => {
      begun += 1
      await held
      return { kind: 'settled' }
    },
    { concurrency: CONCURRENCY },
  )
  onTestFinished(() => worker.close())
  // What is worked on has not left the queue: a worker that is busy is not one too many.
  await until('work to have begun', () => begun === CONCURRENCY, DEADLINE_MS)
  expect(await depthIs(BURST)()).toBe(true)
  release()
  await until('the end of the burst to be seen', depthIs(0), DEADLINE_MS)
})
