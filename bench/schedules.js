/**
 * Schedules that are all due in the same second: from the moment they are due to their slots being stored in the inbox,
 * and to the object of each being created. In a whole engine, on disk.
 */
import { randomUUID } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startListeners } from '../dist/listeners/listeners.js'
import { withEngine } from './engine.js'
import { milliseconds, report, summary } from './measure.js'

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York']
const template = {
  spec: { resourcetemplates: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } }] },
}

const results = []
for (const count of [1_000, 10_000]) {
  const { stored, created, loop } = await withEngine(({ engine, log }) => fire(engine, log, count), {
    throwAway: false,
  })
  results.push(
    { what: `${count} schedules due at once: stored after`, figure: milliseconds(stored), compare: 'goal p99 100 ms' },
    { what: `${count} schedules due at once: created after`, figure: milliseconds(created) },
    { what: `${count} schedules due at once: event loop`, figure: milliseconds(loop), compare: 'goal p99 20 ms' },
  )
}
report('schedules', results)

async function fire(engine, log, count) {
  // Time enough to make them all, and to write their first status.
  const due = Math.ceil((Date.now() + 15_000 + count * 2) / 60_000) * 60_000
  const spec = index => ({ schedule: '* * * * *', timeZone: ZONES[index % ZONES.length], template })
  for (let made = 0; made < count; made += 500) {
    const names = Array.from({ length: Math.min(500, count - made) }, (_, i) => made + i)
    await Promise.all(
      names.map(index =>
        engine.cluster.create('Schedule', {
          apiVersion: 'tektite.dev/v1alpha1',
          kind: 'Schedule',
          metadata: { name: `s-${index}`, namespace: 'default' },
          spec: spec(index),
        }),
      ),
    )
  }
  const [stored, created] = [[], []]
  const inbox = {
    ...engine.inbox,
    async accept(delivery) {
      const accepted = await engine.inbox.accept(delivery)
      if (Date.now() >= due) stored.push(Date.now() - due)
      return accepted
    },
  }
  const cluster = {
    ...engine.cluster,
    async create(kind, object) {
      const made = await engine.cluster.create(kind, object)
      if (Date.now() >= due) created.push(Date.now() - due)
      return made
    },
  }
  const listeners = await startListeners(
    { ...engine, cluster, inbox, log, now: Date.now, newEventId: randomUUID },
    { port: 0, host: '127.0.0.1' },
  )
  const delay = monitorEventLoopDelay({ resolution: 2 })
  try {
    await new Promise(resolve => setTimeout(resolve, due - 200 - Date.now()))
    delay.enable()
    while (created.length < count && Date.now() < due + 55_000) await new Promise(resolve => setTimeout(resolve, 50))
    delay.disable()
    if (created.length !== count) throw new Error(`${created.length} of ${count} fired`)
    const loop = {
      n: delay.count,
      min: delay.min,
      p50: delay.percentile(50),
      p99: delay.percentile(99),
      max: delay.max,
    }
    const inMs = Object.fromEntries(Object.entries(loop).map(([key, ns]) => [key, key === 'n' ? ns : ns / 1e6]))
    return { stored: summary(stored), created: summary(created), loop: inMs }
  } finally {
    await listeners.close()
  }
}
