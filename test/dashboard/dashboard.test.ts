/** The dashboard as a process of its own, before an API server, with a real Redis. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineOfFile } from '../helpers/engine.js'
import { startPart } from '../helpers/processes.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

const OBJECTS = `
apiVersion: v1
kind: Secret
metadata: { name: hidden }
stringData: { password: hunter2-hunter2 }
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: shown }
spec:
  tasks: [{ name: a, taskSpec: { steps: [{ name: s, image: alpine, script: echo a }] } }]
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: waiting }
spec:
  status: PipelineRunPending
  pipelineSpec:
    tasks: [{ name: a, taskSpec: { steps: [{ name: s, image: alpine, script: echo a }] } }]
`

const engine = engineOfFile('dashboard-process', OBJECTS, ['--parts', 'api'])
let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())
const viewToken = () => readFileSync(join(engine.data, 'view-token'), 'utf8').trim()

async function startDashboard() {
  const part = await startPart('dashboard', [], { KUBECONFIG: join(engine.data, 'kubeconfig'), REDIS_URL: redis.url })
  await part.ready()
  const ask = async (method: string, path: string, token?: string, more: Readonly<Record<string, string>> = {}) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...more }
    const answer = await fetch(part.hooks + path, { method, headers, ...(method === 'POST' && { body: '{}' }) })
    return { code: answer.status, text: await answer.text(), headers: answer.headers }
  }
  return { part, ask }
}

const PIPELINES = '/apis/tekton.dev/v1/namespaces/default/pipelines'
const RUNS = '/apis/tektite.dev/v1alpha1/namespaces/default/runs'
const DELIVERIES = '/apis/tektite.dev/v1alpha1/namespaces/default/deliveries'

describe('with the token of whoever asks', () => {
  test('pages are for all, objects for those who may, and Secrets for nobody', async () => {
    const { part, ask } = await startDashboard()
    expect((await ask('GET', '/dashboard/')).text).toContain('<div id="root">')
    expect((await ask('GET', PIPELINES)).code).toBe(401)
    const wrong = await ask('GET', PIPELINES, 'wrong')
    expect([wrong.code, wrong.headers.get('www-authenticate')]).toEqual([401, null])
    for (const token of [engine.token, viewToken()]) {
      const pipelines = await ask('GET', PIPELINES, token)
      expect([pipelines.code, JSON.parse(pipelines.text).items[0].metadata.name]).toEqual([200, 'shown'])
      for (const path of ['/api/v1/namespaces/default/secrets', '/api/v1/namespaces/default/secrets/hidden']) {
        const secret = await ask('GET', path, token)
        expect([secret.code, secret.text]).toEqual([403, expect.stringContaining('the dashboard does not pass on')])
      }
    }
    expect((await ask('DELETE', `${PIPELINES}/shown`, viewToken())).code).toBe(403)
    expect((await ask('DELETE', `${PIPELINES}/shown`, engine.token)).code).toBe(200)
    expect(await part.end('SIGTERM')).toBe(0)
  })

  test('nobody becomes somebody else, or reaches a path that is not what it seems', async () => {
    const { part, ask } = await startDashboard()
    const asSystem = {
      'impersonate-user': 'system:serviceaccount:default:default',
      'impersonate-group': 'system:masters',
    }
    const reviewed = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', viewToken(), asSystem)
    expect(reviewed.text).not.toContain('system:masters')
    const crooked =
      '/apis/tekton.dev/v1/namespaces/default/pipelines/../../../../../../api/v1/namespaces/default/secrets'
    // fetch would clean it up first.
    const code = await new Promise(resolve => {
      const headers = { authorization: `Bearer ${engine.token}` }
      request(part.hooks, { path: crooked, headers }, answer => resolve(answer.resume().statusCode)).end()
    })
    expect(code).toBe(400)
  })

  test('deliveries are seen by those who may, and replayed by those who may do more', async () => {
    const { ask } = await startDashboard()
    expect((await ask('GET', DELIVERIES)).code).toBe(401)
    expect((await ask('GET', DELIVERIES, 'wrong')).code).toBe(401)
    const seen = await ask('GET', DELIVERIES, viewToken())
    expect([seen.code, JSON.parse(seen.text).kind]).toEqual([200, 'DeliveryList'])
    const refused = await ask('POST', `${DELIVERIES}/none/replay`, viewToken())
    expect([refused.code, refused.text]).toEqual([403, expect.stringContaining('cannot create resource')])
    expect((await ask('POST', `${DELIVERIES}/none/replay`, engine.token)).code).toBe(404)
  })

  test('runs are listed, shown, watched and drawn as they are by an engine', async () => {
    const { part, ask } = await startDashboard()
    expect((await ask('GET', RUNS)).code).toBe(401)
    expect((await ask('GET', RUNS, 'wrong')).code).toBe(401)
    const { items } = JSON.parse((await ask('GET', `${RUNS}?search=wait`, viewToken())).text)
    expect(items).toMatchObject([{ name: 'waiting', kind: 'PipelineRun', archived: false }])
    const { uid } = items[0]
    expect(JSON.parse((await ask('GET', `${RUNS}/${uid}`, viewToken())).text).run.metadata.name).toBe('waiting')
    const graph = JSON.parse((await ask('GET', `${RUNS}/${uid}/graph`, viewToken())).text)
    expect(graph.nodes).toMatchObject([{ name: 'a' }])
    const aborting = new AbortController()
    const headers = { authorization: `Bearer ${viewToken()}` }
    const watch = await fetch(`${part.hooks}${RUNS}?watch=true`, { headers, signal: aborting.signal })
    const { value } = await watch.body!.getReader().read()
    expect(JSON.parse(Buffer.from(value!).toString().split('\n')[0]!)).toMatchObject({ type: 'ADDED', object: { uid } })
    aborting.abort()
    // As kubectl asks, which sends a token over TLS only.
    const table = await ask('GET', RUNS, viewToken(), { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    expect(JSON.parse(table.text)).toMatchObject({
      kind: 'Table',
      rows: [{ cells: expect.arrayContaining(['waiting']) }],
    })
    expect(await part.end('SIGTERM')).toBe(0)
  })
})
