/** The loop that answers ResolutionRequests: each once, in time, whatever happens to it, and other people's left alone. */
import { expect, onTestFinished, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/lib/log.js'
import type { Answer, Resolution } from '../../src/resolve/resolve.js'
import type { ResolutionRequest } from '../../src/resources/resolution.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { startResolver } from '../../workers/resolver.js'
import { until } from '../kubelet/until.js'
import { NOW, storeWith } from '../reconcile/real-store.js'

const FOUND: Answer = {
  is: 'found',
  found: {
    data: Buffer.from('some: manifest'),
    refSource: { uri: 'there', digest: { sha1: 'abc' } },
    annotations: { 'resolution.tekton.dev/path': 'x' },
  },
}

interface LoopOptions {
  readonly resolve?: (request: ResolutionRequest, signal: AbortSignal) => Promise<Answer>
  readonly serves?: (type: string) => boolean
  readonly timeoutMs?: number
  readonly concurrency?: number
  readonly now?: () => number
}

function loop(cluster: Cluster, { resolve = async () => FOUND, serves = () => true, ...options }: LoopOptions = {}) {
  const resolution: Resolution = { serves, resolve }
  let loads = 0
  const { close } = startResolver(
    {
      cluster,
      settings: () => ({ ...DEFAULT_SETTINGS, maximumResolutionTimeoutMs: options.timeoutMs ?? 60_000 }),
      now: options.now ?? (() => NOW),
      log: SILENT,
      load: async () => {
        loads += 1
        return resolution
      },
    },
    { concurrency: options.concurrency ?? 4 },
  )
  let closed: Promise<void> | undefined
  const closeOnce = () => {
    closed ??= close()
    return closed
  }
  onTestFinished(async () => {
    await expect(closeOnce()).resolves.toBeUndefined()
  })
  return { close: closeOnce, loads: () => loads }
}

function ask(cluster: Cluster, name: string, type = 'git'): Promise<ResolutionRequest> {
  return cluster.create('ResolutionRequest', {
    apiVersion: 'resolution.tekton.dev/v1beta1',
    kind: 'ResolutionRequest',
    metadata: { name, namespace: 'default', labels: { 'resolution.tekton.dev/type': type } },
    spec: {},
  })
}

const requestOf = (cluster: Cluster, name: string) => cluster.get('ResolutionRequest', { namespace: 'default', name })

function answered(cluster: Cluster, name: string): Promise<ResolutionRequest> {
  return until(`request ${name} to be done`, async () => {
    const request = await requestOf(cluster, name)
    return request !== undefined && isDone(request) && request
  })
}

function waiting(cluster: Cluster, name: string): Promise<ResolutionRequest> {
  return until(`request ${name} to wait`, async () => {
    const request = await requestOf(cluster, name)
    return succeededCondition(request ?? {})?.reason === 'ResolutionInProgress' && request
  })
}

test('what is found is written as Tekton writes it', async () => {
  const cluster = await storeWith()
  loop(cluster)
  await ask(cluster, 'a')
  const { status } = await answered(cluster, 'a')
  expect(status).toEqual({
    data: Buffer.from('some: manifest').toString('base64'),
    refSource: { uri: 'there', digest: { sha1: 'abc' } },
    source: { uri: 'there', digest: { sha1: 'abc' } },
    annotations: { 'resolution.tekton.dev/path': 'x' },
    conditions: [{ type: 'Succeeded', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }],
  })
})

test('what cannot be had fails with its message, and is not asked again', async () => {
  const cluster = await storeWith()
  let calls = 0
  loop(cluster, {
    resolve: async () => {
      calls += 1
      return { is: 'failed', message: 'error getting "Git" "default/a": no' }
    },
  })
  await ask(cluster, 'a')
  expect(succeededCondition(await answered(cluster, 'a'))).toMatchObject({
    status: 'False',
    reason: 'ResolutionFailed',
    message: 'error getting "Git" "default/a": no',
  })
  await ask(cluster, 'b')
  await answered(cluster, 'b')
  expect(calls).toBe(2)
})

test('a resolver of somebody else writes data, and we the condition', async () => {
  const cluster = await storeWith()
  const asked: string[] = []
  loop(cluster, {
    serves: type => type === 'git',
    resolve: async ({ metadata }) => {
      asked.push(metadata.name)
      return FOUND
    },
  })
  await ask(cluster, 'theirs', 'custom')
  const request = await waiting(cluster, 'theirs')
  expect(succeededCondition(request)).toMatchObject({ status: 'Unknown', message: 'waiting for resolver' })
  const written = { ...request.status, data: 'e30=', refSource: { uri: 'custom://x' } }
  await cluster.replaceStatus('ResolutionRequest', { ...request, status: written })
  expect((await answered(cluster, 'theirs')).status).toMatchObject({
    data: 'e30=',
    conditions: [{ type: 'Succeeded', status: 'True' }],
  })
  expect(asked).toEqual([])
})

test('what nobody answers ends with the global timeout, counted from its creation', async () => {
  const cluster = await storeWith()
  await ask(cluster, 'a', 'nobody')
  loop(cluster, { serves: () => false, timeoutMs: 90_000, now: () => NOW + 91_000 })
  expect(succeededCondition(await answered(cluster, 'a'))).toMatchObject({
    status: 'False',
    reason: 'ResolutionTimedOut',
    message: 'resolution took longer than global timeout of 1m30s',
  })
})

test('a fetch that hangs is given up when the global timeout is over', async () => {
  const cluster = await storeWith()
  let aborted = false
  const begin = Date.now()
  loop(cluster, {
    timeoutMs: 1,
    now: () => NOW + Date.now() - begin,
    resolve: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
      }),
  })
  await ask(cluster, 'a')
  expect(succeededCondition(await answered(cluster, 'a'))).toMatchObject({
    message: 'resolution took longer than global timeout of 1ms',
  })
  await until('the fetch to be given up', () => aborted)
})

