/**
 * Keeps the status of every EventListener: where to post, and what its triggers name and is not there.
 *
 * Level-based: whatever happened, a look makes the status what it should be now, and writes only when that is something
 * else than what is there. Looking also has the catalogue's plan ready before the next event comes.
 */
import { type Cluster, isClusterError } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { Key } from '../src/resources/meta.js'
import { pause } from '../src/timers.js'
import { UNSIGNED_HINT } from '../src/trigger/interceptors/unsigned.js'
import { listenerProblems } from '../src/trigger/listener-problems.js'
import { listenerStatus } from '../src/trigger/listener-status.js'
import { type ListedTrigger, unsignedTriggers } from '../src/trigger/listener-triggers.js'
import type { CreatingAs } from './acting.js'
import type { FollowingCatalogue } from './catalogue.js'
import { readSecrets } from './observe.js'

export interface ListenerStatusDeps {
  readonly cluster: Cluster
  readonly catalogue: FollowingCatalogue
  /** Where the events of this listener are posted to. */
  readonly urlOf: (listener: Key) => string
  readonly creatingAs?: CreatingAs
  readonly now: () => number
  readonly log: Log
  /** Tests make them short. */
  readonly pauses?: Pauses
}

interface Pauses {
  /** Between two rounds: a thousand Triggers that are applied one by one are looked at a few times, not a thousand. */
  readonly betweenMs: number
  /** Secrets are not followed, so all listeners are looked at again after so long. */
  readonly againMs: number
}

const PAUSES: Pauses = { betweenMs: 200, againMs: 30_000 }

export function keepListenerStatuses(deps: ListenerStatusDeps): { close(): Promise<void> } {
  const { cluster, catalogue, urlOf, creatingAs, now, log, pauses = PAUSES } = deps
  const stop = new AbortController()
  const due = new Map<string, Key>()
  const warned = new Set<string>()
  let wake = new AbortController()
  catalogue.onChange(key => {
    due.set(`${key.namespace}/${key.name}`, key)
    wake.abort()
  })

  async function look(key: Key): Promise<void> {
    const plan = await catalogue.find(key)
    if (plan === undefined) return
    const { listener, listed, world, secretKeys } = plan
    warnOfUnsigned(key, listed)
    const missing = listenerProblems(listed, { ...world, secrets: await readSecrets(cluster, secretKeys) })
    const status = listenerStatus(listener, {
      url: urlOf(key),
      missing,
      now: now(),
      hasAccounts: creatingAs !== undefined,
    })
    if (status === listener.status) return
    await cluster.replaceStatus('EventListener', { ...listener, status })
  }

  /** Once for each as long as the process runs: every change of the listener leads here. */
  function warnOfUnsigned({ namespace, name }: Key, listed: readonly ListedTrigger[]): void {
    for (const trigger of unsignedTriggers(listed)) {
      const id = JSON.stringify([namespace, name, trigger.trigger, trigger.warning])
      if (warned.has(id)) continue
      warned.add(id)
      log.warn(trigger.warning, { listener: `${namespace}/${name}`, trigger: trigger.trigger, hint: UNSIGNED_HINT })
    }
  }

  async function lookAtAllDue(): Promise<void> {
    const round = [...due]
    due.clear()
    for (const [name, key] of round) {
      try {
        await look(key)
      } catch (error) {
        if (isClusterError(error, 'NotFound')) continue
        due.set(name, key)
        // A conflict: somebody else wrote, and the watch is about to tell of it.
        if (!isClusterError(error, 'Conflict')) {
          log.warn('the status of a listener could not be written', { listener: name, cause: describeError(error) })
        }
      }
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      await lookAtAllDue()
      await pause(pauses.betweenMs, stop.signal)
      if (due.size > 0) continue
      await pause(pauses.againMs, AbortSignal.any([stop.signal, wake.signal]))
      if (due.size > 0) continue
      for (const { metadata } of await catalogue.listeners().catch(() => [])) {
        due.set(`${metadata.namespace}/${metadata.name}`, metadata)
      }
    }
  }

  const running = run()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}
