/** Each check finds what it is there for: one round in which all is well, and what goes wrong with it. */
import { expect, test } from 'vitest'
import { check, type Event, INVARIANTS, type Records } from './checks/all.js'
import { lateTakeovers, percentiles, takeovers } from './checks/takeover.js'
import { SHAPES } from './shapes.js'

type Writable = {
  -readonly [K in keyof Records]: Records[K] extends readonly (infer T)[] ? Record<string, unknown>[] & T[] : Records[K]
}

/** Two deliveries, one whose run succeeded and one whose run was cancelled, a probe, and a run that timed out; all by the book. */
function goodRound(): Writable {
  const events: Event[] = []
  let version = 10
  const tell = (at: number, kind: string, uid: string, fields: object) => {
    const type = events.some(event => event.uid === uid) ? 'MODIFIED' : 'ADDED'
    events.push({ type, at, kind, uid, name: uid, version: ++version, ...fields })
  }
  const steps: Records['steps'][number][] = []
  const step = (run: string, taskRun: string, name: string, at: number, attempt = 0, ends = true) => {
    const line = { run, taskRun, step: name, attempt }
    steps.push({ ...line, mark: 'start', at, place: steps.length })
    if (ends) steps.push({ ...line, mark: 'end', at: at + 10, place: steps.length })
  }
  const done = (reason: string, at: number) => ({
    succeeded: reason === 'Succeeded' ? 'True' : 'False',
    reason,
    startTime: 0,
    completionTime: at,
    verdict: `${reason} at ${at}`,
  })
  const running = { succeeded: 'Unknown', reason: 'Running', startTime: 0 }
  const task = (run: string, name: string, from: number, to: number, end: object = done('Succeeded', to)) => {
    const of = { owner: run, ownerName: run, task: name }
    tell(from, 'TaskRun', `${run}-${name}`, { ...of, ...running })
    tell(from, 'Pod', `${run}-${name}-pod`, { owner: `${run}-${name}`, phase: 'Pending' })
    tell(to, 'Pod', `${run}-${name}-pod`, { owner: `${run}-${name}`, phase: 'Succeeded' })
    tell(to, 'TaskRun', `${run}-${name}`, { ...of, ...end })
  }

  for (let at = 0; at <= 10_000; at += 100) events.push({ type: 'TICK', at })
  tell(0, 'ConfigMap', 'probe', { value: 'one' })
  const chain = { pipeline: 'chain', delivery: 'd1' }
  tell(100, 'PipelineRun', 'c', { ...chain, ...running })
  for (const [at, [name, names]] of Object.entries({
    build: ['compile', 'publish'],
    check: ['unit'],
    release: ['push'],
    notify: ['tell'],
  }).entries()) {
    for (const [index, each] of names.entries()) step('c', `c-${name}`, each, 200 + 200 * at + 50 * index)
    task('c', name, 200 + 200 * at, 350 + 200 * at)
  }
  tell(1_000, 'PipelineRun', 'c', { ...chain, ...done('Succeeded', 1_000), results: { released: 'of d1' } })

  const slow = { pipeline: 'slow', delivery: 'd2', asked: 'Cancelled' }
  tell(1_100, 'PipelineRun', 's', { ...slow, ...running })
  step('s', 's-wait', 'linger', 1_200, 0, false)
  task('s', 'wait', 1_200, 1_500, done('TaskRunCancelled', 1_500))
  tell(1_500, 'PipelineRun', 's', { ...slow, ...done('Cancelled', 1_500) })

  const hang = { pipeline: 'hang', delivery: 'd3' }
  tell(2_000, 'PipelineRun', 'h', { ...hang, ...running })
  step('h', 'h-hang', 'hang', 2_000, 0, false)
  task('h', 'hang', 2_000, 5_100, done('TaskRunTimeout', 5_100))
  tell(5_200, 'PipelineRun', 'h', { ...hang, ...done('Failed', 5_200) })
  tell(6_000, 'ConfigMap', 'probe', { value: 'two' })

  const last = new Map(events.filter(({ uid }) => uid).map(event => [event.uid, event]))
  return {
    requests: [
      { id: 'd1', pipeline: 'chain', status: 0 },
      { id: 'd1', pipeline: 'chain', status: 202 },
      { id: 'd2', pipeline: 'slow', status: 202 },
      { id: 'd3', pipeline: 'hang', status: 202 },
    ],
    steps,
    events,
    secondEvents: structuredClone(events),
    final: [...last.values()].map(({ type, at, ...object }) => object),
    probes: [
      { is: 'written', value: 'two', version },
      { is: 'uncertain', value: 'three' },
      { is: 'stale', value: 'old', status: 409 },
    ],
    cancels: [{ name: 's', ackedAt: 1_300 }],
    faults: [],
    shapes: SHAPES,
    calmFrom: 0,
    depths: { runs: 0, deliveries: 0 },
    lastEndAt: 5_200,
    drainedAt: 5_300,
  } as unknown as Writable
}

