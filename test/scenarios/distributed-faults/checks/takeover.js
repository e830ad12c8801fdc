/** How soon the runs of a dead worker go on elsewhere. */
import { historyOf } from '../records.js'
import { explanations, unexplainedMs } from './time.js'

/** A Redis or API that is back is not found at once: connections are made again with growing pauses. */
const FOUND_AGAIN_MS = 2_000
const RECONNECTED_MS = 500

/**
 * `kills`: when a worker was killed (`at`), and of each run that it held (`key`, as `TaskRun/<namespace>/<name>`) when
 * somebody else had taken it (`takenAt`). For each held run: `takenMs`; of it `unexplainedMs`, when Redis and the API were there, and
 * another worker; and `eventMs` to the next thing that the API told of the run or of what it owns, undefined when there was none (a
 * pass that finds nothing to do writes nothing).
 */
export function takeovers({ kills, events, faults, workers }) {
  const history = historyOf(events)
  const byName = new Map()
  const children = new Map()
  for (const list of history.byUid.values()) {
    const [{ kind, name, owner }] = list
    byName.set(`${kind}/default/${name}`, list)
    if (owner !== undefined) children.set(owner, [...(children.get(owner) ?? []), list])
  }
  return kills.flatMap(({ at, worker, held }) => {
    const explained = [
      ...hindrances(faults),
      ...nobodyThere(faults, workers, worker),
      ...explanations({ events, faults: [] }),
    ]
    return held.map(({ key, takenAt }) => {
      const own = byName.get(key) ?? []
      const family = [own, ...(children.get(own[0]?.uid) ?? [])].flat()
      const next = family.map(event => event.at).filter(time => time > at)
      const eventAt = next.length > 0 ? Math.min(...next) : undefined
      return {
        key,
        worker,
        at,
        takenMs: takenAt - at,
        unexplainedMs: unexplainedMs(at, takenAt, explained),
        eventMs: eventAt === undefined ? undefined : eventAt - at,
      }
    })
  })
}

function hindrances(faults) {
  return faults.flatMap(({ target, from, to }) => {
    if (target === 'redis' || target === 'api') return [{ from, to: to + FOUND_AGAIN_MS }]
    return target === 'network to redis' ? [{ from, to: to + RECONNECTED_MS }] : []
  })
}

/** When every other worker was away too. */
function nobodyThere(faults, workers, dead) {
  const away = faults.filter(({ target }) => target.startsWith('worker ') && target !== dead)
  const changes = away.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ])
  const intervals = []
  let count = 0
  let since
  for (const { at, by } of changes.sort((a, b) => a.at - b.at)) {
    count += by
    if (count >= workers - 1) since ??= at
    else if (since !== undefined) {
      intervals.push({ from: since, to: at })
      since = undefined
    }
  }
  return intervals
}

/** A run that lay there for longer, while no other fault or stall of the machine explains it. */
export function lateTakeovers(found, limitMs = 2_000) {
  return found
    .filter(each => each.unexplainedMs > limitMs)
    .map(
      ({ key, worker, unexplainedMs }) =>
        `${key}, held by ${worker} when that was killed, lay for ${Math.round(unexplainedMs)} ms`,
    )
}

export function percentiles(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = share => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
