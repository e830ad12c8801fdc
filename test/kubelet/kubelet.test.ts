import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Kubelet, startKubelet } from '../../src/kubelet/kubelet.js'
import { createProcessRuntime, type ProcessRuntime } from '../../src/kubelet/process.js'
import { SILENT } from '../../src/lib/log.js'
import { createFileLogStore } from '../../src/logs/files.js'
import { type Container, NOP_IMAGE, type Pod, type PodSpec, type Volume } from '../../src/resources/core.js'
import { keyOf } from '../../src/resources/meta.js'
import { builtShim } from './built-shim.js'
import { mountsMentioning, processesMentioning } from './processes.js'
import { openRecordedCluster, type RecordedCluster } from './recorded-cluster.js'
import { until } from './until.js'

const shimPath = builtShim()
let root: string
let hostBefore: readonly string[]

beforeAll(async () => {
  hostBefore = await readdir('/')
  root = await mkdtemp(join(tmpdir(), 'tektite-kubelet-'))
})

afterAll(async () => {
  expect(processesMentioning(root)).toEqual([])
  expect(mountsMentioning(root)).toEqual([])
  expect(await readdir('/')).toEqual(hostBefore)
  await rm(root, { recursive: true })
})

interface Machine {
  readonly dir: string
  readonly cluster: RecordedCluster
  readonly kubelet: Kubelet
  readonly runtime: ProcessRuntime
  /** Another kubelet on the same folder and cluster, after this one was closed. */
  restart(): Promise<Machine>
  [Symbol.asyncDispose](): Promise<void>
}

let serial = 0
async function machine(
  options: { readonly isolation?: 'rewrite'; readonly concurrency?: number } = {},
): Promise<Machine> {
  serial += 1
  const dir = join(root, `machine-${serial}`)
  await mkdir(dir)
  return boot(dir, openRecordedCluster(join(dir, 'store')), options)
}

async function boot(
  dir: string,
  cluster: RecordedCluster,
  options: { isolation?: 'rewrite'; concurrency?: number },
): Promise<Machine> {
  const isolation = options.isolation ?? 'namespace'
  const runtime = createProcessRuntime({ rootDir: join(dir, 'pods'), shimPath, isolation })
  const logs = createFileLogStore({ directory: join(dir, 'logs') })
  const kubelet = await startKubelet({
    cluster,
    runtime,
    logs,
    dataDir: dir,
    now: Date.now,
    log: SILENT,
    rewritesPaths: isolation === 'rewrite',
    ...(options.concurrency ? { concurrency: options.concurrency } : {}),
  })
  let closed = false
  return {
    dir,
    cluster,
    kubelet,
    runtime,
    async restart() {
      closed = true
      await kubelet.close()
      await runtime.close()
      return boot(dir, cluster, options)
    },
    async [Symbol.asyncDispose]() {
      if (closed) return
      await kubelet.stopAll()
      expect(await readdir(join(dir, 'pods'))).toEqual([])
      await runtime.close()
      await cluster.close()
    },
  }
}

function sh(name: string, script: string, extras: Partial<Container> = {}): Container {
  return { name, image: 'any', command: ['/bin/sh', '-c', script], ...extras }
}

async function createPod(
  cluster: RecordedCluster,
  name: string,
  spec: Partial<PodSpec>,
  annotations: Record<string, string> = {},
): Promise<Pod> {
  const metadata = { namespace: 'ci', name, annotations }
  return cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { restartPolicy: 'Never', containers: [], ...spec },
  })
}

function podWhen(cluster: RecordedCluster, pod: Pod, what: string, test: (pod: Pod) => boolean): Promise<Pod> {
  return until(`pod ${pod.metadata.name} ${what}`, async () => {
    const found = await cluster.get('Pod', keyOf(pod))
    return found !== undefined && test(found) ? found : undefined
  })
}

