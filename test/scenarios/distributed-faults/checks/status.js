/** I4, I6 and I7: what the API told, to those who watched and to those who wrote. */
import { grouped, historyOf } from '../records.js'

/** I4: a verdict is given once; after it nothing of what happened changes. */
export function monotoneStatus({ events }) {
  const problems = []
  for (const list of historyOf(events).byUid.values()) {
    const [{ kind, name }] = list
    let ended
    for (const event of list) {
      const isOver = event.succeeded === 'True' || event.succeeded === 'False'
      if (ended === undefined && isOver) ended = event
      else if (ended !== undefined && event.verdict !== ended.verdict) {
        problems.push(
          `${kind} ${name} was ${ended.succeeded} (${ended.reason}) and changed to ${event.succeeded} (${event.reason})`,
        )
        break
      }
      if (event.completionTime !== undefined && !(event.startTime <= event.completionTime)) {
        problems.push(`${kind} ${name} ended before it started`)
        break
      }
    }
    if (ended !== undefined && kind !== 'Pod' && ended.completionTime === undefined) {
      problems.push(`${kind} ${name} ended at no time`)
    }
  }
  return problems
}

/** I6: versions grow, an acknowledged write is never lost, a stale one changes nothing. */
export function revisions({ events, probes }) {
  const problems = []
  for (const [kind, list] of grouped(
    events.filter(({ version }) => version !== undefined),
    ({ kind }) => kind,
  )) {
    list.forEach(({ version, name }, at) => {
      const before = list[at - 1]
      if (before && version <= before.version)
        problems.push(`${kind} ${name}: version ${version} came after ${before.version}`)
    })
  }
  const told = new Map(events.filter(({ kind }) => kind === 'ConfigMap').map(each => [each.version, each]))
  for (const probe of probes) {
    if (probe.is === 'written' && told.get(probe.version)?.value !== probe.value) {
      problems.push(`the write ${probe.value} was acknowledged as version ${probe.version} and is not there`)
    }
    if (probe.is === 'stale' && probe.status !== 409)
      problems.push(`a stale write of ${probe.value} was answered ${probe.status}`)
    if (probe.is === 'stale' && [...told.values()].some(({ value }) => value === probe.value)) {
      problems.push(`a stale write took effect: ${probe.value}`)
    }
  }
  return problems
}

/** I7: two watches that were cut at different moments saw the same, once and in order, and what they saw last is what is there. */
export function watches({ events, secondEvents, final }) {
  const problems = []
  const streams = [events, secondEvents].map(stream => grouped(stream, ({ kind }) => kind))
  for (const [at, stream] of streams.entries()) {
    for (const [kind, list] of stream) {
      const relists = list.filter(({ type }) => type === 'RELISTED').length
      if (relists > 0) problems.push(`watch ${at + 1} of ${kind} had to list again ${relists} times`)
      const changes = list.filter(({ version }) => version !== undefined)
      const versions = new Set(changes.map(({ version, type }) => `${type} ${version}`))
      if (versions.size !== changes.length)
        problems.push(`watch ${at + 1} of ${kind} told ${changes.length - versions.size} changes twice`)
    }
  }
  for (const kind of new Set(streams.flatMap(stream => [...stream.keys()]))) {
    const [first, second] = streams.map(stream =>
      (stream.get(kind) ?? [])
        .filter(({ version }) => version !== undefined)
        .map(({ type, version, name }) => `${type} ${name} ${version}`),
    )
    const missing = (from, what) => {
      const there = new Set(from)
      return what.filter(each => !there.has(each))
    }
    for (const each of missing(first, second)) problems.push(`watch 1 of ${kind} missed ${each}`)
    for (const each of missing(second, first)) problems.push(`watch 2 of ${kind} missed ${each}`)
  }
  const now = new Map(final.map(each => [each.uid, each]))
  const { last, byUid } = historyOf(events)
  for (const event of last) {
    const there = now.get(event.uid)
    if (event.type === 'DELETED' && there) problems.push(`${event.kind} ${event.name} was told deleted and is there`)
    if (event.type !== 'DELETED' && there?.version !== event.version) {
      problems.push(`${event.kind} ${event.name} was last told as ${event.version} and is ${there?.version}`)
    }
  }
  for (const each of final)
    if (!byUid.has(each.uid)) problems.push(`${each.kind} ${each.name} is there and was never told`)
  return problems
}
