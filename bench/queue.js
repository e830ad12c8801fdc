/**
 * Our queue of runs against BullMQ as it comes: jobs that do nothing through 1, 2 and 4 worker processes, the time from
 * adding until work begins, and a worker that is killed with 200 jobs in its hands.
 *
 *   node bench/queue.js [--small]
 */
import { join } from 'node:path'
import { openBullmqQueue } from '../dist/src/queue/bullmq.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'
import { startRedis, withProcesses } from './processes.js'
import { openRawQueue, openRawWorker } from './raw-bullmq.js'

const isSmall = process.argv.includes('--small')
const JOBS = isSmall ? 2_000 : 20_000
const WORKERS = isSmall ? [1, 2] : [1, 2, 4]
const ROUNDS = isSmall ? 1 : 3
const LATENCIES = isSmall ? 100 : 500
const CONCURRENCY = 32
const HELD = 200
const LOG = { debug() {}, info() {}, warn: console.error, error: console.error }
const results = []

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

function startWorker(start, how, url, concurrency = CONCURRENCY) {
  return start(process.execPath, [join(ROOT, 'bench/queue-process.js'), how, url, `${concurrency}`], { name: how })
}

async function fill(add) {
  const began = performance.now()
  for (let at = 0; at < JOBS; at += 200) await Promise.all(Array.from({ length: 200 }, (_, index) => add(at + index)))
  return JOBS / ((performance.now() - began) / 1_000)
}

/** Jobs a second, from when the workers are ready until the last one is done. */
async function drain(start, how, redis, count, { add, depth }) {
  const added = await fill(add)
  const began = performance.now()
  const workers = await Promise.all(
    Array.from({ length: count }, async () => {
      const worker = startWorker(start, how, redis.url)
      await worker.says(/ready/)
      return worker
    }),
  )
  const left = await depth()
  const ready = performance.now()
  while ((await depth()) > 0) await pause(5)
  const seconds = (performance.now() - ready) / 1_000
  for (const worker of workers) await worker.end('SIGTERM')
  // A fast one is done before the slowest has started.
  const rate = left > JOBS / 4 ? left / seconds : JOBS / ((performance.now() - began) / 1_000)
  return { added, rate }
}

const keyOf = index => `TaskRun/default/run-${index}`

async function withQueues(redis, work) {
  const ours = await openBullmqQueue({ redisUrl: redis.url, log: LOG })
  const raw = openRawQueue(redis.url)
  try {
    return await work({
      ours: { add: index => ours.wake(keyOf(index)), depth: () => ours.depth() },
      raw: { add: index => raw.add({ index }), depth: () => raw.depth() },
      queue: ours,
    })
  } finally {
    await ours.close()
    await raw.close()
  }
}

async function memoryOf(redis) {
  const connection = new (await import('ioredis')).Redis(redis.url)
  const info = await connection.info('memory')
  connection.disconnect()
  return Number(/used_memory:(\d+)/.exec(info)?.[1])
}

async function measureRates(start, redis, queues) {
  for (const count of WORKERS) {
    const rates = { raw: [], ours: [] }
    const adds = { raw: [], ours: [] }
    for (let round = 0; round < ROUNDS; round++) {
      // In turns, so that what else the machine does meets both alike.
      for (const how of ['raw', 'ours']) {
        const { added, rate } = await drain(start, how, redis, count, queues[how])
        rates[how].push(rate)
        adds[how].push(added)
      }
    }
    const [ours, raw] = [summary(rates.ours).p50, summary(rates.raw).p50]
    const [wakes, rawAdds] = [summary(adds.ours).p50, summary(adds.raw).p50]
    results.push({
      what: `${count} ${count === 1 ? 'worker' : 'workers'}: jobs that do nothing`,
      figure: `${ours.toFixed(0)}/s (${wakes.toFixed(0)}/s added, 200 at once)`,
      compare: `raw BullMQ ${raw.toFixed(0)}/s (${rawAdds.toFixed(0)}/s added): ${((100 * ours) / raw).toFixed(0)} %; goal 35 %`,
    })
    console.log(results.at(-1))
  }
}

/** In this process: from before the job is added until its handler is called, nothing else to do. */
async function measureLatency(redis, { ours, raw, queue }) {
  const figures = {}
  for (const how of ['raw', 'ours']) {
    let began = 0
    let tell
    const samples = []
    const begin = async () => {
      samples.push(performance.now() - began)
      tell()
      return { kind: 'settled' }
    }
    const worker =
      how === 'raw'
        ? openRawWorker(redis.url, { concurrency: CONCURRENCY, process: begin })
        : queue.work(begin, { concurrency: CONCURRENCY })
    await pause(500)
    for (let index = 0; index < LATENCIES; index++) {
      const called = new Promise(resolve => (tell = resolve))
      began = performance.now()
      await (how === 'raw' ? raw : ours).add(index)
      await called
      await pause(2)
    }
    await worker.close()
    figures[how] = summary(samples.slice(20))
  }
  const more = figures.ours.p50 - figures.raw.p50
  results.push({
    what: 'added → begun',
    figure: milliseconds(figures.ours),
    compare: `raw BullMQ ${milliseconds(figures.raw)}: ${more.toFixed(2)} ms more; goal 0.5 ms`,
  })
  console.log(results.at(-1))
}

async function measureMemory(redis, { ours }) {
  const before = await memoryOf(redis)
  await fill(ours.add)
  const waiting = await memoryOf(redis)
  results.push({
    what: 'Redis memory, a waiting run',
    figure: `${((waiting - before) / JOBS).toFixed(0)} bytes`,
    compare: `${(waiting / 2 ** 20).toFixed(1)} MiB with ${JOBS} waiting`,
  })
}

/** From the kill until all that it had is done elsewhere. */
async function measureKill(start, redis, { ours }) {
  const samples = []
  for (let round = 0; round < ROUNDS; round++) {
    const holder = startWorker(start, 'holding', redis.url, HELD)
    await holder.says(/ready/)
    await Promise.all(Array.from({ length: HELD }, (_, index) => ours.add(index)))
    await holder.says(new RegExp(`holds ${HELD}\\b`))
    const other = startWorker(start, 'ours', redis.url)
    await other.says(/ready/)
    await holder.end('SIGKILL')
    const killed = performance.now()
    while ((await ours.depth()) > 0) await pause(5)
    samples.push(performance.now() - killed)
    await other.end('SIGTERM')
  }
  results.push({
    what: `kill -9 of a worker with ${HELD} jobs → all done elsewhere`,
    figure: milliseconds(summary(samples)),
    compare: 'goal 2 s; BullMQ as it comes: about 30 s',
  })
  console.log(results.at(-1))
}

await withFolder(folder =>
  withProcesses(async start => {
    const redis = await startRedis(start, folder)
    await withQueues(redis, async queues => {
      await measureRates(start, redis, queues)
      await measureLatency(redis, queues)
      await measureKill(start, redis, queues)
      await measureMemory(redis, queues)
    })
  }),
)
report('queue', results)