const finished = (cluster: RecordedCluster, pod: Pod): Promise<Pod> =>
  podWhen(cluster, pod, 'is over', ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')

async function logOf(kubelet: Kubelet, pod: string, container: string, follow = true): Promise<string | undefined> {
  const chunks = await kubelet.readLogs({ namespace: 'ci', pod, container }, { follow }, new AbortController().signal)
  return textOf(chunks)
}

async function textOf(chunks: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (chunks === undefined) return undefined
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}

const sandboxesGone = (own: Machine): Promise<true> =>
  until('no sandbox is left', async () => (await readdir(join(own.dir, 'pods'))).length === 0)

test('a pod runs to its end: status, logs, and nothing left', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'plain', {
    containers: [
      sh('a', 'echo from a; printf said > /tekton/termination', { terminationMessagePath: '/tekton/termination' }),
      sh('b', 'echo from b'),
    ],
  })
  const done = await finished(own.cluster, pod)
  expect(done.status).toMatchObject({
    phase: 'Succeeded',
    containerStatuses: [
      { name: 'a', ready: false, state: { terminated: { exitCode: 0, reason: 'Completed', message: 'said' } } },
      { name: 'b', ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
    ],
  })
  expect(done.status?.conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Initialized', 'True', 'PodCompleted'],
    ['Ready', 'False', 'PodCompleted'],
    ['ContainersReady', 'False', 'PodCompleted'],
    ['PodScheduled', 'True', undefined],
  ])
  await sandboxesGone(own)
  expect(await logOf(own.kubelet, 'plain', 'a')).toBe('from a\n')
  expect(await logOf(own.kubelet, 'plain', 'b')).toBe('from b\n')
  const key = { namespace: 'ci', pod: 'plain', podUid: pod.metadata.uid, container: 'a' }
  expect(await own.kubelet.logSize(key)).toBe('from a\n'.length)
  const { signal } = new AbortController()
  const times = await own.kubelet.readLogs({ ...key, part: 'times' }, { follow: false }, signal)
  expect(await textOf(times)).toMatch(/^0 \d{13}\n$/)
  // Few writes: running (one or two), ended (one or two).
  expect(own.cluster.statuses.length).toBeLessThanOrEqual(4)
})

test('a step inherits no file of the engine, least of all its database', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'files', {
    containers: [sh('step', 'ls -l /proc/self/fd | sed -n "s/.* -> //p"')],
  })
  await finished(own.cluster, pod)
  const files = (await logOf(own.kubelet, 'files', 'step'))?.trim().split('\n') ?? []
  // The three streams, and the folder that ls itself reads.
  expect([...new Set(files.map(file => file.replace(/\d+/g, 'N')))].sort()).toEqual([
    '/dev/null',
    '/proc/N/fd',
    'pipe:[N]',
  ])
})

test('init containers run in order, and a failing one ends the pod', async () => {
  await using own = await machine()
  const volumes = [{ name: 'work', emptyDir: {} }]
  const volumeMounts = [{ name: 'work', mountPath: '/workspace' }]
  const pod = await createPod(own.cluster, 'inits', {
    volumes,
    initContainers: [
      sh('one', 'echo 1 >> order', { volumeMounts, workingDir: '/workspace' }),
      sh('two', 'echo 2 >> /workspace/order', { volumeMounts }),
    ],
    containers: [sh('main', 'cat /workspace/order', { volumeMounts })],
  })
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
  expect(await logOf(own.kubelet, 'inits', 'main')).toBe('1\n2\n')
  const failing = await createPod(own.cluster, 'failing-init', {
    initContainers: [sh('one', 'exit 5')],
    containers: [sh('main', 'true')],
  })
  const { status } = await finished(own.cluster, failing)
  expect(status).toMatchObject({
    phase: 'Failed',
    initContainerStatuses: [{ state: { terminated: { exitCode: 5, reason: 'Error' } } }],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
  })
})

