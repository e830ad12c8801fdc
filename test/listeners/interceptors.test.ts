/** Interceptors of others through the whole way: posted, stored, called, bound, created. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { keepInterceptorStatuses } from '../../listeners/interceptor-status.js'
import { createOutside } from '../../listeners/outside.js'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { NotNow } from '../../src/inbox/inbox.js'
import { SILENT } from '../../src/lib/log.js'
import { json, record as recordServer } from '../fetch/recorder.js'
import type { Sent } from '../trigger/events.js'
import { applyTo, clusterWith, objectsIn, record, recordingLog } from './world.js'

const CONFIG_MAP = (data: string) =>
  `{ spec: { params: [{ name: x }, { name: z }], resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: made- }, data: ${data} }] } }`

function dispatcherFor(cluster: Cluster, log = SILENT) {
  const gitHub = { apiUrl: 'http://127.0.0.1:1', enterpriseHosts: '' }
  const outside = createOutside({ cluster, allowedHosts: '127.0.0.1', gitHub })
  return createDispatcher({ cluster, admission: () => ({}), log, outside })
}

async function dataOf(cluster: Cluster): Promise<readonly unknown[]> {
  return (await objectsIn(cluster, 'ConfigMap')).map(object => (object as { readonly data?: unknown }).data)
}

const SENT: Sent = { body: '{"own":1}', headers: { 'X-Event': 'push' } }

test('a namespaced interceptor is looked for with the listener, also for triggers of other namespaces', async () => {
  const ours = await recordServer(json({ continue: true, extensions: { by: 'ours' } }))
  const theirs = await recordServer(json({ continue: true, extensions: { by: 'theirs' } }))
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1alpha1
kind: Interceptor
metadata: { name: check, namespace: ci }
spec: { clientConfig: { url: "${ours.url}" } }
---
apiVersion: triggers.tekton.dev/v1alpha1
kind: Interceptor
metadata: { name: check, namespace: other }
spec: { clientConfig: { url: "${theirs.url}" } }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: t, namespace: other }
spec:
  interceptors: [{ ref: { name: check, kind: NamespacedInterceptor } }]
  bindings: [{ name: x, value: $(extensions.by) }]
  template: ${CONFIG_MAP('{ by: $(tt.params.x) }')}
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec: { namespaceSelector: { matchNames: [other] } }
`)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', SENT))
  expect(verdicts).toMatchObject([{ trigger: 't', is: 'fired' }])
  expect(await dataOf(cluster)).toEqual([{ by: 'ours' }])
  expect(theirs.requests).toEqual([])
  expect(ours.requests[0]?.body).toContain('"trigger_id":"namespaces/other/triggers/t"')
})

test('what a webhook interceptor answers is what bindings see: headers and body', async () => {
  const hook = await recordServer((_request, response) =>
    response.writeHead(200, { 'X-Made': ['a', 'b'] }).end('{"made":"<later>"}'),
  )
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - name: hooked
      interceptors:
        - webhook: { url: "${hook.url}", objectRef: { kind: Service, apiVersion: v1, name: unused } }
      bindings: [{ name: x, value: $(body.made) }, { name: z, value: $(header.X-Made) }]
      template: ${CONFIG_MAP('{ body: $(tt.params.x), header: $(tt.params.z) }')}
    - name: plain
      bindings: [{ name: x, value: $(body.own) }]
      template: ${CONFIG_MAP('{ own: $(tt.params.x) }')}
`)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', SENT))
  expect(verdicts).toMatchObject([
    { trigger: 'hooked', is: 'fired' },
    { trigger: 'plain', is: 'fired' },
  ])
  const data = await dataOf(cluster)
  expect(data).toContainEqual({ body: '<later>', header: 'a,b' })
  expect(data).toContainEqual({ own: '1' })
})

test('a webhook interceptor may make JSON of a body that is none; other triggers fail by name', async () => {
  const hook = await recordServer((_request, response) => response.end('{"made":"json"}'))
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci, annotations: { tekton.dev/payload-validation: "false" } }
spec:
  triggers:
    - name: hooked
      interceptors:
        - webhook: { url: "${hook.url}", objectRef: { kind: Service, apiVersion: v1, name: unused } }
      bindings: [{ name: x, value: $(body.made) }]
      template: ${CONFIG_MAP('{ x: $(tt.params.x) }')}
    - name: plain
      template: ${CONFIG_MAP('{ x: z }')}
`)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', { body: '<xml/>' }))
  expect(verdicts).toMatchObject([
    { trigger: 'hooked', is: 'fired' },
    { trigger: 'plain', is: 'failed', message: expect.stringContaining('failed to unmarshal request body') },
  ])
  expect(hook.requests[0]?.body).toBe('<xml/>')
  expect(await dataOf(cluster)).toEqual([{ x: 'json' }])
})

test('a verdict names the interceptor and why, and no secret of the event', async () => {
  const refusing = await recordServer(json({ continue: false, status: { code: 7, message: 'not you' } }))
  const chatty = await recordServer(({ body }, response) => response.writeHead(500).end(body))
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: refusing }
spec: { clientConfig: { url: "${refusing.url}" } }
---
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: chatty }
spec: { clientConfig: { url: "${chatty.url}" } }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - { name: a, interceptors: [{ ref: { name: cel } }, { name: policy, ref: { name: refusing } }], template: { ref: t } }
    - { name: b, interceptors: [{ ref: { name: chatty } }], template: { ref: t } }
`)
  const { lines, log } = recordingLog()
  const sent = { ...SENT, headers: { 'X-Gitlab-Token': 'the-gitlab-token' } }
  const verdicts = await dispatcherFor(cluster, log)(record('ci/app', sent))
  expect(verdicts).toMatchObject([
    {
      trigger: 'a',
      is: 'filtered',
      by: 'interceptors[1] refusing "policy"',
      message: 'rpc error: code = PermissionDenied desc = not you',
    },
    {
      trigger: 'b',
      is: 'failed',
      message: expect.stringMatching(/interceptors\[0\] chatty: interceptor response was not 200: \{"body":/),
    },
  ])
  expect(chatty.requests[0]?.body).toContain('the-gitlab-token')
  expect(JSON.stringify([verdicts, lines])).not.toContain('the-gitlab-token')
})

test('a cluster that is away while an interceptor is called is no verdict: the delivery is dispatched again', async () => {
  const asked = await recordServer(json({ continue: true }))
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: mine }
spec: { clientConfig: { url: "${asked.url}" } }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec: { triggers: [{ name: a, interceptors: [{ ref: { name: mine } }], template: { ref: t } }] }
`)
  const away: Cluster = {
    ...cluster,
    get: (kind, key) => {
      if (kind === 'ConfigMap') return Promise.reject(new ClusterError('Unavailable', 'the store is away'))
      return cluster.get(kind, key)
    },
  }
  await expect(dispatcherFor(away)(record('ci/app', SENT))).rejects.toBeInstanceOf(NotNow)
  expect(asked.requests).toEqual([])
})

test('triggers whose interceptors wait do not wait for one another', async () => {
  const waiting: (() => void)[] = []
  const slow = await recordServer((_request, response) => {
    waiting.push(() => response.end('{"continue":true}'))
    // All of them are here at once, or none is ever answered.
    if (waiting.length === 10) for (const answer of waiting) answer()
  })
  const triggers = Array.from(
    { length: 10 },
    (_, i) => `    - { name: t${i}, interceptors: [{ ref: { name: slow } }], template: ${CONFIG_MAP('{ x: z }')} }`,
  )
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: slow }
spec: { clientConfig: { url: "${slow.url}" } }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
${triggers.join('\n')}
`)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', SENT))
  expect(verdicts.map(({ trigger, is }) => [trigger, is])).toEqual(
    Array.from({ length: 10 }, (_, i) => [`t${i}`, 'fired']),
  )
})

test('the status of an interceptor says where it is called, also after a change', async () => {
  const cluster = await clusterWith(`
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: cel }
spec: { clientConfig: { service: { name: tekton-triggers-core-interceptors, namespace: tekton-pipelines, path: cel, port: 8443 }, caBundle: eA== } }
---
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: { name: empty }
spec: { clientConfig: {} }
`)
  const statuses = keepInterceptorStatuses({ cluster, log: SILENT })
  onTestFinished(() => statuses.close())
  const urlOf = async (kind: 'ClusterInterceptor' | 'Interceptor', namespace: string, name: string) =>
    (await cluster.get(kind, { namespace, name }))?.status?.address?.url
  await vi.waitFor(async () =>
    expect(await urlOf('ClusterInterceptor', '', 'cel')).toBe(
      'https://tekton-triggers-core-interceptors.tekton-pipelines.svc:8443/cel',
    ),
  )
  await applyTo(
    cluster,
    `
apiVersion: triggers.tekton.dev/v1alpha1
kind: Interceptor
metadata: { name: mine, namespace: ci }
spec: { clientConfig: { url: https://a.example } }
`,
  )
  await vi.waitFor(async () => expect(await urlOf('Interceptor', 'ci', 'mine')).toBe('https://a.example'))
  const stored = await cluster.get('Interceptor', { namespace: 'ci', name: 'mine' })
  if (stored === undefined) throw new Error('the interceptor is gone')
  await cluster.replace('Interceptor', {
    ...stored,
    spec: { clientConfig: { service: { name: 'a', namespace: 'b' } } },
  })
  await vi.waitFor(async () => expect(await urlOf('Interceptor', 'ci', 'mine')).toBe('http://a.b.svc:80'))
  expect(await urlOf('ClusterInterceptor', '', 'empty')).toBeUndefined()
})
