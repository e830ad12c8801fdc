import { clusterContract } from '../contract/cluster.js'
import { type Fault, startFaultProxy } from '../helpers/fault-proxy.js'
import { seededRandom } from '../helpers/random.js'
import { serveStore } from './served-cluster.js'

clusterContract('kubernetes cluster', async () => {
  const served = await serveStore()
  return { cluster: served.adapter(), close: () => served.close() }
})

/** Of one request in six. None loses the version that a watch goes on from: then the whole set would be listed again. */
const CALL_FAULTS: readonly Fault[] = [
  { is: 'drop' },
  { is: 'lose reply' },
  { is: 'half a reply' },
  { is: 'answer', code: 429, retryAfterSeconds: 0 },
  { is: 'answer', code: 503 },
]
const WATCH_FAULTS: readonly Fault[] = [
  { is: 'stutter' },
  { is: 'cut', lines: 1 },
  { is: 'half-close', lines: 1 },
  { is: 'drop' },
  { is: 'mute', lines: 1 },
]
const pauses = { firstMs: 1, maxMs: 5 }

clusterContract('kubernetes cluster over a bad network', async () => {
  const random = seededRandom(33)
  const served = await serveStore()
  const proxy = await startFaultProxy(served.port, ({ isWatch }) => {
    if (random() > (isWatch ? 0.5 : 0.16)) return { is: 'none' }
    const faults = isWatch ? WATCH_FAULTS : CALL_FAULTS
    return faults[Math.floor(random() * faults.length)]!
  })
  const callLimits = { tryMs: 10_000, allMs: 60_000, tries: 10, pauses }
  const watchTimes = { watchMs: 60_000, silenceMs: 300, relistMs: 600_000, healthyMs: 200, pauses }
  return {
    cluster: served.adapter({ callLimits, watchTimes }, proxy.port),
    async close() {
      await proxy.close()
      await served.close()
    },
  }
})
