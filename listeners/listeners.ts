/** Takes events in, fires schedules, and turns what came of both into objects. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AdmitOptions } from '../src/admission/admit.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { PostCloudEvent } from '../src/events/cloud-event-queue.js'
import type { Inbox } from '../src/inbox/inbox.js'
import { BY_OURSELVES, type InTurn, type Singly } from '../src/lib/duty.js'
import type { Log } from '../src/lib/log.js'
import type { TriggerMetrics } from '../src/metrics/trigger-metrics.js'
import type { Key } from '../src/resources/meta.js'
import type { Outside } from '../src/trigger/interceptors/outside.js'
import type { CreatingAs } from './acting.js'
import { followingCatalogue } from './catalogue.js'
import { createDispatcher } from './dispatch.js'
import { createScheduleDispatcher } from './dispatch-schedule.js'
import { keepInterceptorStatuses } from './interceptor-status.js'
import { createListenerEvents } from './listener-events.js'
import { keepListenerStatuses } from './listener-status.js'
import type { PlanKind } from './observe.js'
import { startTicker } from './schedule.js'
import { createWebhookApp, SERVER_OPTIONS, secureServer } from './webhook.js'

/** How many deliveries one process turns into objects at a time. */
const DISPATCH_CONCURRENCY = 16

export interface Listeners {
  readonly port: number
  /** Whether what is needed to fire has been read once: before that, deliveries are slow. */
  isListed(): boolean
  /** Objects of a kind, as far as they have been read. */
  count(kind: PlanKind): number
  /** Answers nothing more; resolves when requests and dispatches in progress have ended. */
  close(): Promise<void>
}

export interface ListenerDeps {
  readonly cluster: Cluster
  readonly inbox: Inbox
  readonly admission: () => AdmitOptions
  readonly outside?: Outside
  /** Without: listeners send no CloudEvents. */
  readonly postCloudEvent?: PostCloudEvent
  readonly metrics?: { readonly triggers: TriggerMetrics } | undefined
  readonly log: Log
  readonly now: () => number
  readonly newEventId: () => string
  /** Without: triggers create with our own rights. */
  readonly creatingAs?: CreatingAs
  /** Where there are more listeners than this one: who of them keeps statuses and ticks, and whose turn it is. */
  readonly singly?: Singly
  readonly inTurn?: InTurn
}

export interface ListenersAddress {
  /** 0 takes any free one. */
  readonly port: number
  /** Default: all interfaces. */
  readonly host?: string
  /** What senders see in front of `/hooks/<namespace>/<listener>`, where that is another address. No slash at its end. */
  readonly publicUrl?: string
}

export async function startListeners(given: ListenerDeps, address: ListenersAddress): Promise<Listeners> {
  const catalogue = followingCatalogue(given.cluster)
  const { postCloudEvent: post, now, log } = given
  const events = post && createListenerEvents({ post, now, log })
  const deps = { ...given, catalogue, ...(events && { events }) }
  const server = createServer(SERVER_OPTIONS, createWebhookApp(deps))
  secureServer(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const baseUrl = address.publicUrl ?? `http://${address.host ?? '127.0.0.1'}:${port}`
  const urlOf = ({ namespace, name }: Key) => `${baseUrl}/hooks/${namespace}/${name}`
  const { singly = BY_OURSELVES } = deps
  const duties = [
    // Ours may have another address than the next one's.
    singly('listener-statuses', () => keepListenerStatuses({ ...deps, urlOf })),
    singly('interceptor-statuses', () => keepInterceptorStatuses(deps)),
    // Two would fire nothing twice, and watch all runs twice.
    singly('schedules', () => startTicker(deps)),
  ]
  const dispatchers = { EventListener: createDispatcher(deps), Schedule: createScheduleDispatcher(deps) }
  const dispatching = deps.inbox.dispatch(record => dispatchers[record.delivery.to.kind](record), {
    concurrency: DISPATCH_CONCURRENCY,
  })
  return {
    port,
    isListed: catalogue.isListed,
    count: catalogue.count,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      await closed
      await Promise.all(duties.map(duty => duty.close()))
      await dispatching.close()
      await catalogue.close()
      await events?.close()
    },
  }
}