test('a round in which all is well has no violation', () => {
  expect(check(goodRound())).toEqual(Object.fromEntries(Object.keys(INVARIANTS).map(name => [name, []])))
})

const find = <T extends object>(
  items: readonly T[],
  wanted: Partial<Record<string, unknown>>,
): Record<string, unknown> => {
  const found = items.findLast(item =>
    Object.entries(wanted).every(([field, value]) => (item as never)[field] === value),
  )
  if (found === undefined) throw new Error(`the round has nothing with ${JSON.stringify(wanted)}`)
  return found as Record<string, unknown>
}
/** The same thing to both watches and to the last list. */
const everywhere = (round: Writable, wanted: Partial<Record<string, unknown>>, change: object) => {
  for (const list of [round.events, round.secondEvents]) Object.assign(find(list, wanted), change)
  const { uid } = find(round.events, wanted)
  Object.assign(find(round.final, { uid }), change)
}
const tellMore = (round: Writable, event: object) => {
  for (const list of [round.events, round.secondEvents])
    list.push({ type: 'ADDED', at: 9_000, version: 900, ...event } as never)
}

const violations: readonly (readonly [string, string, (round: Writable) => void, RegExp])[] = [
  [
    'I1',
    'a delivery without a run',
    r => r.requests.push({ id: 'd9', pipeline: 'chain', status: 202 }),
    /d9 was acknowledged and has no run/,
  ],
  ['I1', 'a run that never ended', r => everywhere(r, { uid: 'c' }, { succeeded: 'Unknown' }), /run c never ended/],
  ['I1', 'a run that failed', r => everywhere(r, { uid: 'c' }, { succeeded: 'False' }), /run c ended as False/],
  [
    'I1',
    'a result that is another',
    r => everywhere(r, { uid: 'c' }, { results: { released: 'x' } }),
    /run c has the results/,
  ],
  [
    'I1',
    'a run that is gone',
    r => void r.final.splice(r.final.indexOf(find(r.final, { uid: 'c' }) as never), 1),
    /run c of delivery d1 is gone/,
  ],
  [
    'I1',
    'a run nobody asked for',
    r => tellMore(r, { kind: 'PipelineRun', uid: 'x', delivery: 'dx' }),
    /dx has a run and was never sent/,
  ],
  ['I2', 'a second run', r => tellMore(r, { kind: 'PipelineRun', uid: 'x', delivery: 'd1' }), /d1 made 2 runs/],
  [
    'I2',
    'a step that started twice',
    r => r.steps.push({ ...r.steps[0]! } as never),
    /c-build attempt 0 step compile was started 2 times/,
  ],
  [
    'I2',
    'a second TaskRun of a task',
    r => tellMore(r, { kind: 'TaskRun', uid: 'x', ownerName: 'c', task: 'build' }),
    /c task build has 2 TaskRuns/,
  ],
  [
    'I3',
    'a Pod that was made again',
    r => tellMore(r, { kind: 'Pod', uid: 'x', owner: 'c-build', name: 'c-build-pod' }),
    /c-build-pod was made 2 times/,
  ],
  [
    'I3',
    'a Pod too many',
    r => tellMore(r, { kind: 'Pod', uid: 'x', owner: 'c-build', name: 'c-build-pod-retry1' }),
    /c-build has 2 Pods and 0 retries/,
  ],
  [
    'I3',
    'a Pod that goes on',
    r => everywhere(r, { uid: 'c-build-pod' }, { phase: 'Running' }),
    /c-build-pod is Running and its TaskRun is over/,
  ],
  [
    'I4',
    'a verdict that changed',
    r => tellMore(r, { kind: 'PipelineRun', uid: 'c', name: 'c', succeeded: 'False', reason: 'Failed', verdict: 'y' }),
    /c was True \(Succeeded\) and changed to False/,
  ],
  [
    'I4',
    'an end before the start',
    r => everywhere(r, { uid: 'c' }, { startTime: 5_000 }),
    /c ended before it started/,
  ],
  ['I4', 'an end at no time', r => everywhere(r, { uid: 'c' }, { completionTime: undefined }), /c ended at no time/],
  ['I5', 'a step that is missing', r => void r.steps.splice(0, 2), /c build attempt 0: publish start/],
  ['I5', 'a step that did not end', r => void r.steps.splice(3, 1), /c build attempt 0/],
  [
    'I5',
    'steps that overlap',
    r => void r.steps.splice(1, 0, r.steps.splice(2, 1)[0]!),
    /c build attempt 0: compile start, publish start/,
  ],
  [
    'I5',
    'a task before its parent',
    r => void Object.assign(find(r.steps, { taskRun: 'c-check', mark: 'start' }), { place: -1 }),
    /check began before build had ended/,
  ],
  [
    'I5',
    'finally before the tasks',
    r => void Object.assign(find(r.steps, { taskRun: 'c-notify', mark: 'start' }), { place: -1 }),
    /notify began before release had ended/,
  ],
  [
    'I5',
    'a task that never ran',
    r => void (r.steps as unknown[]).splice(0, r.steps.length),
    /c: task build never ran/,
  ],
  [
    'I5',
    'an attempt too many',
    r => r.steps.push(...(r.steps.slice(0, 4).map(line => ({ ...line, attempt: 1 })) as never[])),
    /c build: 2 attempts, not 1/,
  ],
  [
    'I6',
    'a version that goes back',
    r => tellMore(r, { kind: 'ConfigMap', uid: 'probe', version: 1 }),
    /version 1 came after/,
  ],
  [
    'I6',
    'a write that is lost',
    r => r.probes.push({ is: 'written', value: 'nine', version: 99 }),
    /the write nine was acknowledged/,
  ],
  [
    'I6',
    'a stale write that is taken',
    r => r.probes.push({ is: 'stale', value: 'old', status: 200 }),
    /a stale write of old was answered 200/,
  ],
  [
    'I6',
    'a stale write that is refused, and done',
    r => r.probes.push({ is: 'stale', value: 'two', status: 409 }),
    /a stale write took effect: two/,
  ],
  [
    'I7',
    'a change that one watch missed',
    r => void r.secondEvents.splice(r.secondEvents.length - 1, 1),
    /watch 2 of ConfigMap missed/,
  ],
  [
    'I7',
    'a change that is told twice',
    r => void r.events.push(r.events.at(-1)!),
    /watch 1 of ConfigMap told 1 changes twice/,
  ],
  [
    'I7',
    'a version that could not be gone on from',
    r => void r.events.push({ type: 'RELISTED', at: 1, kind: 'Pod' } as never),
    /watch 1 of Pod had to list again/,
  ],
  [
    'I7',
    'an object that was told deleted',
    r => tellMore(r, { type: 'DELETED', kind: 'Pod', uid: 'c-build-pod' }),
    /was told deleted and is there/,
  ],
  [
    'I7',
    'an object that is other than told',
    r => void Object.assign(find(r.final, { uid: 'c' }), { version: 999 }),
    /c was last told as .* and is 999/,
  ],
  [
    'I7',
    'an object that was never told',
    r => void r.final.push({ kind: 'Pod', uid: 'x', name: 'x', version: 1 } as never),
    /x is there and was never told/,
  ],
  [
    'I8',
    'a step long after the cancel',
    r => r.steps.push({ run: 's', taskRun: 's-x', step: 'next', attempt: 0, mark: 'start', at: 3_400, place: 99 }),
    /s-x step next started 2100 ms after the cancel of s was acknowledged/,
  ],
  [
    'I8',
    'a step of a task that has ended',
    r => r.steps.push({ run: 'c', taskRun: 'c-build', step: 'x', attempt: 0, mark: 'start', at: 2_400, place: 99 }),
    /c-build step x started 2050 ms after its TaskRun had ended/,
  ],
  [
    'I8',
    'a Pod that a late worker made, and that ran',
    r => {
      tellMore(r, { kind: 'Pod', uid: 'x', name: 's-wait-pod-retry1', owner: 's-wait' })
      r.steps.push({
        run: 's',
        taskRun: 's-wait',
        step: 'x',
        attempt: 1,
        mark: 'start',
        at: 1_400,
        place: 99,
        pod: 'x',
      })
    },
    /Pod s-wait-pod-retry1, made after TaskRun s-wait had ended, started a step/,
  ],
  [
    'I8',
    'a TaskRun that a late worker made, and that stays',
    r => {
      tellMore(r, { kind: 'TaskRun', uid: 'x', name: 's-after', owner: 's', ownerName: 's', task: 'after' })
      r.final.push({ kind: 'TaskRun', uid: 'x', name: 's-after', version: 900, succeeded: 'Unknown' } as never)
    },
    /TaskRun s-after, made after PipelineRun s had ended, is still there/,
  ],
  [
    'I9',
    'an attempt that nobody asked for',
    r => r.steps.push({ ...r.steps[0]!, attempt: 1 } as never),
    /c-build had 2 attempts and may have 1/,
  ],
  ['I9', 'a retry in secret', r => everywhere(r, { uid: 'c-build' }, { retries: 1 }), /c-build counts 1 retries of 0/],
  [
    'I9',
    'a timeout that is late',
    r => everywhere(r, { uid: 'h-hang' }, { at: 7_000 }),
    /h-hang timed out 2000 ms late/,
  ],
  [
    'I9',
    'a timeout that is early',
    r => everywhere(r, { uid: 'h-hang' }, { completionTime: 1_000 }),
    /h-hang timed out early/,
  ],
  [
    'I10',
    'a run that stands still',
    r => everywhere(r, { uid: 'c', succeeded: 'True' }, { at: 8_000 }),
    /nothing went on for .* as c/,
  ],
  [
    'I11',
    'a run that is not finished',
    r => everywhere(r, { uid: 'c' }, { succeeded: 'Unknown' }),
    /PipelineRun c is not finished/,
  ],
  [
    'I11',
    'a queue that is not empty',
    r => void Object.assign(r, { depths: { runs: 1 } }),
    /the queue of runs holds 1/,
  ],
  [
    'I11',
    'a queue that drains late',
    r => void Object.assign(r, { drainedAt: 16_000 }),
    /the queues drained 10800 ms after/,
  ],
]

