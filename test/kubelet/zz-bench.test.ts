import { test } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { createProcessRuntime } from '../../src/kubelet/process.js'
import { startKubelet } from '../../src/kubelet/kubelet.js'
import { createFileLogStore } from '../../src/logs/files.js'
import { createMemoryCluster } from './memory-cluster.js'
import { SILENT } from '../../src/lib/log.js'
test('bench', async () => {
  for (const isolation of ['namespace', 'rewrite'] as const) for (const inflight of [1, 8, 32]) {
  const dir = await mkdtemp('/tmp/kb-')
  const cluster = createMemoryCluster()
  const runtime = createProcessRuntime({ rootDir: dir + '/pods', shimPath: 'entrypoint/build/shim', isolation }); await runtime.check()
  const kubelet = await startKubelet({ cluster, runtime, logs: createFileLogStore({ directory: dir + '/logs' }), dataDir: dir, now: Date.now, log: SILENT })
  await cluster.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'n', name: 'bin' }, immutable: true, binaryData: { e: Buffer.alloc(45000).toString('base64') } } as never)
  const names = ['workspace', 'home', 'results', 'steps', 'run-0', 'creds']
  const volumes = [...names.map(name => ({ name, emptyDir: {} })), { name: 'bin', configMap: { name: 'bin' } }, { name: 'scripts', downwardAPI: { items: [{ path: 's', fieldRef: { fieldPath: "metadata.annotations['s']" } }] } }]
  const volumeMounts = volumes.map(v => ({ name: v.name, mountPath: '/tekton/' + v.name }))
  const c = (name: string) => ({ name, image: 'x', command: ['/bin/true'], terminationMessagePath: '/tekton/termination', volumeMounts })
  const N = 300; const run: number[] = [], all: number[] = []; let k = 0
  const waiters = new Map<string, (phase: string) => void>()
  const ac = new AbortController()
  void (async () => { for await (const ch of cluster.watch('Pod', {}, ac.signal)) if (ch.type === 'put' && ch.item.status) waiters.get(ch.item.metadata.name)?.(ch.item.status.phase) })()
  const one = async () => { while (k < N) { const name = `p${k++}`; const t = performance.now()
    const done = new Promise<void>(r => waiters.set(name, ph => { if (ph === 'Running' && run.length < N) run.push(performance.now() - t); if (ph === 'Succeeded') r() }))
    await cluster.create('Pod', { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n', name, annotations: { s: '#!/bin/sh\n' } }, spec: { restartPolicy: 'Never', volumes, containers: [c('a')] } } as never)
    await done; all.push(performance.now() - t) } }
  const t0 = performance.now(), c0 = process.cpuUsage()
  await Promise.all(Array.from({ length: inflight }, one))
  const s = (performance.now() - t0) / 1000, cpu = process.cpuUsage(c0); run.sort((a, b) => a - b); all.sort((a, b) => a - b)
  console.log(isolation, 'inflight', inflight, 'pods/s', (N / s).toFixed(0), 'running p50', run[run.length >> 1]?.toFixed(1), 'done p50', all[N >> 1]!.toFixed(1), 'p99', all[Math.floor(N * .99)]!.toFixed(1), 'node cpu/pod', ((cpu.user + cpu.system) / 1000 / N).toFixed(2), 'writes/pod', (cluster.statuses.length / N).toFixed(1))
  ac.abort(); await kubelet.stopAll(); await runtime.close(); await rm(dir, { recursive: true }) }
}, 120000)
