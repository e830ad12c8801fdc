/**
 * The `Cluster` port on a Kubernetes API server, over HTTP: a real one, or our embedded store behind `src/api`.
 *
 * What is relied on, besides the API's own rules:
 *  - a list without `resourceVersion` shows every write that was answered before it, and says from which version to watch;
 *  - an optimistic replace (`metadata.resourceVersion`) and a delete with `preconditions.uid` are carried out as one step;
 *  - a watch gives the changes after its version in order, or 410, in its head or as an `ERROR` event;
 *  - `allowWatchBookmarks` makes a watch say something every minute or so, `timeoutSeconds` ends it. Without them the only
 *    loss is time: silence is noticed, and lists come regularly in any case;
 *  - 429 means "not done"; any other failure of a write may mean "done";
 *  - answers have a `Date`, of the clock that stamps objects.
 *  - versions that are numbers grow: what is not newer than what was seen is passed over.
 * Not relied on: that an answer arrives, that a connection which says nothing lives, that a watch misses nothing.
 */
import { setMaxListeners } from 'node:events'
import { type Log, SILENT } from '../lib/log.js'
import { type AnyKind, isKind, KINDS, type Kinds } from '../resources/kinds.js'
import type { Key, New } from '../resources/meta.js'
import { type Change, type Cluster, ClusterError, type Selector } from './cluster.js'
import { CALL_LIMITS, type CallLimits, createCalls, type SeenCall } from './kubernetes/calls.js'
import type { Connection } from './kubernetes/connection.js'
import { createDiscovery } from './kubernetes/discovery.js'
import { getObject } from './kubernetes/get.js'
import { createHttpClient } from './kubernetes/http.js'
import { listAll } from './kubernetes/list.js'
import { type LogStreamOptions, openLogStream } from './kubernetes/log-stream.js'
import { readLogTail } from './kubernetes/log-tail.js'
import { isNowhere, objectText, type WireObject } from './kubernetes/resources.js'
import { type ClusterSigns, createSigns } from './kubernetes/signs.js'
import { followKind, WATCH_TIMES, type WatchTimes } from './kubernetes/watch.js'
import { createWrites } from './kubernetes/writes.js'

export interface KubernetesClusterOptions {
  readonly connection: Connection
  readonly log?: Log
  /** Told of every request that was sent. */
  readonly onCall?: (call: SeenCall) => void
  readonly callLimits?: CallLimits
  readonly watchTimes?: WatchTimes
  /** From 0 up to, not including, 1: for pauses and for the ends of generated names. */
  readonly random?: () => number
}

export interface KubernetesCluster extends Cluster {
  /** Ends watches as an abort does. Calls under way fail as 'Unavailable'. */
  close(): void
  /**
   * Creates as somebody else, with their rights only: by impersonation, which has to be allowed to us. What is found in
   * the way is looked at with our own.
   */
  creatingAs(user: string): Pick<Cluster, 'create'>
  /** At most so many bytes, from the beginning of a line; '' when there is nothing to be had. */
  logTail(pod: Key, container: string, maxBytes: number): Promise<string>
  /** A container's output, each line with its time. @throws as `openLogStream` */
  openLog(
    pod: Key,
    container: string,
    options: LogStreamOptions,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>
  signs(): ClusterSigns
  /** One small request, for `signs`. Never rejects. */
  ping(): Promise<void>
}

export function openKubernetesCluster(options: KubernetesClusterOptions): KubernetesCluster {
  const { connection, log = SILENT, onCall = () => {}, random = Math.random } = options
  const { callLimits: limits = CALL_LIMITS, watchTimes: times = WATCH_TIMES } = options
  const closing = new AbortController()
  // Every call and every watch listens to it; Node would take that for a leak and warn.
  setMaxListeners(0, closing.signal)
  const http = createHttpClient(connection)
  const signs = createSigns()
  const seen = (call: SeenCall) => {
    signs.called(call)
    onCall(call)
  }
  const callsDeps = { http, limits, random, onCall: seen, closing: closing.signal }
  const calls = createCalls(callsDeps)
  const discovery = createDiscovery(calls)
  const writes = createWrites(calls, random)

  async function* watch(kind: AnyKind, selector: Selector, signal: AbortSignal): AsyncGenerator<Change<WireObject>> {
    const ending = new AbortController()
    const end = () => ending.abort()
    setMaxListeners(0, signal)
    for (const each of [signal, closing.signal]) each.addEventListener('abort', end)
    if (signal.aborted || closing.signal.aborted) end()
    const teller = signs.watching(isKind(kind) ? KINDS[kind].plural : kind)
    try {
      yield* followKind({ calls, times, random, log, teller }, () => discovery.find(kind), selector, ending.signal)
    } finally {
      teller.ended()
      for (const each of [signal, closing.signal]) each.removeEventListener('abort', end)
    }
  }

  return {
    async get<K extends AnyKind>(kind: K, key: Key) {
      return as<Kinds[K] | undefined>((await getObject(calls, await discovery.find(kind), key))?.object)
    },
    async list<K extends AnyKind>(kind: K, selector: Selector = {}) {
      const served = await discovery.find(kind)
      return as<readonly Kinds[K][]>(isNowhere(served, selector) ? [] : (await listAll(calls, served, selector)).items)
    },
    async create<K extends AnyKind>(kind: K, object: New<Kinds[K]>) {
      return as<Kinds[K]>(await writes.create(await discovery.find(kind), as<WireObject>(object)))
    },
    async replace<K extends AnyKind>(kind: K, object: Kinds[K]) {
      return as<Kinds[K]>(await writes.replace(await discovery.find(kind), as<WireObject>(object)))
    },
    async replaceStatus<K extends AnyKind>(kind: K, object: Kinds[K]) {
      const served = await discovery.find(kind)
      if (!served.status) {
        const { name } = object.metadata
        const message = `${objectText(served, name)} is invalid: status: Forbidden: the kind has no status subresource`
        throw new ClusterError('Invalid', message)
      }
      return as<Kinds[K]>(await writes.replace(served, as<WireObject>(object), 'status'))
    },
    async delete(kind, key, deleteOptions = {}) {
      await writes.delete(await discovery.find(kind), key, deleteOptions)
    },
    watch<K extends AnyKind>(kind: K, selector: Selector, signal: AbortSignal) {
      return watch(kind, selector, signal) as AsyncIterable<unknown> as AsyncIterable<Change<Kinds[K]>>
    },
    creatingAs(user) {
      const asUser = createWrites(createCalls({ ...callsDeps, headers: { 'impersonate-user': user } }), random, calls)
      return {
        async create<K extends AnyKind>(kind: K, object: New<Kinds[K]>) {
          return as<Kinds[K]>(await asUser.create(await discovery.find(kind), as<WireObject>(object)))
        },
      }
    },
    logTail: (pod, container, maxBytes) => readLogTail(calls, pod, container, maxBytes),
    openLog: (pod, container, options, signal) => openLogStream(calls, pod, container, options, signal),
    signs: signs.now,
    ping: calls.ping,
    close() {
      closing.abort()
      http.close()
    },
  }
}

/** What an API server stores under a kind has the kind's shape: it was admitted there. */
function as<T>(given: unknown): T {
  return given as T
}
