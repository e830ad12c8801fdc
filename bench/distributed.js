/**
 * The distributed mode: runs through 1, 2 and 4 worker processes, over HTTP and Redis, with Pods that end at once. API,
 * kubelet, Redis and workers share this machine's cores, so more workers are more of one part of the work only.
 *
 *   node bench/distributed.js            all of it, some minutes
 *   node bench/distributed.js --small    a tenth of it, to see that it works
 *   node bench/distributed.js --profile  a processor profile of each worker in .tektite/
 */
import { join } from 'node:path'
import { connectionFromEnvironment } from '../dist/src/cluster/kubernetes/kubeconfig.js'
import { openKubernetesCluster } from '../dist/src/cluster/kubernetes.js'
import { isDone, succeededCondition } from '../dist/src/status/conditions.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'
import { scrape, startApi, startKubelet, startRedis, startWorkers, usageOf, withProcesses } from './processes.js'

const isSmall = process.argv.includes('--small')
const profile = process.argv.includes('--profile')
const of = count => (isSmall ? Math.ceil(count / 10) : count)

const WORKERS = isSmall ? [1, 2] : [1, 2, 4]
const SHAPES = [
  { name: `${of(200)} PipelineRuns of 10 tasks in a row`, runs: of(200), tasks: 10, inRow: true },
  { name: `${of(300)} PipelineRuns of 1 task`, runs: of(300), tasks: 1, inRow: true },
  { name: `${of(20)} PipelineRuns of 50 tasks at once`, runs: of(20), tasks: 50, inRow: false },
]
/** What Tekton Pipelines v1.0.0 came to on a machine of this size, client limits lifted, Pods that end at once. */
const TEKTON = [
  { rate: 21.6, per: 'tasks/s' },
  { rate: 27.75, per: 'runs/s' },
  { rate: 21.6, per: 'tasks/s' },
]
const WRITES = /verb="(create|update|delete)"/
const ALONE = of(100)
const DEADLINE_MS = 180_000

function pipelineRun({ tasks, inRow }) {
  const taskSpec = { steps: [{ name: 'one', image: 'alpine', command: ['true'] }] }
  const task = (_, index) => ({
    name: `t${index}`,
    taskSpec,
    ...(inRow && index > 0 && { runAfter: [`t${index - 1}`] }),
  })
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { namespace: 'default', generateName: 'bench-' },
    spec: { pipelineSpec: { tasks: Array.from({ length: tasks }, task) } },
  }
}

/** Creates runs and hears of them; a client of the API like any other. */
function openDriver(cluster) {
  const stop = new AbortController()
  const waiting = new Map()
  const settle = (uid, kind, value) => waiting.get(uid)?.[kind]?.(value)
  const follow = async kind => {
    for await (const change of cluster.watch(kind, { unfinished: true }, stop.signal)) {
      if (change.type === 'listed') continue
      const { item } = change
      if (kind === 'TaskRun') settle(item.metadata.ownerReferences?.[0]?.uid, 'begun', performance.now())
      else if (isDone(item)) settle(item.metadata.uid, 'ended', item)
    }
  }
  const following = [follow('PipelineRun'), follow('TaskRun')]
  const create = async run => {
    const startedAt = performance.now()
    const { metadata } = await cluster.create('PipelineRun', run)
    const entry = {}
    const begun = new Promise(resolve => (entry.begun = resolve))
    const ended = new Promise(resolve => (entry.ended = resolve))
    waiting.set(metadata.uid, entry)
    return { startedAt, begun, ended: endedRun(cluster, metadata, ended).finally(() => waiting.delete(metadata.uid)) }
  }
  return {
    create,
    async close() {
      stop.abort()
      await Promise.all(following)
    },
  }
}

/** Its end may come before it is waited for. */
async function endedRun(cluster, { namespace, name }, ended) {
  const found = await cluster.get('PipelineRun', { namespace, name })
  const run = found && isDone(found) ? found : await withDeadline(ended, name)
  const condition = succeededCondition(run)
  if (condition?.status !== 'True') throw new Error(`${name}: ${condition?.message}`)
  return run
}