for (const isolation of [undefined, 'rewrite'] as const) {
  test(`configMap, secret, projected, downwardAPI, claim and env reach a container (${isolation ?? 'namespace'})`, async () => {
    await using own = await machine(isolation === undefined ? {} : { isolation })
    const { cluster } = own
    const metadata = { namespace: 'ci' }
    const tool = Buffer.from('#!/bin/sh\necho tool ran\n').toString('base64')
    const base = { apiVersion: 'v1' } as const
    await cluster.create('ConfigMap', {
      ...base,
      kind: 'ConfigMap',
      metadata: { ...metadata, name: 'bin' },
      immutable: true,
      binaryData: { tool },
    })
    await cluster.create('ConfigMap', {
      ...base,
      kind: 'ConfigMap',
      metadata: { ...metadata, name: 'conf' },
      data: { COLOR: 'blue', other: 'x' },
    })
    const password = Buffer.from('hush').toString('base64')
    await cluster.create('Secret', {
      ...base,
      kind: 'Secret',
      metadata: { ...metadata, name: 'login' },
      data: { password },
    })
    await cluster.create('PersistentVolumeClaim', {
      ...base,
      kind: 'PersistentVolumeClaim',
      metadata: { ...metadata, name: 'cache' },
      spec: {},
    })
    const script =
      '#!/bin/sh\nset -e\n/tekton/bin/tool\ncat /tekton/login/pass; echo " $PASSWORD $COLOR $NAME $MADE"\necho hit >> /cache/sub/hits; cat /cache/sub/hits\ncat /all/label /all/COLOR; echo " $1"\n'
    const spec: Partial<PodSpec> = {
      volumes: [
        { name: 'bin', configMap: { name: 'bin', defaultMode: 0o555 } },
        { name: 'login', secret: { secretName: 'login', items: [{ key: 'password', path: 'pass' }] } },
        {
          name: 'scripts',
          downwardAPI: {
            defaultMode: 0o555,
            items: [{ path: 'script-0', fieldRef: { fieldPath: "metadata.annotations['script-0']" } }],
          },
        },
        { name: 'cache', persistentVolumeClaim: { claimName: 'cache' } },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'conf' } },
              { downwardAPI: { items: [{ path: 'label', fieldRef: { fieldPath: 'metadata.name' } }] } },
              { secret: { name: 'absent', optional: true } },
            ],
          },
        },
      ],
      containers: [
        sh('step', '', {
          command: ['/tekton/scripts/script-0'],
          args: ['$(MADE)-$(NOT_SET)-$$(MADE)'],
          env: [
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'MADE', value: 'of-$(NAME)' },
          ],
          envFrom: [{ configMapRef: { name: 'conf' } }],
          volumeMounts: [
            { name: 'bin', mountPath: '/tekton/bin', readOnly: true },
            { name: 'login', mountPath: '/tekton/login' },
            { name: 'scripts', mountPath: '/tekton/scripts' },
            { name: 'cache', mountPath: '/cache/sub', subPath: 'deep/er' },
            { name: 'all', mountPath: '/all' },
          ],
        }),
      ],
    }
    for (const [name, hits] of [
      ['first', 'hit\n'],
      ['second', 'hit\nhit\n'],
    ] as const) {
      const pod = await createPod(cluster, name, spec, { 'script-0': script })
      const { status } = await finished(cluster, pod)
      expect(await logOf(own.kubelet, name, 'step')).toBe(
        `tool ran\nhush hush blue ${name} of-${name}\n${hits}${name}blue of-${name}-$(NOT_SET)-$(MADE)\n`,
      )
      expect(status?.phase).toBe('Succeeded')
    }
    await sandboxesGone(own)
    // The tool is there once, for all pods; the secret is not.
    await until('only the tool is left', async () => {
      const kept = await readdir(join(own.dir, 'volumes'))
      const files = await Promise.all(kept.map(folder => readdir(join(own.dir, 'volumes', folder))))
      return files.flat().join() === 'tool'
    })
    await cluster.delete('PersistentVolumeClaim', { namespace: 'ci', name: 'cache' })
    await until(
      'the folder of the claim is gone',
      () =>
        !existsSync(join(own.dir, 'claims/ci/cache/')) ||
        readdir(join(own.dir, 'claims/ci/cache')).then(left => left.length === 0),
    )
  })
}

