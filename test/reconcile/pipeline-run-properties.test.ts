/** Random pipelines, random outcomes, random orders of waking: what must always hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PipelineRunSpec, PipelineTask } from '../../src/resources/tekton.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { type Child, type Ending, type Simulation, simulate } from './simulate.js'

interface Plan {
  readonly spec: PipelineRunSpec
  readonly endings: ReadonlyMap<string, Ending>
  /** Parents by task, of `tasks` only. */
  readonly parents: ReadonlyMap<string, readonly string[]>
  readonly ignores: ReadonlySet<string>
}

interface RandomTask {
  readonly outcome: 'succeeds' | 'fails' | 'withoutResult'
  readonly onErrorContinue: boolean
  readonly isSkipped: boolean
  readonly isMatrix: boolean
  readonly parents: readonly { readonly index: number; readonly byResult: boolean }[]
}

const randomTask: fc.Arbitrary<RandomTask> = fc.record({
  outcome: fc.oneof(
    { weight: 8, arbitrary: fc.constant('succeeds' as const) },
    { weight: 1, arbitrary: fc.constant('fails' as const) },
    { weight: 1, arbitrary: fc.constant('withoutResult' as const) },
  ),
  onErrorContinue: fc.boolean(),
  isSkipped: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
  isMatrix: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
  parents: fc.array(fc.record({ index: fc.nat(39), byResult: fc.boolean() }), { maxLength: 3 }),
})

const plans: fc.Arbitrary<Plan> = fc
  .tuple(fc.array(randomTask, { minLength: 1, maxLength: 40 }), fc.array(randomTask, { maxLength: 4 }))
  .map(([tasks, last]) => planOf(tasks, last))

function planOf(tasks: readonly RandomTask[], last: readonly RandomTask[]): Plan {
  const parents = new Map<string, readonly string[]>()
  const toTask = (name: string, random: RandomTask, index: number, isFinal: boolean): PipelineTask => {
    // Only earlier ones, so that there is no cycle. A matrix gives lists, which nobody here takes.
    const before = random.parents.filter(parent => parent.index < (isFinal ? tasks.length : index))
    const byResult = before.filter(parent => parent.byResult && !tasks[parent.index]?.isMatrix)
    const names = [...new Set(isFinal ? [] : before.map(parent => `t${parent.index}`))]
    if (!isFinal) parents.set(name, names)
    return {
      name,
      taskSpec: { steps: [{ image: 'i' }], results: [{ name: 'r' }] },
      ...(isFinal ? {} : { runAfter: names }),
      ...(random.onErrorContinue && { onError: 'continue' }),
      ...(random.isSkipped && { when: [{ input: 'a', operator: 'in', values: ['b'] }] }),
      ...(random.isMatrix && { matrix: { params: [{ name: 'm', value: ['x', 'y'] }] } }),
      params: byResult.map(({ index: producer }, i) => ({ name: `p${i}`, value: `$(tasks.t${producer}.results.r)` })),
    }
  }
  const named = [
    ...tasks.map((task, i) => [`t${i}`, task] as const),
    ...last.map((task, i) => [`f${i}`, task] as const),
  ]
  return {
    parents,
    ignores: new Set(named.flatMap(([name, task]) => (task.onErrorContinue ? [name] : []))),
    endings: new Map(named.map(([name, { outcome }]) => [name, endingOf(outcome)])),
    spec: {
      pipelineSpec: {
        tasks: tasks.map((task, i) => toTask(`t${i}`, task, i, false)),
        finally: last.map((task, i) => toTask(`f${i}`, task, i, true)),
      },
    },
  }
}

function endingOf(outcome: RandomTask['outcome']): Ending {
  if (outcome === 'fails') return { status: 'False', results: { r: 'half' } }
  return outcome === 'succeeds' ? { results: { r: 'v' } } : {}
}

const taskOf = (child: Child) => child.metadata.labels?.['tekton.dev/pipelineTask'] ?? ''

