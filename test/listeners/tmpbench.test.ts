import { test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { SILENT } from '../../src/lib/log.js'
import { readFileSync } from 'node:fs'
import { sign } from './http.js'
import { clusterWith, objectsIn, record } from './world.js'

test('bench', async () => {
  const { manifests } = (await import('yaml')).parse(readFileSync('test/golden/trigger/push.in.yaml', 'utf8'))
  const el = manifests[0].spec.triggers[0].interceptors[0].params
  el.push({ name: 'secretRef', value: { secretName: 'hook', secretKey: 'token' } })
  const { stringify } = await import('yaml')
  const cluster = await clusterWith(...manifests.map((m: unknown) => stringify(m)), 'apiVersion: v1\nkind: Secret\nmetadata: {name: hook, namespace: ci}\nstringData: {token: s}\n')
  const body = JSON.stringify({ ref: 'refs/heads/main', after: '28911bbb5a3e2ea034daf1f6be0a822d50e31e73', head_commit: { message: 'x', author: { name: 'y' } }, pad: 'x'.repeat(7000) })
  const d = createDispatcher({ cluster, log: SILENT })
  const base = record('ci/app', { headers: { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': sign(body, 's') }, body })
  for (const round of [0, 1, 2]) {
    const N = 500
    let next = 0
    const { performance: p } = globalThis
    const c0 = process.cpuUsage(); const t1 = p.now()
    await Promise.all(Array.from({ length: 16 }, async () => { while (next < N) { const i = next++; await d({ ...base, delivery: { ...base.delivery, id: `x${round}-${i}` } }) } }))
    const c = process.cpuUsage(c0)
    console.log('dispatched', N, 'in', (p.now() - t1).toFixed(0), 'ms; cpu', ((c.user + c.system) / 1000).toFixed(0), 'ms', (await objectsIn(cluster, 'PipelineRun')).length)
  }
}, 120000)