test('an annotation that is set later releases a waiting step', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'gated', {
    volumes: [
      {
        name: 'downward',
        downwardAPI: {
          items: [{ path: 'ready', fieldRef: { fieldPath: "metadata.annotations['tekton.dev/ready']" } }],
        },
      },
    ],
    containers: [
      sh('step', 'until [ -s /tekton/downward/ready ]; do sleep 0.01; done; cat /tekton/downward/ready', {
        volumeMounts: [{ name: 'downward', mountPath: '/tekton/downward' }],
      }),
    ],
  })
  const running = await podWhen(
    own.cluster,
    pod,
    'runs',
    ({ status }) => status?.containerStatuses?.[0]?.ready === true,
  )
  expect(running.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  await own.cluster.replace('Pod', {
    ...running,
    metadata: { ...running.metadata, annotations: { 'tekton.dev/ready': 'READY' } },
  })
  expect(await logOf(own.kubelet, 'gated', 'step')).toBe('READY')
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
})

test.each([
  [
    'env-secret',
    'secret "late" not found',
    { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'late', key: 'x' } } }] },
    {},
  ],
  [
    'volume-secret',
    'MountVolume.SetUp failed for volume "v" : secret "late" not found',
    { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    { volumes: [{ name: 'v', secret: { secretName: 'late' } }] },
  ],
])('%s: a missing secret is waited for', async (name, message, container, spec) => {
  await using own = await machine()
  const pod = await createPod(own.cluster, name, { ...spec, containers: [sh('step', 'true', container)] })
  const waiting = await podWhen(
    own.cluster,
    pod,
    'waits',
    ({ status }) => status?.containerStatuses?.[0]?.state.waiting?.message !== undefined,
  )
  expect(waiting.status).toMatchObject({
    phase: 'Pending',
    containerStatuses: [{ state: { waiting: { reason: 'CreateContainerConfigError', message } } }],
  })
  const data = { x: Buffer.from('1').toString('base64') }
  await own.cluster.create('Secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'ci', name: 'late' },
    data,
  })
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
})

test('a missing claim leaves the pod unschedulable, a volume that needs a cluster is named', async () => {
  await using own = await machine()
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const claim = await createPod(own.cluster, 'no-claim', {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'nope' } }],
    containers: [sh('step', 'true', { volumeMounts })],
  })
  const waiting = await podWhen(own.cluster, claim, 'waits', ({ status }) => status !== undefined)
  expect(waiting.status).toEqual({
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: '0/1 nodes are available: persistentvolumeclaim "nope" not found.',
        lastTransitionTime: expect.any(String),
      },
    ],
  })
  const host = await createPod(own.cluster, 'nfs', {
    volumes: [{ name: 'v', nfs: { server: 'x', path: '/' } } as Volume],
    containers: [sh('step', 'true', { volumeMounts })],
  })
  const refused = await podWhen(
    own.cluster,
    host,
    'waits',
    ({ status }) => status?.containerStatuses?.[0]?.state.waiting?.message !== undefined,
  )
  expect(refused.status?.containerStatuses?.[0]?.state.waiting).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: expect.stringContaining('MountVolume.SetUp failed for volume "v" : volumes of type nfs need a cluster'),
  })
})

test('a hostPath, an ephemeral claim, a subPathExpr and hostAliases are there', async () => {
  await using own = await machine()
  const folder = join(own.dir, 'host')
  const pod = await createPod(own.cluster, 'host', {
    hostAliases: [{ ip: '192.0.2.7', hostnames: ['db.example', 'db'] }],
    volumes: [
      { name: 'host', hostPath: { path: folder, type: 'DirectoryOrCreate' } },
      { name: 'own', ephemeral: { volumeClaimTemplate: { spec: {} } } },
    ],
    containers: [
      sh('step', 'echo made > /host/file; touch /own/file; sed -n "s/^192.0.2.7//p" /etc/hosts', {
        env: [{ name: 'WHO', value: 'me' }],
        volumeMounts: [
          { name: 'host', mountPath: '/host', subPathExpr: 'of-$(WHO)' },
          { name: 'own', mountPath: '/own' },
        ],
      }),
    ],
  })
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
  expect(await readFile(join(folder, 'of-me/file'), 'utf8')).toBe('made\n')
  expect(await logOf(own.kubelet, 'host', 'step')).toBe('\tdb.example\tdb\n')
  await sandboxesGone(own)
  expect(existsSync(folder)).toBe(true)
})

