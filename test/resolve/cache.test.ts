/** What is fetched is kept and shared as the request says. */
import { expect, test } from 'vitest'
import { createResolutionCache } from '../../src/resolve/cache.js'
import type { Found, Resolver } from '../../src/resolve/resolver.js'
import { NO_RETRY } from '../../src/resolve/retry.js'
import { storeWith } from '../reconcile/real-store.js'
import { configMap, request, resolutionOf, TASK } from './requests.js'

const LIMITS = { maxEntries: 2, ttlMs: 1_000 }
const found = (text: string): Found => ({ data: Buffer.from(text), refSource: {}, annotations: {} })

function counted(now: () => number = () => 0) {
  const cache = createResolutionCache(now)
  const fetched: string[] = []
  const get = (key: string, immutable = false) =>
    cache.get(key, immutable, LIMITS, async () => {
      fetched.push(key)
      return found(key)
    })
  return { cache, fetched, get }
}

test('what may change is kept for its time, what cannot for ever', async () => {
  let now = 0
  const { fetched, get } = counted(() => now)
  await get('tag')
  await get('digest', true)
  now = 999
  expect((await get('tag')).operation).toBe('retrieve')
  now = 1_000
  expect((await get('tag')).operation).toBe('store')
  now = 1e12
  expect((await get('digest', true)).operation).toBe('retrieve')
  expect(fetched).toEqual(['tag', 'digest', 'tag'])
})

test('the one used longest ago makes room', async () => {
  const { fetched, get } = counted()
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key)
  expect(fetched).toEqual(['a', 'b', 'c', 'b'])
})

test('who asks meanwhile waits for the one fetch; one that fails is not kept', async () => {
  const cache = createResolutionCache(() => 0)
  let calls = 0
  const failing = async (): Promise<Found> => {
    calls += 1
    throw new Error('no')
  }
  const both = [cache.get('a', false, LIMITS, failing), cache.get('a', false, LIMITS, failing)]
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(calls).toBe(1)
  await expect(cache.get('a', false, LIMITS, failing)).rejects.toThrow('no')
  expect(calls).toBe(2)
})

test('what was on its way when the cache was emptied is not kept', async () => {
  const { cache, fetched, get } = counted()
  const on = get('a')
  cache.clear()
  await on
  await get('a')
  expect(fetched).toEqual(['a', 'a'])
})

test('mode, ConfigMap and secrets decide who shares', async () => {
  let fetches = 0
  const resolver = (immutable: boolean, withSecrets: boolean): Resolver => ({
    type: 'git',
    name: 'Git',
    configMap: 'git-resolver-config',
    flag: 'enable-git-resolver',
    defaults: {},
    prepare: () => ({
      is: 'ready',
      immutable,
      cacheable: true,
      withSecrets,
      timeoutMs: 1_000,
      retry: NO_RETRY,
      async fetch() {
        fetches += 1
        return { data: Buffer.from(TASK), refSource: {}, annotations: {} }
      },
    }),
  })
  const signal = AbortSignal.timeout(10_000)
  const cluster = await storeWith()
  const open = resolutionOf(cluster, resolver(false, false))
  await open.resolve(request('git', { url: 'x' }), signal)
  await open.resolve(request('git', { url: 'x' }), signal)
  expect(fetches, 'auto keeps only what cannot change').toBe(2)
  await open.resolve(request('git', { url: 'x', cache: 'always' }), signal)
  const answer = await open.resolve(request('git', { url: 'x', cache: 'always' }, 'other'), signal)
  expect(fetches, 'shared between namespaces').toBe(3)
  expect(answer).toMatchObject({
    found: {
      annotations: {
        'resolution.tekton.dev/cached': 'true',
        'resolution.tekton.dev/cache-timestamp': '2026-01-02T03:04:05Z',
        'resolution.tekton.dev/cache-resolver-type': 'git',
        'resolution.tekton.dev/cache-operation': 'retrieve',
      },
    },
  })
  const [stored] = await Promise.all([
    cluster.create('ConfigMap', JSON.parse(configMap('resolver-cache-config', { ttl: '1m' }))),
  ])
  expect(stored.metadata.name).toBe('resolver-cache-config')
  await open.resolve(request('git', { url: 'x', cache: 'always' }), signal)
  expect(fetches, 'another ConfigMap empties it').toBe(4)

  const secret = resolutionOf(cluster, resolver(true, true))
  await secret.resolve(request('git', { url: 'y' }), signal)
  await secret.resolve(request('git', { url: 'y' }), signal)
  expect(fetches).toBe(5)
  await secret.resolve(request('git', { url: 'y' }, 'other'), signal)
  expect(fetches, 'what a Secret opened is for its namespace').toBe(6)
  await secret.resolve(request('git', { url: 'y', cache: 'never' }), signal)
  expect(fetches).toBe(7)
})
