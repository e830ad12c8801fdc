/** Random pipelines, and all that will befall them: a plan says it beforehand, whatever order things then happen in. */
import fc from 'fast-check'
import type { PipelineRunSpec, PipelineSpec, PipelineTask, TaskSpec } from '../../../src/resources/tekton.js'

export interface Plan {
  readonly spec: PipelineRunSpec
  /** What Pods and custom controllers do is drawn from this and the name of the object: `luckOf`. */
  readonly seed: number
  /** Of a task's attempts, by pipeline task name: how many of 10 fail. */
  readonly failing: ReadonlyMap<string, number>
  /** Pipeline tasks that forget their results. */
  readonly mute: ReadonlySet<string>
  readonly request: { readonly afterMs: number; readonly status: string } | undefined
}

interface RandomTask {
  readonly shape: 'task' | 'matrix' | 'custom' | 'nested'
  readonly parents: readonly { readonly index: number; readonly by: 'runAfter' | 'param' | 'when' }[]
  readonly failing: number
  readonly mute: boolean
  readonly retries: number
  readonly ignoresFailure: boolean
  readonly when: 'none' | 'holds' | 'fails'
  readonly timeoutMs: number | undefined
  readonly sidecar: boolean
}

const rarely = <T>(often: T, arbitrary: fc.Arbitrary<T>, weight = 1) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(often) }, { weight, arbitrary })

/** Milliseconds and their fractions, so that no two clocks of a run end at the same moment but by design. */
const moments = (min: number, max: number) => fc.integer({ min: min * 1_000, max: max * 1_000 }).map(us => us / 1_000)

const randomTask: fc.Arbitrary<RandomTask> = fc.record({
  shape: rarely('task' as RandomTask['shape'], fc.constantFrom('matrix', 'custom', 'nested'), 4),
  parents: fc.array(fc.record({ index: fc.nat(400), by: fc.constantFrom('runAfter', 'param', 'when') }), {
    maxLength: 4,
    size: 'max',
  }),
  failing: rarely(0, fc.constantFrom(4, 10), 2),
  mute: rarely(false, fc.constant(true)),
  retries: rarely(0, fc.integer({ min: 1, max: 3 }), 6),
  ignoresFailure: rarely(false, fc.constant(true), 8),
  when: rarely('none' as RandomTask['when'], fc.constantFrom('holds', 'fails'), 2),
  timeoutMs: rarely<number | undefined>(undefined, moments(2_000, 30_000)),
  sidecar: rarely(false, fc.constant(true)),
})

/** A clock that mostly never runs out. */
const timeouts: fc.Arbitrary<PipelineRunSpec['timeouts']> = rarely(
  undefined,
  fc.record({
    pipeline: moments(20_000, 400_000),
    share: fc.double({ min: 0.3, max: 0.9, noNaN: true }),
    kind: fc.nat(3),
  }),
  6,
).map(drawn => {
  if (drawn === undefined) return undefined
  const { pipeline, share, kind } = drawn
  const tasks = Math.round(pipeline * share)
  if (kind === 0) return { pipeline: ms(pipeline) }
  if (kind === 1) return { pipeline: ms(pipeline), tasks: ms(tasks) }
  if (kind === 2) return { pipeline: ms(pipeline), finally: ms(Math.round(pipeline * (1 - share))) }
  return { tasks: ms(tasks), pipeline: '0s' }
})

const request: fc.Arbitrary<Plan['request']> = rarely<Plan['request']>(
  undefined,
  fc.record({
    afterMs: moments(0, 200_000),
    status: fc.constantFrom('Cancelled', 'CancelledRunFinally', 'StoppedRunFinally'),
  }),
  6,
)

export function plans(maxTasks: number): fc.Arbitrary<Plan> {
  return fc
    .record({
      tasks: fc.array(randomTask, { minLength: 1, maxLength: maxTasks, size: 'max' }),
      last: fc.array(randomTask, { maxLength: 4, size: 'max' }),
      calm: fc.boolean(),
      timeouts,
      request,
      seed: fc.nat(),
    })
    .map(({ tasks, last, calm, timeouts, request, seed }) => {
      // Half of the pipelines go well for long: a large one in which one task of ten fails ends before it has begun.
      const mild = (task: RandomTask): RandomTask =>
        calm && !task.ignoresFailure
          ? { ...task, failing: task.retries > 1 ? 4 : 0, mute: false, timeoutMs: undefined }
          : task
      return planOf(tasks.map(mild), last.map(mild), { timeouts, request, seed })
    })
}