test('a volume of the group that a Pod asks for can be written by its user', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root may run a container as another user')
  await using own = await machine()
  const pod = await createPod(own.cluster, 'grouped', {
    securityContext: { runAsUser: 1234, runAsGroup: 2345, fsGroup: 3456, supplementalGroups: [4567] },
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      sh('step', 'id -G; touch /v/file; stat -c "%u %g" /v/file', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    ],
  })
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
  expect(await logOf(own.kubelet, 'grouped', 'step')).toBe('2345 3456 4567\n1234 3456\n')
})

test('a container that must not be root is not started as root', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'root', {
    containers: [{ ...sh('step', 'true'), image: 'alpine', securityContext: { runAsNonRoot: true } }],
  })
  const { status } = await podWhen(own.cluster, pod, 'is refused', one => one.status?.containerStatuses !== undefined)
  expect(status?.containerStatuses?.[0]?.state.waiting).toEqual({
    reason: 'CreateContainerConfigError',
    message: `container has runAsNonRoot and image will run as root (pod: "root_ci(${pod.metadata.uid})", container: step)`,
  })
})

test.each(['../../escape', '/etc', 'link/x'])('subPath %s does not leave its volume', async subPath => {
  await using own = await machine()
  const metadata = { namespace: 'ci', name: 'cache' }
  const claim = await own.cluster.create('PersistentVolumeClaim', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: {},
  })
  const mounted = (extra: object) => ({
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim.metadata.name } }],
    containers: [sh('step', 'ln -s /etc /v/link', { volumeMounts: [{ name: 'v', mountPath: '/v', ...extra }] })],
  })
  await finished(own.cluster, await createPod(own.cluster, 'links', mounted({})))
  const pod = await createPod(own.cluster, 'escapes', mounted({ subPath }))
  const waiting = await podWhen(
    own.cluster,
    pod,
    'waits',
    ({ status }) => status?.containerStatuses?.[0]?.state.waiting?.message !== undefined,
  )
  expect(waiting.status?.containerStatuses?.[0]?.state.waiting?.message).toContain(
    `subPath "${subPath}" leads out of the volume`,
  )
  expect(existsSync('/etc/x')).toBe(false)
})

test('a claim is bound, with what it asked for', async () => {
  await using own = await machine()
  const key = { namespace: 'ci', name: 'source' }
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: key, spec } as const
  await own.cluster.create('PersistentVolumeClaim', claim)
  const bound = await until('it is bound', async () => {
    const found = await own.cluster.get('PersistentVolumeClaim', key)
    return found?.status && found
  })
  expect(bound).toMatchObject({
    spec,
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
  })
})

test('a deadline ends what runs', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'late', {
    activeDeadlineSeconds: 1,
    terminationGracePeriodSeconds: 0,
    containers: [sh('step', 'sleep 4901')],
  })
  const done = await podWhen(
    own.cluster,
    pod,
    'is stopped',
    ({ status }) => status?.containerStatuses?.[0]?.state.terminated !== undefined,
  )
  expect(done.status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  })
})

test('a deleted pod is stopped with its grace, keeps its log and goes', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'deleted', {
    containers: [sh('step', 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.02; done')],
  })
  await until('it is up', async () => (await logOf(own.kubelet, 'deleted', 'step', false))?.includes('up'))
  await own.cluster.delete('Pod', keyOf(pod), { graceSeconds: 20 })
  await until('the object is gone', async () => (await own.cluster.get('Pod', keyOf(pod))) === undefined)
  await sandboxesGone(own)
  const key = { namespace: 'ci', pod: 'deleted', podUid: pod.metadata.uid, container: 'step' }
  const log = await own.kubelet.readLogs(key, { follow: true }, new AbortController().signal)
  expect(await textOf(log)).toMatch(/^up\n(Terminated\n)?bye\n$/)
})