test.each(violations)('%s finds %s', (invariant, _, spoil, found) => {
  const round = goodRound()
  spoil(round)
  const problems = Object.entries(check(round)).filter(([name]) => name.startsWith(`${invariant} `))
  expect(problems.flatMap(([, found]) => found).join('\n')).toMatch(found)
})

test('every invariant has something that it was seen to find', () => {
  const found = violations.flatMap(([, , spoil]) => {
    const round = goodRound()
    spoil(round)
    return Object.entries(check(round)).flatMap(([name, problems]) => (problems.length > 0 ? [name] : []))
  })
  expect([...new Set(found)].toSorted()).toEqual(Object.keys(INVARIANTS).toSorted())
})

test('what is late while a fault lasts, or while the machine stood still, is explained; what is late after it is not', () => {
  const late = (change: (round: Writable) => void) => {
    const round = goodRound()
    everywhere(round, { uid: 'h-hang' }, { at: 7_000 })
    change(round)
    return INVARIANTS['I9 timeouts fire']!(round)
  }
  const fault = { what: 'kill', target: 'redis', from: 4_000, to: 6_500 }
  expect(late(round => round.faults.push(fault as never))).toEqual([])
  expect(
    late(
      round =>
        void Object.assign(round, {
          events: round.events.filter(({ type, at }) => type !== 'TICK' || Number(at) < 5_000 || Number(at) > 6_900),
        }),
    ),
  ).toEqual([])
  expect(late(round => round.faults.push({ ...fault, from: 20_000, to: 21_000 } as never))).toHaveLength(1)
})

