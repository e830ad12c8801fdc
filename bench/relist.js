/**
 * What runs that ended cost a worker process that starts: an API server cannot be asked for what is unfinished, so every
 * list brings all of them, in pages that are dropped one by one.
 *
 *   node bench/relist.js [--small]
 */
import { join } from 'node:path'
import { openEmbeddedCluster } from '../dist/src/cluster/embedded/store.js'
import { openDatabase } from '../dist/src/storage/lmdb.js'
import { pipelineRun, withBareEngine } from './bare.js'
import { report, withFolder } from './measure.js'
import { scrape, startApi, startRedis, startWorkers, usageOf, withProcesses } from './processes.js'

const isSmall = process.argv.includes('--small')
const FINISHED = isSmall ? [0, 500] : [0, 1_000, 10_000]
const results = []

/** One real run and its TaskRun, as they are when they have ended. */
async function example(folder) {
  return withBareEngine(join(folder, 'data'), async ({ cluster, runToEnd }) => {
    const [run] = await runToEnd([pipelineRun(1)])
    const [taskRun] = await cluster.list('TaskRun')
    for (const { metadata } of await cluster.list('Pod')) await cluster.delete('Pod', metadata, { graceSeconds: 0 })
    return { run, taskRun }
  })
}

async function copies(folder, { run, taskRun }, from, to) {
  const database = openDatabase(join(folder, 'data/store'), { durable: false })
  const cluster = openEmbeddedCluster({ database })
  const copy = async (object, index) => {
    const { name: before, labels, annotations } = object.metadata
    const metadata = { namespace: 'default', name: `${before}-${index}`, labels, annotations }
    const made = await cluster.create(object.kind, { ...object, metadata })
    await cluster.replaceStatus(object.kind, { ...made, status: object.status })
  }
  for (let at = from; at < to; at += 100) {
    const indexes = Array.from({ length: Math.min(100, to - at) }, (_, index) => at + index)
    await Promise.all(indexes.flatMap(index => [copy(run, index), copy(taskRun, index)]))
  }
  await cluster.close()
  await database.close()
}

async function measureStart(folder, count) {
  await withProcesses(async start => {
    const [redis, api] = await Promise.all([startRedis(start, folder), startApi(start, folder)])
    const began = performance.now()
    const worker = await startWorkers(start, { kubeconfig: api.kubeconfig, redisUrl: redis.url })
    const ready = performance.now() - began
    let peak = 0
    for (let look = 0; look < 50; look++) {
      peak = Math.max(peak, usageOf(worker.pid).memory)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    const { processor, memory } = usageOf(worker.pid)
    const lists = (await scrape(worker)).filter(
      ({ name, labels }) => name === 'tektite_kubernetes_calls_total' && labels.includes('verb="list"'),
    )
    results.push({
      what: `a worker starts beside ${count} finished runs`,
      figure: `ready after ${ready.toFixed(0)} ms; ${processor.toFixed(0)} ms of processor time`,
      compare: `${peak.toFixed(0)} MiB at most, ${memory.toFixed(0)} five seconds later; ${lists.reduce((sum, { value }) => sum + value, 0)} pages of lists`,
    })
    console.log(results.at(-1))
  })
}

await withFolder(async folder => {
  const ended = await example(folder)
  let finished = 0
  for (const count of FINISHED) {
    await copies(folder, ended, finished, count)
    finished = count
    await measureStart(folder, count)
  }
})
report('relist', results)