test('a pod whose object vanishes is killed', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'vanished', {
    containers: [sh('step', 'trap "" TERM; sleep 4902', { env: [{ name: 'MARK', value: 'MARK_vanished' }] })],
  })
  await until('it runs', () => processesMentioning('MARK_vanished').length > 0)
  await own.cluster.delete('Pod', keyOf(pod), { graceSeconds: 0 })
  await sandboxesGone(own)
  expect(processesMentioning('MARK_vanished')).toEqual([])
})

test('a sidecar whose image becomes the nop image is stopped and completes', async () => {
  await using own = await machine()
  const pod = await createPod(own.cluster, 'sidecar', {
    terminationGracePeriodSeconds: 1,
    containers: [sh('step-a', 'true'), sh('sidecar-b', 'sleep 4903')],
  })
  const half = await podWhen(
    own.cluster,
    pod,
    'is half done',
    ({ status }) =>
      status?.containerStatuses?.[0]?.state.terminated !== undefined &&
      status.containerStatuses[1]?.state.running !== undefined,
  )
  const containers = half.spec.containers.map(container =>
    container.name === 'sidecar-b' ? { ...container, image: NOP_IMAGE } : container,
  )
  await own.cluster.replace('Pod', { ...half, spec: { ...half.spec, containers } })
  const { status } = await finished(own.cluster, pod)
  expect(status).toMatchObject({
    phase: 'Succeeded',
    containerStatuses: [{}, { state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
  })
})

test('a readiness probe decides when a container is ready', async () => {
  await using own = await machine()
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const pod = await createPod(own.cluster, 'probed', {
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      sh('server', 'sleep 4904', { volumeMounts, readinessProbe: { exec: { command: ['test', '-e', '/v/up'] } } }),
      sh('closed', 'sleep 4905', { readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: 1 } }),
    ],
  })
  const first = await podWhen(own.cluster, pod, 'runs', ({ status }) => status?.phase === 'Running')
  expect(first.status?.containerStatuses?.map(({ ready }) => ready)).toEqual([false, false])
  const volume = join(own.dir, 'pods', pod.metadata.uid, 'volumes/v')
  await writeFile(join(volume, 'up'), '')
  const ready = await podWhen(
    own.cluster,
    pod,
    'is ready',
    ({ status }) => status?.containerStatuses?.[0]?.ready === true,
  )
  expect(ready.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    message: 'containers with unready status: [closed]',
  })
})

test('a sidecar among the init containers starts first, runs its hooks, and ends last', async () => {
  await using own = await machine()
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const hook = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } })
  const say = (word: string) => `echo ${word} >> /v/words`
  const pod = await createPod(own.cluster, 'beside', {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'kept' } }],
    terminationGracePeriodSeconds: 20,
    initContainers: [
      sh('side', `trap '${say('stopped')}; exit 9' TERM; touch /v/up; sleep 4909 & wait`, {
        restartPolicy: 'Always',
        volumeMounts,
        lifecycle: { postStart: hook(say('hooked')), preStop: hook(say('stopping')) },
        startupProbe: hook('test -e /v/up && echo probed >> /v/words'),
      }),
      sh('init', say('init'), { volumeMounts }),
    ],
    containers: [sh('step', say('step'), { volumeMounts })],
  })
  const metadata = { namespace: 'ci', name: 'kept' }
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: {} } as const
  const { uid } = (await own.cluster.create('PersistentVolumeClaim', claim)).metadata
  const { status } = await finished(own.cluster, pod)
  expect(status).toMatchObject({
    phase: 'Succeeded',
    initContainerStatuses: [{ state: { terminated: { exitCode: 9 } } }, { state: { terminated: { exitCode: 0 } } }],
    containerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
  })
  const words = await readFile(join(own.dir, 'claims/ci/kept', uid, 'words'), 'utf8')
  expect(words.trim().split('\n')).toEqual(['hooked', 'probed', 'init', 'step', 'stopping', 'stopped'])
})

