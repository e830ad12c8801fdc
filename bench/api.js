/**
 * The API over TLS under load: creates, updates, status updates, Pods, gets, lists of 5000 and 100 watchers, beside what
 * was measured of a real API server with etcd.
 */
import { fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 4)
const [WATCHERS, UPDATES] = [100, 500]
/** kube-apiserver and etcd on a machine of the same size: requests a second, and its memory. */
const PEER = {
  create: { 1: 571, 16: 1733, 64: 2297 },
  put: { 1: 846, 16: 2147 },
  pod: { 1: 537, 16: 1476 },
  get: 3245,
  listMs: 133,
  memoryMB: 382,
}
const CORE = '/api/v1/namespaces/default'
const results = []

const configMap = object('v1', 'ConfigMap', { data: { text: 'x'.repeat(350) } })
const larger = object('v1', 'ConfigMap', { data: { text: 'x'.repeat(850) } })
const container = { name: 'one', image: 'alpine', command: ['sh', '-c', 'x'.repeat(200)] }
const job = object('batch/v1', 'Job', { spec: { template: { spec: { containers: [container] } } } })
const pod = object('v1', 'Pod', { spec: { restartPolicy: 'Never', containers: [container] } })

const up = folder => [join(ROOT, 'bin/tektite.js'), 'up', '--port', '0', '--hooks-port', '0', '--data', folder]
const alone = folder => [join(ROOT, 'bench/api-server.js'), folder]
await withFolder(folder => withServer(folder, up(folder), measure))
await withFolder(folder => withServer(folder, alone(folder), measurePods))
report('api', results)

async function measure({ server, load, other, megabytes, processorMs }) {
  const atRest = megabytes()
  const rate = rates(server, load, processorMs)
  const collection = `${CORE}/configmaps`
  for (const connections of [1, 16, 64]) {
    const task = { act: 'create', collection, object: configMap, connections }
    await rate(`create a ConfigMap, ${connections} at once`, task, PEER.create[connections])
  }
  for (const connections of [1, 16]) {
    const task = { act: 'put', collection, object: configMap, connections }
    await rate(`PUT a ConfigMap, ${connections} at once`, task, PEER.put[connections])
  }
  const jobs = '/apis/batch/v1/namespaces/default/jobs'
  const status = { act: 'put', collection: jobs, object: job, subresource: '/status', connections: 16 }
  await rate('PUT a status, 16 at once', status)
  await load({ task: 'fill', server, collection, object: configMap, count: 1, prefix: 'got' })
  await rate('GET a ConfigMap, 16 at once', { act: 'get', path: `${collection}/got-0`, connections: 16 }, PEER.get)

  // Namespaces of their own, so that lists and watches have just these.
  const namespace = object('v1', 'Namespace', {})
  for (const prefix of ['listed', 'watched']) {
    await load({ task: 'fill', server, collection: '/api/v1/namespaces', object: namespace, count: 1, prefix })
  }
  const listedMaps = '/api/v1/namespaces/listed-0/configmaps'
  await load({ task: 'fill', server, collection: listedMaps, object: larger, count: 5000, prefix: 'listed' })
  const beforeLists = processorMs()
  const listed = await load({ task: 'lists', server, path: listedMaps, rounds: 12 })
  results.push({
    what: `LIST 5000 (${(listed.bytes / 1e6).toFixed(1)} MB)`,
    figure: `${milliseconds(summary(listed.samples))}, ${((processorMs() - beforeLists) / 12).toFixed(0)} ms of processor time`,
    compare: ratio(PEER.listMs, summary(listed.samples).p50),
  })

  const watchedMaps = '/api/v1/namespaces/watched-0/configmaps'
  await other({ task: 'watch', server, path: `${watchedMaps}?watch=true&allowWatchBookmarks=true`, watchers: WATCHERS })
  const beforeUpdates = processorMs()
  const task = { task: 'updates', server, collection: watchedMaps, object: configMap, connections: 16 }
  const { sent, perSecond } = await load({ ...task, perSecond: UPDATES, seconds: 2 * SECONDS })
  const { samples, events } = await other({ task: 'finish' })
  const each = (processorMs() - beforeUpdates) / sent
  results.push({
    what: `from ${UPDATES} updates/s to ${WATCHERS} watchers`,
    figure: `${milliseconds(summary(samples))}, ${each.toFixed(2)} ms of processor time an update`,
    compare: `${perSecond.toFixed(0)} updates/s sent, ${(events / (sent * WATCHERS)).toFixed(2)} of their events received`,
  })
  results.push({
    what: 'memory of tektite up, before and after',
    figure: `${inMegabytes(atRest)}, and ${inMegabytes(megabytes())}`,
    compare: `${(megabytes().all / PEER.memoryMB).toFixed(2)} of the peer's`,
  })
}

async function measurePods({ server, load, processorMs }) {
  const rate = rates(server, load, processorMs)
  for (const connections of [1, 16]) {
    const task = { act: 'create', collection: `${CORE}/pods`, object: pod, connections }
    await rate(`create a Pod, ${connections} at once`, task, PEER.pod[connections])
  }
}

function rates(server, load, processorMs) {
  return async (what, task, peer) => {
    const prefix = what.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
    const before = processorMs()
    const { perSecond, samples, count } = await load({ task: 'requests', server, prefix, seconds: SECONDS, ...task })
    const each = (processorMs() - before) / count
    const { p50, p99 } = summary(samples)
    const figure = `${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms, ${each.toFixed(3)} ms of processor time`
    results.push({ what, figure, ...(peer && { compare: ratio(perSecond, peer) }) })
  }
}

function inMegabytes({ all, own }) {
  return `${all.toFixed(0)} MB (${own.toFixed(0)} without files)`
}

function ratio(ours, theirs) {
  return `${(ours / theirs).toFixed(1)} times the peer`
}

function object(apiVersion, kind, content) {
  return JSON.stringify({ apiVersion, kind, metadata: { name: 'NAME', labels: { app: 'bench' } }, ...content })
}

/** Starts a server and two processes of clients. */
async function withServer(folder, args, work) {
  const child = spawn(process.execPath, [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise(resolve => child.once('exit', resolve))
  let said = ''
  await new Promise((resolve, reject) => {
    child.stderr.on('data', text => {
      said += text
      if (said.includes('is up')) resolve()
    })
    void exited.then(code => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  const read = file => readFileSync(join(folder, file), 'utf8')
  const url = new URL(JSON.parse(read('addresses.json')).secure)
  const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(read('kubeconfig'))[1], 'base64').toString()
  const server = { host: url.hostname, port: Number(url.port), ca, token: read('token').trim() }
  const [load, other] = [client(), client()]
  const status = () => readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const inStatus = name => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status())[1]) * 1024) / 1e6
  // Pages of files, the store's most of all, are the kernel's to take back.
  const megabytes = () => ({ all: inStatus('VmRSS'), own: inStatus('RssAnon') })
  // User and system time, in hundredths of a second.
  const processorMs = () => {
    const ticks = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ').slice(13, 15)
    return ticks.reduce((sum, each) => sum + Number(each) * 10, 0)
  }
  try {
    await work({ server, load: load.ask, other: other.ask, megabytes, processorMs })
  } finally {
    load.close()
    other.close()
    child.kill('SIGTERM')
    await exited
  }
}

function client() {
  const child = fork(new URL('api-load.js', import.meta.url))
  return {
    ask: task =>
      new Promise((resolve, reject) => {
        child.once('message', answer => (answer.is === 'done' ? resolve(answer) : reject(new Error(answer.error))))
        child.send(task)
      }),
    close: () => child.kill(),
  }
}
