/** Secrets in the logs of a whole engine: what is stored is searched byte for byte, and so is what is shown. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callApi, engineOfFile, waitUntil } from '../../helpers/engine.js'
import { KUBECTLS } from '../../helpers/kubectl.js'
import { MASK_CASES } from '../../logs/mask.cases.js'
import { filesBelow, leaksIn, leaksInFiles } from './leaks.js'

const engine = engineOfFile('masked')
const PODS = '/api/v1/namespaces/default/pods'

/** Stars are what is shown instead. Values that are too short are shown. */
const SECRETS = MASK_CASES.flatMap(({ secrets }) => secrets).filter(
  secret => Buffer.from(secret).toString('latin1').trim().length >= 6 && secret !== '******',
)

async function create(path: string, object: object): Promise<void> {
  const { status, body } = await callApi(engine, 'POST', path, object)
  expect([status, body.message]).toEqual([201, undefined])
}

async function text(path: string): Promise<Buffer> {
  const response = await fetch(engine.api + path, { headers: { authorization: `Bearer ${engine.token}` } })
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

/** Four Secrets, one for each way to be given one. */
async function createSecrets(): Promise<void> {
  const unique = [
    ...new Map(SECRETS.map(secret => [Buffer.from(secret).toString('hex'), Buffer.from(secret)])).values(),
  ]
  const ofKind = ['volume', 'projected', 'env', 'env-from'].map((name, kind) => {
    // A variable holds no NUL.
    const mine = unique.filter((secret, index) => (secret.includes(0) ? kind === 0 : index % 4 === kind))
    return { name, data: Object.fromEntries(mine.map((secret, index) => [`key-${index}`, secret.toString('base64')])) }
  })
  for (const { name, data } of ofKind) {
    await create('/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data })
  }
}

async function createOutputs(): Promise<void> {
  const outputs = MASK_CASES.flatMap(({ output }, index) =>
    [...output, '\n'].map((piece, at) => [
      `${String(index).padStart(3, '0')}-${String(at).padStart(3, '0')}`,
      Buffer.from(piece).toString('base64'),
    ]),
  )
  await create('/api/v1/namespaces/default/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'outputs' },
    binaryData: Object.fromEntries(outputs),
  })
}

const VOLUMES = [
  { name: 'out', configMap: { name: 'outputs' } },
  { name: 'a', secret: { secretName: 'volume' } },
  { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }] } },
]
const MOUNTS = [
  { name: 'out', mountPath: '/out' },
  { name: 'a', mountPath: '/a' },
  { name: 'b', mountPath: '/b/one', subPath: 'key-0' },
]
const ENV = {
  env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'env', key: 'key-0' } } }],
  envFrom: [{ secretRef: { name: 'env-from' } }],
}
const SAY_ALL = 'for piece in /out/*; do cat "$piece"; done'
/** What a careless step does. */
const CARELESS = `
  set -x
  for file in /a/* /b/one; do cat "$file"; base64 "$file"; base64 -w0 "$file"; od -An -v -tx1 "$file" | tr -d ' \\n'; done
  echo "token: $TOKEN"; printf '%s' "user:$TOKEN" | base64; env
  printf '%s' "$TOKEN" | dd bs=1 2>/dev/null; echo "$TOKEN" >&2`

