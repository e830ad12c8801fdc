/** The distributed mode as processes on this machine: Redis, the API, a simulated kubelet, workers. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ROOT } from './measure.js'

/** Starts processes, and stops all of them in the end, the last first. */
export async function withProcesses(work) {
  const started = []
  const start = (command, args, options) => {
    const process = startProcess(command, args, options)
    started.push(process)
    return process
  }
  try {
    return await work(start)
  } finally {
    for (const one of started.reverse()) await one.end('SIGTERM')
  }
}

function startProcess(command, args, { environment = {}, name = command } = {}) {
  const { PATH, HOME } = process.env
  const child = spawn(command, args, { env: { PATH, HOME, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] })
  const exited = new Promise(resolve => child.once('exit', resolve))
  let said = ''
  const listeners = new Set()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      said += text
      for (const listener of listeners) listener()
    })
  }
  return {
    name,
    pid: child.pid,
    write: text => child.stdin.write(text),
    said: () => said,
    /** Resolves to the match. */
    says(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said)
          if (!found) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
        void exited.then(code => reject(new Error(`${name} ended with ${code}: ${said}`)))
      })
    },
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
}

/** Of this process or another: user and system, in ms, and what it has in memory, in MiB. */
export function usageOf(pid) {
  const read = file => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const ticks = read('stat').split(') ')[1].split(' ').slice(11, 13)
  return {
    processor: ticks.reduce((sum, one) => sum + Number(one) * 10, 0),
    memory: Number(/VmRSS:\s+(\d+)/.exec(read('status'))?.[1]) / 1024,
  }
}

/** As the chart sets it up: what is answered is on the disk, and nothing is ever thrown out. */
export async function startRedis(start, folder) {
  const port = await freePort()
  const dir = join(folder, 'redis')
  mkdirSync(dir, { recursive: true })
  const args = [
    '--port',
    port,
    '--dir',
    dir,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    '--bind',
    '127.0.0.1',
  ]
  const redis = start('redis-server', args.map(String), { name: 'Redis' })
  await redis.says(/Ready to accept connections/)
  return { ...redis, url: `redis://127.0.0.1:${port}` }
}

/** The store and its API; no kubelet, no workers. */
export async function startApi(start, folder) {
  const data = join(folder, 'data')
  const args = [join(ROOT, 'bin/tektite.js'), 'up', '--parts', 'api', '--data', data, '--port', '0']
  const api = start(process.execPath, args, { name: 'API' })
  await api.says(/is up/)
  return { ...api, kubeconfig: join(data, 'kubeconfig') }
}

/** Pods end at once; `writes` as in test/helpers/simulated-kubelet.d.ts. */
export async function startKubelet(start, { kubeconfig, writes = 'one' }) {
  const file = join(ROOT, 'test/helpers/simulated-kubelet-process.js')
  const kubelet = start(process.execPath, [file, '--kubeconfig', kubeconfig, '--writes', writes], { name: 'kubelet' })
  await kubelet.says(/ready/)
  return kubelet
}

export async function startWorkers(start, { kubeconfig, redisUrl, flags = [], level = 'info' }) {
  const args = [...flags, join(ROOT, 'dist/workers/main.js'), '--metrics-port', '0', '--log-level', level]
  const environment = { KUBECONFIG: kubeconfig, REDIS_URL: redisUrl }
  const workers = start(process.execPath, args, { name: 'worker', environment })
  const [, port] = await workers.says(/"metricsPort":(\d+)/)
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    const ready = await fetch(`${url}/readyz`)
    await ready.arrayBuffer()
    if (ready.ok) return { ...workers, url }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Samples of `/metrics`: a name with its labels, and a number. */
export async function scrape({ url }) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return lines.map(line => {
    const [, name, labels = '', value] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return { name, labels, value: Number(value) }
  })
}

async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}
