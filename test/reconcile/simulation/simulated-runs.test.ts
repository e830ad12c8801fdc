/**
 * Random pipelines through the real passes, the real store and the real rule of whom to wake, in virtual time, with every
 * order of writes and wakes, with writes that fail and with an engine that is killed between any two of them.
 *
 * `SIMULATE_RUNS=5000 npx vitest run test/reconcile/simulation` for longer; a failure prints seed and path, which
 * `SIMULATE_SEED` and `SIMULATE_PATH` take.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PipelineTask } from '../../../src/resources/tekton.js'
import type { Dice } from './engine.js'
import { checkHistory, endState } from './invariants.js'
import { type Plan, plans } from './plan.js'
import { type Outcome, simulate } from './simulate.js'

const RUNS = Number(process.env['SIMULATE_RUNS'] ?? 0)
const TIMEOUT_MS = RUNS > 0 ? 3_600_000 : 180_000

function parameters(numRuns: number): fc.Parameters<unknown> {
  const seed = process.env['SIMULATE_SEED']
  const path = process.env['SIMULATE_PATH']
  const shrinks = process.env['SIMULATE_SHRINK'] !== 'no'
  return {
    endOnFailure: !shrinks,
    numRuns: RUNS || numRuns,
    ...(seed && { seed: Number(seed) }),
    ...(path && { path }),
  }
}

/** Everything in the order it came, and nothing goes wrong. */
const ORDERLY: Dice = { pick: () => 0, fateOfWrite: () => 'well' }

/** Any order; of 1000 writes, so many fail and so many are the last of a life. */
function reckless(seed: number, { failing, killing }: { readonly failing: number; readonly killing: number }): Dice {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const pick = (below: number) => Math.floor(random() * below)
  return {
    pick,
    fateOfWrite() {
      const drawn = random() * 1_000
      if (drawn < failing) return random() < 0.5 ? 'fails before' : 'fails after'
      if (drawn < failing + killing) return random() < 0.5 ? 'killed before' : 'killed after'
      return 'well'
    },
  }
}

/** Orderly but for one write. */
function killedAt(write: number): Dice {
  let writes = 0
  return { pick: () => 0, fateOfWrite: () => (++writes === write ? 'killed before' : 'well') }
}

async function endOf(
  plan: Plan,
  dice: Dice,
): Promise<{ readonly end: ReturnType<typeof endState>; readonly outcome: Outcome }> {
  const outcome = await simulate(plan, dice)
  return { end: endState(checkHistory(outcome.history)), outcome }
}

const scenario = (maxTasks: number) =>
  fc.record({
    plan: plans(maxTasks),
    seed: fc.nat(),
    faults: fc.constantFrom({ failing: 0, killing: 0 }, { failing: 30, killing: 0 }, { failing: 10, killing: 20 }),
  })

test.each([
  { maxTasks: 8, numRuns: 30 },
  { maxTasks: 40, numRuns: 10 },
  { maxTasks: 200, numRuns: 3 },
])(
  'up to $maxTasks tasks: all invariants hold and the end is the same, in any order, also when killed',
  async ({ maxTasks, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(scenario(maxTasks), async ({ plan, seed, faults }) => {
        const orderly = await endOf(plan, ORDERLY)
        const other = await endOf(plan, reckless(seed, faults))
        expect(other.end).toEqual(orderly.end)
      }),
      parameters(numRuns) as fc.Parameters<[unknown]>,
    )
  },
  TIMEOUT_MS,
)

/** One of everything. */
const EVERYTHING: Plan = {
  seed: 7,
  failing: new Map([
    ['flaky', 6],
    ['ignored', 10],
  ]),
  mute: new Set(),
  request: undefined,
  spec: {
    pipelineSpec: {
      tasks: [
        taskNamed('first'),
        { ...taskNamed('flaky'), retries: 3, params: [{ name: 'p0', value: '$(tasks.first.results.word)' }] },
        { ...taskNamed('wide'), runAfter: ['first'], matrix: { params: [{ name: 'm', value: ['x', 'y', 'z'] }] } },
        { ...taskNamed('ignored'), onError: 'continue' },
        { ...taskNamed('never'), when: [{ input: 'a', operator: 'in', values: ['b'] }] },
        { name: 'nested', runAfter: ['ignored'], pipelineSpec: { tasks: [taskNamed('in')] } },
        { name: 'custom', taskRef: { apiVersion: 'example.dev/v1', kind: 'Example', name: 'any' } },
      ],
      finally: [{ ...taskNamed('last'), params: [{ name: 'p0', value: '$(tasks.first.results.word)' }] }],
      results: [{ name: 'word', value: '$(tasks.flaky.results.word)' }],
    },
  },
}

function taskNamed(name: string): PipelineTask {
  return {
    name,
    taskSpec: {
      params: [
        { name: 'p0', default: '' },
        { name: 'm', default: '' },
      ],
      results: [{ name: 'word' }, { name: 'mood' }],
      steps: [{ name: 's', image: 'alpine', script: 'true' }],
    },
  }
}

test.each([
  { how: 'that goes its way', request: undefined },
  { how: 'that is cancelled', request: { status: 'Cancelled', afterMs: 12_345 } },
  { how: 'that is cancelled with finally', request: { status: 'CancelledRunFinally', afterMs: 12_345 } },
  { how: 'that is stopped', request: { status: 'StoppedRunFinally', afterMs: 12_345 } },
])(
  'a run $how ends the same when the engine is killed between any two writes',
  async ({ request }) => {
    const plan = { ...EVERYTHING, request }
    const orderly = await endOf(plan, ORDERLY)
    let kills = 0
    for (let write = 1, survived = false; !survived; write++) {
      const { end, outcome } = await endOf(plan, killedAt(write))
      expect(end, `killed before write ${write}`).toEqual(orderly.end)
      survived = outcome.lives === 1
      if (!survived) kills++
    }
    expect(kills).toBeGreaterThan(15)
  },
  TIMEOUT_MS,
)
