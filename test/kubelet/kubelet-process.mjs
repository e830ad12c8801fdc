// A kubelet in a process of its own, to be killed. Arguments: compiled sources, shim, data folder. The only Pod is
// <data folder>/pod.json, and its status is written back there, as a real store would keep it over the kill.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [sources, shimPath, dataDir] = process.argv.slice(2)
const { startKubelet } = await import(join(sources, 'kubelet/kubelet.js'))
const { createProcessRuntime } = await import(join(sources, 'kubelet/process.js'))
const { createFileLogStore } = await import(join(sources, 'logs/files.js'))
const { SILENT } = await import(join(sources, 'lib/log.js'))

const file = join(dataDir, 'pod.json')
const read = () => JSON.parse(readFileSync(file, 'utf8'))
const ended = signal => new Promise(resolve => signal.addEventListener('abort', resolve))
const cluster = {
  get: async kind => (kind === 'Pod' ? read() : undefined),
  replaceStatus: async (_kind, pod) => {
    const { metadata } = pod
    const next = { ...pod, metadata: { ...metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1) } }
    writeFileSync(`${file}.draft`, JSON.stringify(next))
    renameSync(`${file}.draft`, file)
    return next
  },
  async *watch(kind, _selector, signal) {
    yield { type: 'listed', items: kind === 'Pod' ? [read()] : [] }
    await ended(signal)
  },
}
const runtime = createProcessRuntime({ rootDir: join(dataDir, 'pods'), shimPath, isolation: 'namespace' })
const logs = createFileLogStore({ directory: join(dataDir, 'logs') })
const kubelet = await startKubelet({ cluster, runtime, logs, dataDir, now: Date.now, log: SILENT })
const alive = setInterval(() => {}, 60_000)
process.once('SIGTERM', async () => {
  await kubelet.close()
  await runtime.close()
  clearInterval(alive)
})
