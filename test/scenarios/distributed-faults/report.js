/** What a round was and whether the invariants held in it, for people. */
import { check, TIMED } from './checks/all.js'
import { lateTakeovers, percentiles, takeovers } from './checks/takeover.js'

/** Runs that end in a second, over the whole round: below it there was hardly anything to disturb. */
const LEAST_RATE = 1
const TAKEOVER = 'takeover within 2 s'

/**
 * @param untimed what came too late is told and not counted
 * @returns `{ text, violations, exitCode }`: 0 when everything holds, 1 when something does not, 2 when the round was too slow to mean anything
 */
export function reportOf(records, { seed, untimed }) {
  const { requests, steps, events, secondEvents, final, probes, kills, faults, begunAt, drainedAt } = records
  const taken = takeovers(records)
  const violations = {
    ...check(records),
    [TAKEOVER]: lateTakeovers(taken),
    'orderly stop': disorderlyStops(records.codes),
  }
  const runs = final.filter(({ kind, delivery }) => kind === 'PipelineRun' && delivery)
  const seconds = (drainedAt - begunAt) / 1000
  const rate = runs.length / seconds
  const counted = (items, holds) => items.filter(holds).length
  const objects = stream => counted(stream, ({ uid }) => uid !== undefined)
  const held = counted(kills, each => each.held.length > 0)
  const lines = [
    ['deliveries', `${new Set(requests.map(({ id }) => id)).size}, in ${requests.length} requests`],
    ['', `${counted(requests, ({ status }) => status !== 202)} of them without a 202`],
    [
      'runs',
      `${runs.length}, ${counted(runs, each => each.succeeded === 'True')} succeeded, ${records.cancels.length} cancelled`,
    ],
    ['steps', `${counted(steps, ({ mark }) => mark === 'start')} started`],
    ['events', `${objects(events)} told to one watch, ${objects(secondEvents)} to another`],
    [
      'writes',
      `${probes.length}, ${counted(probes, ({ is }) => is === 'stale')} stale, ${counted(probes, ({ is }) => is === 'uncertain')} without an answer`,
    ],
    ['faults', tally(faults.map(({ what, target }) => `${what} ${target.replace(/ \d+$/, '')}`))],
    ['ended by themselves', records.selfEnded.join(', ') || 'none'],
    ['took', `${seconds.toFixed(0)} s, ${rate.toFixed(1)} runs/s`],
    ['workers killed', `${kills.length}, ${held} of them with runs in their hands`],
    ['  taken over after', spread(taken.map(each => each.takenMs))],
    ['  of it unexplained', spread(taken.map(each => each.unexplainedMs))],
    ['  next event after', spread(taken.flatMap(({ eventMs }) => eventMs ?? []))],
  ]
  const counts = ([name, problems]) => problems.length > 0 && !(untimed && [...TIMED, TAKEOVER].includes(name))
  for (const entry of Object.entries(violations)) {
    const [name, problems] = entry
    const more = problems.length > 12 ? [`and ${problems.length - 12} more`] : []
    const excuse = counts(entry) ? '' : ' (not counted)'
    const text = [`${problems.length} violations${excuse}`, ...problems.slice(0, 12), ...more].join('\n      ')
    lines.push([name, problems.length === 0 ? 'holds' : text])
  }
  const failed = Object.entries(violations).filter(counts).length
  lines.push(['problems', failed === 0 ? 'none' : `${failed}`])
  const isVoid = !untimed && rate < LEAST_RATE
  if (isVoid)
    lines.push(['void', `fewer than ${LEAST_RATE} runs ended in a second: there was hardly anything to disturb`])
  const text = [`seed ${seed}`, ...lines.map(([what, told]) => `  ${what.padEnd(24)}${told}`)].join('\n')
  return { text, violations, exitCode: failed > 0 ? 1 : isVoid ? 2 : 0 }
}

function disorderlyStops(codes) {
  return Object.entries(codes).flatMap(([name, code]) => (code === 0 ? [] : [`${name} ended with ${code} on SIGTERM`]))
}

function tally(names) {
  const counts = new Map()
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}

function spread(numbers) {
  const { count, p50, p99, max } = percentiles(numbers)
  return count === 0 ? 'no runs' : `${count} runs: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`
}
