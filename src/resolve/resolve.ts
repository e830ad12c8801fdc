/** One request, answered: its settings read, its params checked, its manifest fetched or remembered, and looked into. */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.js'
import { parseDuration } from '../lib/duration.js'
import { toTimestamp } from '../lib/time.js'
import { parseManifests } from '../resources/parse.js'
import { RESOLVER_TYPE_LABEL, type ResolutionRequest } from '../resources/resolution.js'
import { asRecord } from '../resources/shape.js'
import { type CacheLimits, createResolutionCache } from './cache.js'
import { type Fetch, type Found, MAX_DATA_BYTES, ResolutionError, type Resolver, type Retry } from './resolver.js'

/** Where Tekton's resolvers have their ConfigMaps. */
const RESOLVERS_NAMESPACE = 'tekton-pipelines-resolvers'

export type Answer =
  | { readonly is: 'found'; readonly found: Found }
  | { readonly is: 'failed'; readonly message: string }

export interface Resolution {
  /** Whether requests of this type are ours to answer. */
  serves(type: string): boolean
  /** @throws on faults and when the fetch took too long: to be tried again. */
  resolve(request: ResolutionRequest, signal: AbortSignal): Promise<Answer>
}

export interface ResolutionDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly now: () => number
  readonly random: () => number
}

const CACHE_CONFIG = 'resolver-cache-config'
const CACHE_MODES: readonly string[] = ['always', 'never', 'auto']
const KINDS = ['PipelineRun', 'Pipeline', 'TaskRun', 'Task', 'Run', 'CustomRun', 'StepAction']

export function createResolution(resolvers: readonly Resolver[], deps: ResolutionDeps): Resolution {
  const { cluster, now } = deps
  const byType = new Map(resolvers.map(resolver => [resolver.type, resolver]))
  const cache = createResolutionCache(now)
  let cacheVersion: string | undefined

  async function configMap(name: string) {
    return cluster.get('ConfigMap', { namespace: RESOLVERS_NAMESPACE, name })
  }

  /** A change of the ConfigMap empties the cache. */
  async function cacheLimits(config: ReadonlyMap<string, string>): Promise<CacheLimits> {
    const found = await configMap(CACHE_CONFIG)
    const version = found?.metadata.resourceVersion
    if (version !== cacheVersion) cache.clear()
    cacheVersion = version
    const maxEntries = Number.parseInt(found?.data?.['max-size'] ?? '', 10)
    return {
      maxEntries: maxEntries > 0 ? maxEntries : 1_000,
      ttlMs: positive(config.get('ttl')) ?? positive(found?.data?.['ttl']) ?? 300_000,
    }
  }

  async function fetched(
    resolver: Resolver,
    request: ResolutionRequest,
    params: ReadonlyMap<string, string>,
    config: ReadonlyMap<string, string>,
    ready: Fetch,
    signal: AbortSignal,
  ): Promise<Found> {
    const fetch = () => withRetry(ready, deps.random, AbortSignal.any([signal, AbortSignal.timeout(ready.timeoutMs)]))
    const mode = params.get('cache') || config.get('default-cache-mode') || 'auto'
    const used = ready.cacheable && (mode === 'always' || (mode !== 'never' && ready.immutable))
    if (!used) return fetch()
    const scope = ready.withSecrets ? request.metadata.namespace : ''
    const { found, storedAt, operation } = await cache.get(
      cacheKey(resolver.type, scope, params),
      ready.immutable,
      await cacheLimits(config),
      fetch,
    )
    const annotations = {
      ...found.annotations,
      'resolution.tekton.dev/cached': 'true',
      'resolution.tekton.dev/cache-timestamp': toTimestamp(operation === 'store' ? storedAt : now()),
      'resolution.tekton.dev/cache-resolver-type': resolver.type,
      'resolution.tekton.dev/cache-operation': operation,
    }
    return { ...found, annotations }
  }

  return {
    serves: type => byType.has(type),
    async resolve(request, signal) {
      const { namespace, name, labels } = request.metadata
      const key = JSON.stringify(`${namespace}/${name}`)
      const resolver = byType.get(labels?.[RESOLVER_TYPE_LABEL] ?? '')
      if (resolver === undefined) throw new Error(`no resolver of ours for the request ${key}`)
      const invalid = (message: string): Answer => ({
        is: 'failed',
        message: `invalid resource request ${key}: ${message}`,
      })
      const failed = (message: string): Answer => ({
        is: 'failed',
        message: `error getting ${JSON.stringify(resolver.name)} ${key}: ${message}`,
      })

      const flags = await configMap('resolvers-feature-flags')
      if (/^(0|f|false)$/i.test(flags?.data?.[resolver.flag] ?? '')) {
        return invalid(`cannot handle resolution request, ${resolver.flag} feature flag not true`)
      }
      const own = await configMap(resolver.configMap)
      const config = new Map(Object.entries({ ...resolver.defaults, ...own?.data }))
      const params = new Map(
        (request.spec.params ?? []).map(param => [param.name, typeof param.value === 'string' ? param.value : '']),
      )
      const mode = params.get('cache')
      if (mode && !CACHE_MODES.includes(mode)) {
        return invalid(
          `invalid cache mode '${mode}', must be one of: [${CACHE_MODES.join(' ')}] (or empty for default)`,
        )
      }
      const prepared = resolver.prepare({ namespace, params, config })
      if (prepared.is === 'wrong') return invalid(prepared.message)
      try {
        const found = await fetched(resolver, request, params, config, prepared, signal)
        const problem = contentProblem(found.data)
        return problem === undefined ? { is: 'found', found } : failed(problem)
      } catch (error) {
        if (!(error instanceof ResolutionError)) throw error
        return failed(error.message)
      }
    },
  }
}

