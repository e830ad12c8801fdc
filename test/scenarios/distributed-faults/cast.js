/** Who takes part in a round: the processes of the system, in the order in which they need one another. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { createProcess, freePort, ROOT } from './processes.js'

/** Nothing of the machine's own settings. */
const ENVIRONMENT = { REDIS_URL: '', KUBECONFIG: '', NO_COLOR: '1' }

/**
 * Redis and the API are started, the others only described: they need a token, and see both through `proxied`.
 *
 * @param ports where Redis and the API are; `proxied`: where they seem to be to the others
 * @returns the processes by role, and where deliveries go
 */
export async function gatherCast({ folder, ports, proxied, workers, listeners, fsync }) {
  const data = join(folder, 'data')
  const kubeconfig = join(folder, 'kubeconfig')
  const make = (name, command, args, serves) => createProcess({ name, command, args, serves, folder, env: ENVIRONMENT })
  const node = (name, program, args, serves) => make(name, process.execPath, [join(ROOT, program), ...args], serves)

  const storage = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', fsync]
  const redis = make('redis', 'redis-server', ['--port', `${ports.redis}`, '--bind', '127.0.0.1', ...storage], () =>
    answersPing(ports.redis),
  )
  const up = ['up', '--parts', 'api', '--data', data, '--port', `${ports.api}`]
  const api = node('api', 'bin/tektite.js', up, () => isOk(`http://127.0.0.1:${ports.api}/livez`))
  await Promise.all([redis.start(), api.start()])
  const token = readFileSync(join(data, 'token'), 'utf8').trim()
  writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${proxied.api}`, token))

  const common = ['--kubeconfig', kubeconfig, '--redis-url', `redis://127.0.0.1:${proxied.redis}`]
  const served = async (name, program, args) => {
    const port = await freePort()
    const all = [...common, '--metrics-port', `${port}`, ...args]
    return node(name, program, all, () => isOk(`http://127.0.0.1:${port}/readyz`))
  }
  const hookPorts = await many(listeners, freePort)
  const kubelet = [
    '--kubeconfig',
    kubeconfig,
    '--ledger',
    join(folder, 'steps'),
    '--plan',
    join(import.meta.dirname, 'plan.mjs'),
  ]
  return {
    token,
    hooks: hookPorts.map(port => `http://127.0.0.1:${port}/hooks/default/faults`),
    roles: {
      redis: [redis],
      api: [api],
      kubelet: [
        node('kubelet', 'test/helpers/simulated-kubelet-process.js', kubelet, async () =>
          readFileSync(join(folder, 'kubelet.log'), 'utf8').includes('ready'),
        ),
      ],
      worker: await many(workers, index => served(`worker ${index + 1}`, 'dist/workers/main.js', [])),
      listener: await many(listeners, index =>
        served(`listener ${index + 1}`, 'dist/listeners/main.js', ['--port', `${hookPorts[index]}`]),
      ),
    },
  }
}

function many(count, make) {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)))
}

async function isOk(url) {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
}

function answersPing(port) {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', text => {
      resolve(text.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}

function kubeconfigText(server, token) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'faults',
    clusters: [{ name: 'faults', cluster: { server } }],
    users: [{ name: 'faults', user: { token } }],
    contexts: [{ name: 'faults', context: { cluster: 'faults', user: 'faults' } }],
  })
}