/** Invariant I5, seen at the moment a child is made. */
function checkStart(plan: Plan, simulation: Simulation, child: Child): void {
  const { children } = simulation
  const isOver = (task: string) => {
    const own = children().filter(one => taskOf(one) === task)
    const skipped = simulation.run().status?.skippedTasks?.some(one => one.name === task)
    return own.length > 0 ? own.every(isDone) : skipped === true
  }
  const task = taskOf(child)
  const before = task.startsWith('f') ? [...plan.parents.keys()] : (plan.parents.get(task) ?? [])
  // A task that lacks a result is neither run nor skipped, though it could; nothing but finally comes after it.
  const isInvalid = (one: string) =>
    task.startsWith('f') &&
    !children().some(other => taskOf(other) === one) &&
    (plan.parents.get(one) ?? []).every(isOver)
  for (const parent of before) {
    expect(isOver(parent) || isInvalid(parent), `${task} began before ${parent} was over`).toBe(true)
  }
}

/** Ends one running child after the other, as `choose` says, with useless passes in between. */
function play(plan: Plan, choose: (count: number) => number, extraPass: () => boolean): Simulation {
  const simulation = simulate(plan.spec)
  const seen = new Set<string>()
  for (let step = 0; step < 1_000; step++) {
    simulation.pass()
    for (const child of simulation.children()) {
      if (seen.has(child.metadata.name)) continue
      seen.add(child.metadata.name)
      checkStart(plan, simulation, child)
    }
    if (isDone(simulation.run())) return simulation
    if (extraPass()) simulation.pass()
    const running = simulation.children().filter(child => !isDone(child))
    const next = running[choose(running.length)]
    if (next === undefined) throw new Error('nothing runs and the run is not done')
    simulation.end(next.metadata.name, plan.endings.get(taskOf(next)))
    simulation.elapse(1_000)
  }
  throw new Error('not done after 1 000 passes')
}

test('order, one way, one terminal state, every task accounted for', () => {
  fc.assert(
    fc.property(plans, fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.boolean()), (plan, picks, extras) => {
      const choose = (count: number) => (count === 0 ? 0 : Number(picks.next().value) % count)
      const simulation = play(plan, choose, () => extras.next().value === true)
      const { status } = simulation.run()
      const names = simulation.children().map(child => child.metadata.name)
      const creates = simulation.actions().filter(action => action.do === 'create')
      expect(creates.length, 'nothing is made twice').toBe(new Set(names).size)
      expect(new Set(status?.childReferences?.map(one => one.name))).toEqual(new Set(names))
      const ran = new Set(simulation.children().map(taskOf))
      const skipped = new Set((status?.skippedTasks ?? []).map(one => one.name))
      for (const task of ran) expect(skipped).not.toContain(task)
      const invalid = Number(
        /Failed Validation: (\d+)/.exec(succeededCondition({ status: status ?? {} })?.message ?? '')?.[1] ?? 0,
      )
      expect(ran.size + skipped.size + invalid).toBe(plan.endings.size)
      const failed = simulation
        .children()
        .some(child => succeededCondition(child)?.status === 'False' && !plan.ignores.has(taskOf(child)))
      expect(succeededCondition({ status: status ?? {} })?.status).toBe(failed || invalid > 0 ? 'False' : 'True')
      if (plan.spec.pipelineSpec?.finally?.length) expect(status?.finallyStartTime).toBeDefined()
    }),
    { numRuns: 150 },
  )
})

test('where nothing stops the run, the order of waking does not change how it ends', () => {
  const calm = plans.filter(plan => {
    const first = play(
      plan,
      () => 0,
      () => false,
    )
    return succeededCondition(first.run())?.status === 'True'
  })
  fc.assert(
    fc.property(calm, fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.boolean()), (plan, picks, extras) => {
      const ends = (simulation: Simulation) => {
        const { skippedTasks, childReferences } = simulation.run().status ?? {}
        const { reason, message } = succeededCondition(simulation.run()) ?? {}
        return { reason, message, skippedTasks, childReferences }
      }
      const inOrder = play(
        plan,
        () => 0,
        () => false,
      )
      const shuffled = play(
        plan,
        count => (count === 0 ? 0 : Number(picks.next().value) % count),
        () => extras.next().value === true,
      )
      expect(ends(shuffled)).toEqual(ends(inOrder))
    }),
    { numRuns: 60 },
  )
})
