/** Brings the planned faults over the processes, and writes down what was done when. */
import { pause } from './processes.js'

/** Between two faults at least. */
const FAULT_PAUSE_MS = 700

/**
 * @param planned of `planFaults`
 * @param when resolves when so much (0 to 1) of the deliveries has been posted
 * @param queue of `createQueueView`: asked what a worker held that was killed
 * @returns `faults` and `kills`, growing, and `over`: when all have happened and everything is up again
 */
export function bringStorm(planned, roles, when, queue) {
  const faults = []
  const kills = []

  async function bringAll() {
    const away = new Set()
    const under = []
    for (const { share, what, role, pick, awayMs } of planned) {
      await when(share)
      await pause(FAULT_PAUSE_MS)
      while (roles[role].every(each => away.has(each))) await pause(10)
      const candidates = roles[role].filter(each => !away.has(each))
      const target = candidates[Math.floor(pick * candidates.length)]
      away.add(target)
      const brought = bring(what, role, target, awayMs).finally(() => away.delete(target))
      // Awaited with all the others, when the last one has begun.
      brought.catch(() => {})
      under.push(brought)
    }
    await Promise.all(under)
  }

  async function bring(what, role, target, awayMs) {
    const fault = { what, target: target.name, from: Date.now(), to: Number.POSITIVE_INFINITY }
    faults.push(fault)
    if (what === 'freeze') {
      target.freeze()
      await pause(awayMs)
      target.thaw()
      fault.to = Date.now()
      return
    }
    await target.kill()
    fault.from = Date.now()
    const watching = role === 'worker' ? queue.heldSince(fault.from) : undefined
    await pause(awayMs)
    await target.start()
    fault.to = Date.now()
    if (watching) kills.push({ at: fault.from, worker: target.name, held: await watching })
  }

  return { faults, kills, over: bringAll() }
}