function withDeadline(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Sums over workers of what their metrics counted. */
async function counted(workers) {
  const samples = (await Promise.all(workers.map(scrape))).flat()
  const sum = (name, which = () => true) =>
    samples.filter(one => one.name === name && which(one.labels)).reduce((total, { value }) => total + value, 0)
  const calls = which => sum('tektite_kubernetes_calls_total', which)
  const isEvent = labels => labels.includes('resource="events"')
  return {
    passes: sum('tektite_reconcile_duration_seconds_count'),
    writes: calls(labels => WRITES.test(labels) && !isEvent(labels)),
    events: calls(labels => WRITES.test(labels) && isEvent(labels)),
    reads: calls(labels => labels.includes('verb="get"') || labels.includes('verb="list"')),
    conflicts: calls(labels => labels.includes('code="409"')),
  }
}

function difference(after, before) {
  return Object.fromEntries(Object.keys(after).map(key => [key, after[key] - before[key]]))
}

async function measureShape(shape, { driver, parts, workers }) {
  const usage = () => Object.fromEntries(parts.map(part => [part.name, usageOf(part.pid)]))
  const before = { counts: await counted(workers), usage: usage(), at: performance.now() }
  const created = await Promise.all(Array.from({ length: shape.runs }, () => driver.create(pipelineRun(shape))))
  const times = await Promise.all(created.map(one => one.ended.then(() => performance.now() - one.startedAt)))
  const seconds = (performance.now() - before.at) / 1_000
  const after = usage()
  const processor = name => (after[name].processor - before.usage[name].processor) / shape.runs / shape.tasks
  return {
    runs: shape.runs / seconds,
    tasks: (shape.runs * shape.tasks) / seconds,
    times: summary(times),
    counts: difference(await counted(workers), before.counts),
    processor: Object.fromEntries(parts.map(({ name }) => [name, processor(name)])),
    memory: Object.fromEntries(parts.map(({ name }) => [name, after[name].memory])),
  }
}

const results = []

async function measureWorkers(count) {
  await withFolder(folder =>
    withProcesses(async start => {
      const [redis, api] = await Promise.all([startRedis(start, folder), startApi(start, folder)])
      const kubelet = await startKubelet(start, api)
      const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${join(ROOT, '.tektite')}`] : []
      const given = { kubeconfig: api.kubeconfig, redisUrl: redis.url, flags }
      const workers = await Promise.all(
        Array.from({ length: count }, async (_, index) => ({
          ...(await startWorkers(start, given)),
          name: `worker ${index + 1}`,
        })),
      )
      const parts = [{ ...redis, name: 'Redis' }, { ...api, name: 'API' }, { ...kubelet, name: 'kubelet' }, ...workers]
      const connection = await connectionFromEnvironment({ environment: {}, file: api.kubeconfig })
      const cluster = openKubernetesCluster({ connection })
      const driver = openDriver(cluster)
      const context = { driver, parts, workers }
      try {
        // Warm: code is compiled, connections are open.
        await measureShape({ runs: of(20), tasks: 5, inRow: true }, context)
        await measureIdle(count, context)
        if (count === 1) await measureBurst(context)
        for (const [index, shape] of SHAPES.entries()) tell(count, shape, index, await measureShape(shape, context))
      } finally {
        await driver.close()
        cluster.close()
      }
    }),
  )
}

/** One run after the other in an idle system: from its creation until its first TaskRun is seen, and until its end. */
async function measureIdle(count, { driver }) {
  const begun = []
  const ended = []
  for (let round = 0; round < ALONE; round++) {
    const run = await driver.create(pipelineRun({ tasks: 1, inRow: true }))
    begun.push((await run.begun) - run.startedAt)
    await run.ended
    ended.push(performance.now() - run.startedAt)
  }
  const what = `${count} ${count === 1 ? 'worker' : 'workers'}, nothing else to do`
  results.push(
    { what: `${what}: created → first TaskRun seen`, figure: milliseconds(summary(begun)) },
    { what: `${what}: a run of one task`, figure: milliseconds(summary(ended)) },
  )
}

/** How the gauge that is scaled on follows a burst: asked as a scraper would, only more often. */
async function measureBurst({ driver, workers }) {
  const depth = async () =>
    (await scrape(workers[0])).find(one => one.name === 'tektite_queue_depth' && one.labels.includes('"runs"'))?.value
  const samples = []
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      samples.push({ at: performance.now(), value: await depth() })
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })()
  const began = performance.now()
  const created = await Promise.all(
    Array.from({ length: of(300) }, () => driver.create(pipelineRun({ tasks: 1, inRow: true }))),
  )
  await Promise.all(created.map(one => one.ended))
  const ended = performance.now()
  const idleAt = async () => {
    while ((await depth()) !== 0) await new Promise(resolve => setTimeout(resolve, 20))
    return performance.now()
  }
  const idle = await idleAt()
  isOver = true
  await watching
  const peak = Math.max(...samples.map(({ value }) => value ?? 0))
  const up = samples.find(({ value }) => (value ?? 0) >= Math.min(peak, 10))
  results.push({
    what: `the queue's depth in a burst of ${of(300)} runs`,
    figure: `up after ${(up.at - began).toFixed(0)} ms, peak ${peak}, 0 again ${Math.max(0, idle - ended).toFixed(0)} ms after the last end`,
    compare: 'goal 5 s, up and down',
  })
  console.log(results.at(-1))
}

function tell(count, { name, runs, tasks }, index, measured) {
  const { counts, times, processor, memory } = measured
  const label = `${count} ${count === 1 ? 'worker' : 'workers'}, ${name}`
  const each = (value, by) => (value / by).toFixed(2)
  const all = runs * tasks
  const { rate, per } = TEKTON[index]
  const ours = per === 'runs/s' ? measured.runs : measured.tasks
  const perPart = (figures, text) =>
    Object.entries(figures)
      .map(([part, value]) => `${part} ${text(value)}`)
      .join(', ')
  results.push(
    {
      what: label,
      figure: `${measured.tasks.toFixed(0)} tasks/s, ${measured.runs.toFixed(1)} runs/s; a run ${milliseconds(times)}`,
      compare: `${(ours / rate).toFixed(1)} × Tekton tuned (${rate} ${per}), without its API server in the figure`,
    },
    {
      what: '  asked of the API, a task',
      figure: `${each(counts.writes, all)} writes, ${each(counts.reads, all)} reads, ${each(counts.events, all)} Events; ${each(counts.passes, runs)} passes a run, ${each(counts.conflicts, all)} conflicts a task`,
      compare: 'goal 6 writes',
    },
    { what: '  processor time a task, ms', figure: perPart(processor, value => value.toFixed(1)) },
    { what: '  memory, MiB', figure: perPart(memory, value => value.toFixed(0)) },
  )
  for (const { what, figure } of results.slice(-4)) console.log(`${what}: ${figure}`)
}

for (const count of WORKERS) await measureWorkers(count)
report('distributed', results)