test('a fault is tried again, and costs the request nothing but time', async () => {
  const cluster = await storeWith()
  let calls = 0
  loop(cluster, {
    resolve: async () => {
      calls += 1
      if (calls < 3) throw new Error('the cluster cannot be reached')
      return FOUND
    },
  })
  await ask(cluster, 'a')
  expect(succeededCondition(await answered(cluster, 'a'))?.status).toBe('True')
  expect(calls).toBe(3)
})

test('a loop that was stopped in the middle leaves the request to the next one', async () => {
  const cluster = await storeWith()
  let began = false
  const first = loop(cluster, {
    resolve: (_, signal) =>
      new Promise((_resolve, reject) => {
        began = true
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  await ask(cluster, 'a')
  await until('the fetch', () => began)
  await first.close()
  expect(succeededCondition((await requestOf(cluster, 'a')) ?? {})?.status).toBe('Unknown')
  loop(cluster)
  expect(succeededCondition(await answered(cluster, 'a'))?.status).toBe('True')
})

test('two loops answer a request once', async () => {
  const cluster = await storeWith()
  // A write that changes nothing is none: the store hands back the version that is there.
  const versions = new Set<string>()
  const noting = Object.create(cluster) as Cluster
  noting.replaceStatus = async (kind, object) => {
    const stored = await cluster.replaceStatus(kind, object)
    if (isDone(stored as ResolutionRequest)) versions.add(stored.metadata.resourceVersion)
    return stored
  }
  const loops = [loop(noting), loop(noting)]
  await Promise.all(Array.from({ length: 10 }, (_, i) => ask(cluster, `a${i}`)))
  await Promise.all(Array.from({ length: 10 }, (_, i) => answered(cluster, `a${i}`)))
  for (const { close } of loops) await close()
  expect(versions.size).toBe(10)
})

test('not more are fetched at once than allowed, and all in the end', async () => {
  const cluster = await storeWith()
  const held: (() => void)[] = []
  let done = 0
  loop(cluster, {
    concurrency: 2,
    resolve: async () => {
      await new Promise<void>(resolve => held.push(resolve))
      done += 1
      return FOUND
    },
  })
  for (let i = 0; i < 6; i += 1) await ask(cluster, `a${i}`)
  for (let i = 0; i < 6; i += 1) await waiting(cluster, `a${i}`)
  while (done < 6) {
    const before = done
    await until('two fetches', () => held.length === 2)
    for (const release of held.splice(0)) release()
    await until('both to be done', () => done === before + 2)
  }
  for (let i = 0; i < 6; i += 1) await answered(cluster, `a${i}`)
})

test('a request that is deleted is no longer fetched', async () => {
  const cluster = await storeWith()
  let state = 'nothing'
  loop(cluster, {
    resolve: (_, signal) =>
      new Promise((_resolve, reject) => {
        state = 'fetching'
        signal.addEventListener('abort', () => {
          state = 'given up'
          reject(signal.reason)
        })
      }),
  })
  await ask(cluster, 'a')
  await until('the fetch', () => state === 'fetching')
  await cluster.delete('ResolutionRequest', { namespace: 'default', name: 'a' })
  await until('the end of the fetch', () => state === 'given up')
  expect(await requestOf(cluster, 'a')).toBeUndefined()
})

test('nothing is loaded before there is a request, nor for requests that are done', async () => {
  const cluster = await storeWith()
  const first = loop(cluster)
  await ask(cluster, 'a')
  await answered(cluster, 'a')
  await first.close()
  expect(first.loads()).toBe(1)
  const second = loop(cluster)
  await cluster.create('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'default' },
  })
  expect(second.loads()).toBe(0)
})

test('a request that was deleted and made again in between is left to the one that attends the new one', async () => {
  const cluster = await storeWith()
  const first = await ask(cluster, 'x')
  let writes = 0
  const stale: Cluster = {
    ...cluster,
    // The watch still tells of the first: the loop must not write again and again until it tells more.
    get: (async (kind: 'ResolutionRequest', key: { namespace: string; name: string }) => {
      const found = await cluster.get(kind, key)
      return found && { ...found, metadata: { ...found.metadata, uid: 'another' } }
    }) as Cluster['get'],
    replaceStatus: (async () => {
      writes += 1
      throw new ClusterError('Conflict', 'somebody wrote first')
    }) as Cluster['replaceStatus'],
  }
  const { close } = loop(stale)
  await until('a write', () => writes > 0)
  await new Promise(resolve => setImmediate(resolve))
  await close()
  expect(writes).toBe(1)
  expect(first.status).toBeUndefined()
})