test('a container that is not alive any more, or whose postStart hook fails, is killed', async () => {
  await using own = await machine()
  const no = { exec: { command: ['false'] } }
  const pod = await createPod(own.cluster, 'sick', {
    terminationGracePeriodSeconds: 0,
    containers: [
      sh('dead', 'sleep 4906', { livenessProbe: { ...no, periodSeconds: 1, failureThreshold: 1 } }),
      sh('unhooked', 'sleep 4907', { lifecycle: { postStart: no } }),
      sh('never', 'sleep 4908', { startupProbe: { ...no, periodSeconds: 1, failureThreshold: 1 } }),
    ],
  })
  const { status } = await finished(own.cluster, pod)
  expect(status?.phase).toBe('Failed')
  const codes = status?.containerStatuses?.map(({ state }) => state.terminated?.exitCode)
  expect(codes).toEqual([137, 137, 137])
})

test('pods beyond the limit wait for a place, and one that waits can be deleted', async () => {
  await using own = await machine({ concurrency: 1 })
  const volumes = [{ name: 'v', emptyDir: {} }]
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const first = await createPod(own.cluster, 'first', {
    volumes,
    containers: [sh('step', 'until [ -e /v/go ]; do sleep 0.01; done', { volumeMounts })],
  })
  await podWhen(own.cluster, first, 'runs', ({ status }) => status?.phase === 'Running')
  const second = await createPod(own.cluster, 'second', { containers: [sh('step', 'true')] })
  const third = await createPod(own.cluster, 'third', { containers: [sh('step', 'true')] })
  await podWhen(own.cluster, second, 'waits', ({ status }) => status?.phase === 'Pending')
  await podWhen(own.cluster, third, 'waits', ({ status }) => status?.phase === 'Pending')
  await own.cluster.delete('Pod', keyOf(second))
  await until('the waiting one is gone', async () => (await own.cluster.get('Pod', keyOf(second))) === undefined)
  await writeFile(join(own.dir, 'pods', first.metadata.uid, 'volumes/v/go'), '')
  expect((await finished(own.cluster, third)).status?.phase).toBe('Succeeded')
})

test('a kubelet that comes after adopts what runs, reports what ended, and stops what nobody wants any more', async () => {
  const before = await machine()
  const { cluster } = before
  const metadata = { namespace: 'ci', name: 'cache' }
  const claim = await cluster.create('PersistentVolumeClaim', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: {},
  })
  const data = join(before.dir, 'claims/ci/cache', claim.metadata.uid)
  const mounts = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'cache' } }] }
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const kept = await createPod(cluster, 'kept', {
    ...mounts,
    containers: [
      sh('step', 'echo ran >> /v/kept; until [ -e /v/go ]; do sleep 0.01; done; echo end', { volumeMounts }),
    ],
  })
  const orphan = await createPod(cluster, 'orphan', {
    containers: [sh('step', 'echo up; sleep 4906', { env: [{ name: 'MARK', value: 'MARK_orphan' }] })],
  })
  await until(
    'both run',
    async () => existsSync(join(data, 'kept')) && (await logOf(before.kubelet, 'orphan', 'step', false)) === 'up\n',
  )
  await podWhen(cluster, kept, 'is reported', ({ status }) => status?.phase === 'Running')
  await podWhen(cluster, orphan, 'is reported', ({ status }) => status?.phase === 'Running')
  await before.kubelet.close()
  await cluster.delete('Pod', keyOf(orphan), { graceSeconds: 0 })
  await using after = await before.restart()
  await until('the orphan is dead', () => processesMentioning('MARK_orphan').length === 0)
  await writeFile(join(data, 'go'), '')
  expect((await finished(cluster, kept)).status?.phase).toBe('Succeeded')
  expect(await readFile(join(data, 'kept'), 'utf8')).toBe('ran\n')
  expect(await logOf(after.kubelet, 'kept', 'step')).toBe('end\n')
  await sandboxesGone(after)
})

test('a container that the status calls running but nobody knows is lost, and not started again', async () => {
  const before = await machine()
  const { cluster } = before
  const pod = await createPod(cluster, 'lost', { containers: [sh('step', 'sleep 4907')] })
  await podWhen(cluster, pod, 'runs', ({ status }) => status?.phase === 'Running')
  await before.kubelet.stopAll()
  await using after = await before.restart()
  const { status } = await finished(after.cluster, pod)
  expect(status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }],
  })
})