function planOf(
  tasks: readonly RandomTask[],
  last: readonly RandomTask[],
  { timeouts, request, seed }: Pick<Plan, 'request' | 'seed'> & { readonly timeouts: PipelineRunSpec['timeouts'] },
): Plan {
  const named = [
    ...tasks.map((task, index) => ({ name: `t${index}`, task, before: tasks.slice(0, index), isFinal: false })),
    ...last.map((task, index) => ({ name: `f${index}`, task, before: tasks, isFinal: true })),
  ]
  const made = named.map(({ name, task, before, isFinal }) => ({ isFinal, task: taskOf(name, task, before, isFinal) }))
  return {
    seed,
    request,
    failing: new Map(named.map(({ name, task }) => [name, task.failing])),
    mute: new Set(named.flatMap(({ name, task }) => (task.mute ? [name] : []))),
    spec: {
      ...(timeouts && { timeouts }),
      pipelineSpec: {
        tasks: made.filter(one => !one.isFinal).map(one => one.task),
        finally: made.filter(one => one.isFinal).map(one => one.task),
        results: givesText(tasks[0]) ? [{ name: 'first', value: '$(tasks.t0.results.word)' }] : [],
      },
    },
  }
}

function taskOf(name: string, task: RandomTask, before: readonly RandomTask[], isFinal: boolean): PipelineTask {
  // Only earlier ones, so that there is no cycle. Most are near, so that pipelines are deep and not only wide.
  const parents = task.parents
    .map(({ index, by }) => ({ by, index: before.length - 1 - (index % 3 === 0 ? index : index % 5) }))
    .filter(({ index }) => index >= 0)
    // Results of nested pipelines cannot be referred to, those of a matrix only as lists.
    .map(({ index, by }) => {
      const shape = before[index]?.shape
      const isImpossible = shape === 'nested' || task.shape === 'nested' || (shape === 'matrix' && by === 'when')
      return { index, by: isImpossible ? 'runAfter' : by }
    })
  const after = isFinal ? [] : parents.filter(({ by }) => by === 'runAfter').map(({ index }) => `t${index}`)
  const params = parents
    .filter(({ by }) => by === 'param')
    .map(({ index }, at) => ({ name: `p${at}`, value: wordOf(index, before[index]) }))
  const when = [
    ...parents
      .filter(({ by }) => by === 'when')
      .map(({ index }) => ({ input: `$(tasks.t${index}.results.mood)`, operator: 'in' as const, values: ['good'] })),
    ...(task.when === 'none'
      ? []
      : [{ input: 'a', operator: 'in' as const, values: [task.when === 'holds' ? 'a' : 'b'] }]),
  ]
  const isMatrix = task.shape === 'matrix'
  const declared = [
    ...params.map(param => ({ name: param.name, type: typeof param.value === 'string' ? 'string' : 'array' }) as const),
    ...(isMatrix ? [{ name: 'm' }] : []),
  ]
  const canRetry = task.retries > 0 && !task.ignoresFailure && task.shape === 'task'
  return {
    name,
    ...bodyOf(task, declared),
    ...(after.length > 0 && { runAfter: after }),
    ...(params.length > 0 && { params }),
    ...(when.length > 0 && { when }),
    ...(isMatrix && { matrix: { params: [{ name: 'm', value: ['x', 'y', 'z'] }] } }),
    ...(canRetry && { retries: task.retries }),
    ...(task.ignoresFailure && { onError: 'continue' }),
    ...(task.timeoutMs !== undefined && { timeout: ms(task.timeoutMs) }),
  }
}

function givesText(task: RandomTask | undefined): boolean {
  return task?.shape === 'task' || task?.shape === 'custom'
}

function wordOf(index: number, producer: RandomTask | undefined): string | readonly string[] {
  return producer?.shape === 'matrix' ? [`$(tasks.t${index}.results.word[*])`] : `$(tasks.t${index}.results.word)`
}

function bodyOf(task: RandomTask, params: TaskSpec['params']): Partial<PipelineTask> {
  const results = [{ name: 'word' }, { name: 'mood' }]
  const steps = [{ name: 's', image: 'alpine', script: 'true' }]
  if (task.shape === 'custom') return { taskRef: { apiVersion: 'example.dev/v1', kind: 'Example', name: 'any' } }
  if (task.shape === 'nested') {
    const inner: PipelineSpec = {
      tasks: [
        { name: 'in', taskSpec: { results, steps } },
        { name: 'out', params: [{ name: 'p0', value: '$(tasks.in.results.word)' }], taskSpec: { results, steps } },
      ],
    }
    return { pipelineSpec: inner }
  }
  const sidecars = task.sidecar ? { sidecars: [{ name: 'helper', image: 'alpine' }] } : {}
  return { taskSpec: { ...(params && params.length > 0 && { params }), results, steps, ...sidecars } }
}

function ms(value: number): string {
  return `${value}ms`
}

/** A number from 0 up to 1 that hangs on nothing but the plan and these words. */
export function luckOf(plan: Pick<Plan, 'seed'>, ...words: readonly string[]): number {
  let hash = 2166136261 ^ plan.seed
  for (const code of words.join('/')) hash = Math.imul(hash ^ code.charCodeAt(0), 16777619)
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507)
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
