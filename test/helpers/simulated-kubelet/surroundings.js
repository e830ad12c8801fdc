// What a Pod's life waits for and writes to: the newest state of its object, time, and the API server.

/** Why a life was cut short: thrown out of whatever it waited for. */
export const CUT = { deleted: 'deleted', gone: 'gone', closed: 'closed' }

const isCut = thrown => Object.values(CUT).includes(thrown)

/** `pod` as it was first seen. `statusNow` makes the whole status to be reported. */
export function createSurroundings(first, { cluster, log, statusNow }) {
  const waiters = new Set()
  const around = {
    pod: first,
    isGone: false,
    isClosed: false,
    /** Set when its deletion is being carried out, and cuts nothing short any more. */
    isStopping: false,

    update(next) {
      if (Number(next.metadata.resourceVersion) <= Number(around.pod.metadata.resourceVersion)) return
      around.pod = next
      around.changed()
    },

    changed() {
      for (const wake of [...waiters]) wake()
    },

    /** Until `holds()` or, if given, until so many milliseconds have passed. @throws one of `CUT` */
    async until(holds, ms) {
      const end = ms === undefined ? Number.POSITIVE_INFINITY : performance.now() + ms
      for (;;) {
        if (around.isClosed) throw CUT.closed
        if (around.isGone) throw CUT.gone
        if (!around.isStopping && around.pod.metadata.deletionTimestamp !== undefined) throw CUT.deleted
        const left = end - performance.now()
        if (holds() || left <= 0) return
        await next(waiters, left)
      }
    },

    /** The watch speaks of it no more: it is gone, or has ended, be it by somebody else's word. */
    async leave() {
      await reread(5)
      const { phase } = around.pod.status ?? {}
      if (phase === 'Succeeded' || phase === 'Failed') around.isGone = true
      around.changed()
    },

    /** Something that goes on beside the rest, and ends with it. */
    beside(work) {
      work().catch(thrown => {
        if (!isCut(thrown)) log(`simulated kubelet: ${first.metadata.name}: ${thrown?.stack}`)
      })
    },

    /** Reports the status, again and again until it is taken. Calls come one after the other. */
    publish() {
      writing = writing.then(write)
      return writing
    },

    /** A change of the object itself. */
    async replace(change) {
      await persistently(async () => {
        around.pod = await cluster.replace('Pod', change(around.pod))
      })
    },

    async remove(graceSeconds) {
      const { namespace, name, uid } = around.pod.metadata
      await persistently(() => cluster.delete('Pod', { namespace, name }, { uid, graceSeconds }))
    },
  }
  let writing = Promise.resolve()

  const write = () =>
    persistently(async () => {
      const status = statusNow(around.pod)
      around.pod = await cluster.replaceStatus('Pod', { ...around.pod, status })
    })

  const persistently = async act => {
    for (let pauseMs = 5; !around.isGone; pauseMs = Math.min(500, pauseMs * 2)) {
      if (around.isClosed) throw CUT.closed
      try {
        await act()
        around.changed()
        return
      } catch (error) {
        if (error?.reason === 'NotFound') around.isGone = true
        else if (error?.reason !== 'Conflict' && error?.reason !== 'Unavailable') throw error
      }
      await reread(pauseMs)
    }
    around.changed()
    throw CUT.gone
  }

  const reread = async pauseMs => {
    const { namespace, name, uid } = around.pod.metadata
    for (let away = true; away && !around.isClosed; ) {
      try {
        const found = await cluster.get('Pod', { namespace, name })
        if (found?.metadata.uid === uid) around.pod = found
        else around.isGone = true
        around.changed()
        away = false
      } catch {
        await next(waiters, pauseMs)
      }
    }
  }

  return around
}

function next(waiters, ms) {
  return new Promise(resolve => {
    const wake = () => {
      waiters.delete(wake)
      clearTimeout(timer)
      resolve()
    }
    const timer = Number.isFinite(ms) ? setTimeout(wake, ms) : undefined
    waiters.add(wake)
  })
}