async function createClaim(cluster: RecordedCluster, name: string): Promise<void> {
  const metadata = { namespace: 'ci', name }
  await cluster.create('PersistentVolumeClaim', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: {} })
}

const inClaim = (claim: string, script: string): Partial<PodSpec> => ({
  volumes: [{ name: 'cache', persistentVolumeClaim: { claimName: claim } }],
  containers: [sh('step', script, { volumeMounts: [{ name: 'cache', mountPath: '/cache' }] })],
})

const claimFolders = (own: Machine, claim: string): Promise<readonly string[]> =>
  readdir(join(own.dir, 'claims', 'ci', claim))

test('a claim that is deleted under a pod keeps its folder until the pod has ended, and takes it along then', async () => {
  await using own = await machine()
  await createClaim(own.cluster, 'worked-in')
  const script = 'echo a > /cache/a; until [ -e /cache/go ]; do sleep 0.05; done; echo b > /cache/b'
  const pod = await createPod(own.cluster, 'worker', inClaim('worked-in', script))
  const [folder = ''] = await until('the step to write', async () => {
    const folders = await claimFolders(own, 'worked-in').catch(() => [])
    return folders[0] && existsSync(join(own.dir, 'claims', 'ci', 'worked-in', folders[0], 'a')) ? folders : undefined
  })
  await own.cluster.delete('PersistentVolumeClaim', { namespace: 'ci', name: 'worked-in' })
  await createClaim(own.cluster, 'later')
  await finished(own.cluster, await createPod(own.cluster, 'other', inClaim('later', 'true')))
  await writeFile(join(own.dir, 'claims', 'ci', 'worked-in', folder, 'go'), '')
  expect((await finished(own.cluster, pod)).status?.phase).toBe('Succeeded')
  await until('the folder to be gone', async () => (await claimFolders(own, 'worked-in')).length === 0)
  expect(await claimFolders(own, 'later')).toHaveLength(1)
})

test('the folder of a claim that went while no kubelet looked goes when the next one comes', async () => {
  const before = await machine()
  for (const name of ['gone', 'kept']) {
    await createClaim(before.cluster, name)
    await finished(before.cluster, await createPod(before.cluster, `uses-${name}`, inClaim(name, 'echo x > /cache/x')))
  }
  await sandboxesGone(before)
  await before.kubelet.close()
  await before.cluster.delete('PersistentVolumeClaim', { namespace: 'ci', name: 'gone' })
  await using own = await before.restart()
  await until('the folder to be gone', async () => (await claimFolders(own, 'gone')).length === 0)
  expect(await claimFolders(own, 'kept')).toHaveLength(1)
})

test('a malformed Pod fails by itself, and goes when it is deleted', async () => {
  await using one = await machine()
  const metadata = (name: string) => ({ namespace: 'default', name })
  const broken = { spec: { containers: null }, metadata: metadata('broken') }
  await one.cluster.create('Pod', { apiVersion: 'v1', kind: 'Pod', ...broken } as never)
  const failed = await until('the broken Pod to fail', async () => {
    const pod = await one.cluster.get('Pod', metadata('broken'))
    return pod?.status?.phase === 'Failed' && pod
  })
  expect(failed.status).toMatchObject({
    reason: 'Malformed',
    message:
      'the Pod is malformed: spec.containers: Invalid value: "null": spec.containers in body must be of type array: "null"',
  })
  await one.cluster.delete('Pod', metadata('broken'))
  await until('the broken Pod to go', async () => (await one.cluster.get('Pod', metadata('broken'))) === undefined)
  const sound = { spec: { containers: [{ name: 'c', image: 'any', command: ['true'] }] }, metadata: metadata('sound') }
  await one.cluster.create('Pod', { apiVersion: 'v1', kind: 'Pod', ...sound } as never)
  await until('the other Pod to run', async () => {
    const pod = await one.cluster.get('Pod', metadata('sound'))
    return pod?.status?.phase === 'Succeeded'
  })
})