test('no byte of a Secret is stored or shown of what steps, sidecars, init containers and bare Pods say', async () => {
  await createSecrets()
  await createOutputs()
  const step = { image: 'busybox', volumeMounts: MOUNTS, ...ENV }
  await create('/apis/tekton.dev/v1/namespaces/default/taskruns', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'leaky' },
    spec: {
      taskSpec: {
        volumes: VOLUMES,
        steps: [
          { name: 'say', script: SAY_ALL, ...step },
          { name: 'careless', script: CARELESS, ...step },
        ],
        sidecars: [{ name: 'beside', script: `${SAY_ALL}; sleep 600`, ...step }],
      },
    },
  })
  const container = (name: string) => ({ name, ...step, command: ['sh', '-c', `${SAY_ALL}; ${CARELESS}`] })
  await create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bare' },
    spec: {
      restartPolicy: 'Never',
      volumes: VOLUMES,
      initContainers: [container('first')],
      containers: [container('then')],
    },
  })
  const run = await waitUntil('the TaskRun', async () => {
    const { body } = await callApi(engine, 'GET', '/apis/tekton.dev/v1/namespaces/default/taskruns/leaky')
    const { conditions } = (body['status'] ?? {}) as { conditions?: { status: string; message: string }[] }
    return conditions?.[0]?.status === 'Unknown' ? undefined : conditions && body
  })
  expect(run['status']).toMatchObject({ conditions: [{ status: 'True' }] })
  await waitUntil('the Pod', async () => {
    const { body } = await callApi(engine, 'GET', `${PODS}/bare`)
    return (body['status'] as { phase: string }).phase === 'Succeeded'
  })

  // A log is stored whole a little after its container has ended.
  const isStored = (file: string) => /\/(step-say|step-careless|sidecar-beside|first|then)\.log$/.test(file)
  const files = await waitUntil('the logs to be stored', async () => {
    const stored = filesBelow(join(engine.data, 'logs'), () => true)
    if (stored.filter(isStored).length < 5) return undefined
    return [...stored, ...filesBelow(join(engine.data, 'pods'), name => ['log', 'exit', 'times'].includes(name))]
  })
  expect(leaksInFiles(files, SECRETS)).toEqual([])
  const uid = (run['metadata'] as { uid: string }).uid
  const own = `/apis/tektite.dev/v1alpha1/namespaces/default/runs/${uid}/logs`
  const shown = [
    await text(`${PODS}/leaky-pod/log?container=step-say`),
    await text(`${PODS}/leaky-pod/log?container=sidecar-beside`),
    await text(`${PODS}/bare/log?container=first`),
    await text(own),
    await text(`${own}?step=careless`),
    await text(`${own}/search?q=key`),
  ]
  for (const bytes of shown) expect(leaksIn(bytes, SECRETS)).toEqual([])
  // It did say it all, and what was no secret is there.
  expect(shown[0]?.toString('latin1')).toContain('ghp_Zk3 is not it\n')
  expect(shown[4]?.toString('latin1')).toContain('token: ***\n')
  expect(leaksIn(Buffer.from(JSON.stringify(run)), SECRETS)).toEqual([])
})

test('the annotation leaves them readable', async () => {
  await create('/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shown' },
    stringData: { password: 'plainly-readable' },
  })
  await create('/apis/tekton.dev/v1/namespaces/default/taskruns', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'open', annotations: { 'tektite.dev/mask-secrets': 'false' } },
    spec: {
      taskSpec: {
        steps: [{ name: 'a', image: 'busybox', script: 'env', envFrom: [{ secretRef: { name: 'shown' } }] }],
      },
    },
  })
  const log = `${PODS}/open-pod/log?container=step-a&follow=true`
  await waitUntil('the step', async () => (await fetchStatus(log)) === 200)
  expect((await text(log)).toString()).toContain('password=plainly-readable\n')
})

async function fetchStatus(path: string): Promise<number> {
  const abort = new AbortController()
  const headers = { authorization: `Bearer ${engine.token}` }
  const { status } = await fetch(engine.api + path, { headers, signal: abort.signal })
  abort.abort()
  return status
}

test('after its Pod is gone a log still answers, kubectl too, until another Pod has the name', async () => {
  const log = `${PODS}/brief/log`
  const pod = (says: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'brief' },
    spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', says] }] },
  })
  const ended = () =>
    waitUntil('the Pod', async () => {
      const { body } = await callApi(engine, 'GET', `${PODS}/brief`)
      return (body['status'] as { phase: string }).phase === 'Succeeded'
    })
  const remove = async (): Promise<void> => {
    await callApi(engine, 'DELETE', `${PODS}/brief`)
    await waitUntil('its deletion', async () => (await callApi(engine, 'GET', `${PODS}/brief`)).status === 404)
  }
  await create(PODS, pod('echo the first'))
  await ended()
  await remove()
  expect((await text(log)).toString()).toBe('the first\n')
  expect((await text(`${log}?timestamps=true`)).toString()).toMatch(/^20\d\d-.*Z the first\n$/)
  const { version, folder } = KUBECTLS.at(-1)!
  const args = ['--kubeconfig', join(engine.data, 'kubeconfig'), 'logs', 'brief']
  const { stdout, stderr } = spawnSync(join(folder, 'kubectl'), args, { encoding: 'utf8' })
  // Older ones do not say what they want the Pod for, and are told that it is gone.
  if (Number(version.split('.')[1]) >= 22) expect([stdout, stderr]).toEqual(['the first\n', ''])
  else expect(stderr).toContain('not found')
  await create(PODS, pod('echo the second'))
  await ended()
  expect((await text(log)).toString()).toBe('the second\n')
  await remove()
  expect((await text(log)).toString()).toBe('the second\n')
})