async function withRetry({ fetch, retry }: Fetch, random: () => number, signal: AbortSignal): Promise<Found> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(signal)
    } catch (error) {
      // Too late says nothing about the other side: whoever called decides whether there is time for another try.
      signal.throwIfAborted()
      const again = error instanceof ResolutionError && error.temporary
      if (!again || attempt >= retry.attempts) throw error
      await pause(pauseMs(retry, attempt, random()), undefined, { signal })
    }
  }
}

function pauseMs({ firstMs, factor, jitter, capMs }: Retry, attempt: number, random: number): number {
  return Math.min(capMs, firstMs * factor ** (attempt - 1)) * (1 + jitter * random)
}

/** Neither a token from some page nor a Secret may get into an object that everybody in the namespace can read. */
function contentProblem(data: Buffer): string | undefined {
  if (data.length > MAX_DATA_BYTES) return `the manifest exceeds the maximum allowed size of ${MAX_DATA_BYTES} bytes`
  const parsed = parseManifests(data.toString('utf8'), 'the fetched manifest')
  const problem = 'resolved resource validation error: '
  if (parsed.is === 'refused') return `${problem}decoding error: ${parsed.problems[0]?.message ?? ''}`
  const value = parsed.objects[0]?.value
  const { apiVersion, kind } = asRecord(value)
  const isTekton = typeof apiVersion === 'string' && apiVersion.startsWith('tekton.dev/')
  if (isTekton && typeof kind === 'string' && KINDS.includes(kind)) return undefined
  return `${problem}resolved data is not of a supported type, must be of Group: tekton.dev, Kinds: [${KINDS.join(' ')}]`
}

function cacheKey(type: string, scope: string, params: ReadonlyMap<string, string>): string {
  const asked = [...params].filter(([name]) => name !== 'cache').sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([type, scope, asked]))
    .digest('hex')
}

function positive(duration: string | undefined): number | undefined {
  const ms = parseDuration(duration ?? '')
  return ms !== undefined && ms > 0 ? ms : undefined
}
