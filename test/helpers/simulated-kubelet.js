// A cluster's scheduler and kubelets, without containers: see the types beside this for what it promises.
import { openLedger } from './simulated-kubelet/ledger.js'
import { livePod } from './simulated-kubelet/pod-life.js'

export function startSimulatedKubelet({
  cluster,
  plan = () => undefined,
  ledger: target,
  now = Date.now,
  stepMs = 0,
  writes = 'few',
  log = console.error,
}) {
  const ledger = openLedger(target)
  const closing = new AbortController()
  /** By uid; also of Pods that have ended, as long as the watch may still speak of them. */
  const lives = new Map()
  let listed
  const ready = new Promise(resolve => (listed = resolve))

  const put = pod => {
    const { uid } = pod.metadata
    const known = lives.get(uid)
    if (known !== undefined) known.update(pod)
    else lives.set(uid, livePod(pod, { cluster, log, ledger, now, stepMs, writes, plan: plan(pod) }))
  }

  const watch = async () => {
    for await (const change of cluster.watch('Pod', { unfinished: true }, closing.signal)) {
      if (change.type === 'listed') {
        const present = new Set(change.items.map(({ metadata }) => metadata.uid))
        for (const uid of lives.keys()) if (!present.has(uid)) void forget(uid)
        for (const pod of change.items) put(pod)
        listed()
      } else if (change.type === 'put') put(change.item)
      else void forget(change.item.metadata.uid)
    }
  }

  /** It has ended, or is gone: it finds out which. */
  const forget = async uid => {
    await lives.get(uid)?.leave()
    lives.delete(uid)
  }

  const watching = watch().catch(error => {
    if (!closing.signal.aborted) log(`simulated kubelet: ${error?.stack}`)
  })
  return {
    ready,
    async close() {
      closing.abort()
      await Promise.all([...lives.values()].map(life => life.close()))
      await watching
      ledger.close()
    },
  }
}