test('a takeover is timed from the kill, and only a late one that nothing explains is told', () => {
  const { events } = goodRound()
  const kill = { what: 'kill', target: 'worker 1', from: 250, to: 900 }
  const held = [
    { key: 'TaskRun/default/c-check', takenAt: 1_900 },
    { key: 'PipelineRun/default/c', takenAt: 2_600 },
    { key: 'TaskRun/default/gone', takenAt: 800 },
  ]
  const round = { events, faults: [kill], workers: 2, kills: [{ at: 250, worker: 'worker 1', held }] }
  const found = takeovers(round)
  expect(found.map(({ takenMs }) => takenMs)).toEqual([1_650, 2_350, 550])
  expect(found.map(({ eventMs }) => eventMs)).toEqual([150, 100, undefined])
  expect(lateTakeovers(found)).toEqual([
    expect.stringMatching(/^PipelineRun\/default\/c, held by worker 1 .* lay for 2350 ms$/),
  ])
  const late = (target: string) => {
    const other = { what: 'kill', target, from: 500, to: 900 }
    return lateTakeovers(takeovers({ ...round, faults: [kill, other] }))
  }
  expect(late('redis')).toEqual([])
  expect(late('network to redis')).toEqual([])
  expect(late('worker 2')).toEqual([])
  expect(late('listener 1')).toHaveLength(1)
})

test('percentiles of few numbers', () => {
  expect(percentiles([5, 1, 3])).toEqual({ count: 3, p50: 3, p99: 5, max: 5 })
  expect(percentiles([]).count).toBe(0)
})
