import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Cluster } from '../../../src/cluster/cluster.js'
import { explain } from '../../../src/explain/explain.js'
import { fromTimestamp } from '../../../src/lib/time.js'
import type { TaskRun } from '../../../src/resources/tekton.js'
import type { Settings } from '../../../src/run/settings.js'
import { succeededCondition } from '../../../src/status/conditions.js'
import { isFinished } from '../../../src/status/from-pod.js'
import { serveStore } from '../../cluster/served-cluster.js'
import { ROOT } from '../../helpers/cli.js'
import { until } from '../../kubelet/until.js'
import { applyTo, clusterWith } from '../../listeners/world.js'
import { FAILURE_CASES, type FailureCase } from './cases.js'
import { type PodEngine, startPodEngine } from './engine.js'

/** So much patience the installation has with what does not pass. Pods tell their times in whole seconds. */
const IMPATIENT = { imagePullBackOffTimeoutMs: 3_000, createContainerErrorTimeoutMs: 3_000 }

test('everything that goes wrong with Pods has its reason and its class', { timeout: 60_000 }, async () => {
  const cases = Object.entries(FAILURE_CASES)
  const [failing, passing] = [true, false].map(fails =>
    cases.filter(([, one]) => fails === (one.failureClass !== undefined)),
  )
  const clusters = [await clusterWith(), await clusterWith()] as const
  const engines = [await runAll(clusters[0], failing!, IMPATIENT), await runAll(clusters[1], passing!)]
  const seen = await Promise.all(
    [failing!, passing!].flatMap((some, which) =>
      some.map(async ([name], index) => [name, await told(engines[which]!, index)] as const),
    ),
  )
  expect(Object.fromEntries(seen)).toEqual(
    Object.fromEntries(
      cases.map(([name, { reason, message, failureClass, before }]) => [
        name,
        {
          reason: expect.stringMatching(new RegExp(`^(${reason})$`)) as unknown,
          message: expect.stringMatching(message) as unknown,
          failureClass,
          before: before ? expect.arrayContaining([expect.stringMatching(before)]) : (expect.anything() as unknown),
          lasted: expect.toSatisfy((ms: number) => ms >= 0 && ms < 60_000) as unknown,
        },
      ]),
    ),
  )
  // Whatever went wrong, it is said in words, with a way out.
  for (const run of await clusters[0].list('TaskRun')) {
    const { findings } = explain(
      { run, taskRuns: [], customRuns: [], children: [] },
      { now: 0, tailOf: () => undefined },
    )
    expect(findings).toMatchObject([
      { is: 'failed', text: expect.stringMatching(/\w{3}.*\.$/), wayOut: expect.stringMatching(/\w{3}/) },
    ])
  }
  // Steps that waited for one that can never tell them to go on, too.
  await until('every Pod to end', async () =>
    (await Promise.all(clusters.map(each => each.list('Pod')))).flat().every(isFinished),
  )
  for (const engine of engines) {
    const starts = engine.ran().filter(line => line.endsWith(' start'))
    expect(starts.filter((line, index) => starts.indexOf(line) !== index)).toEqual([])
  }
})

test('and over HTTP', { timeout: 60_000 }, async () => {
  const served = await serveStore()
  onTestFinished(() => served.close())
  const names = [
    'an image that is not there',
    'a step that is out of memory, and one that waits for it',
    'a node that is drained',
  ]
  const cases = names.map(name => [name, FAILURE_CASES[name]!] as const)
  const engine = await runAll(served.adapter(), cases)
  for (const [index, [name, { reason, message, failureClass }]] of cases.entries()) {
    const seen = await told(engine, index)
    expect(seen, name).toMatchObject({ message: expect.stringMatching(message) as unknown, failureClass })
    expect(seen.reason, name).toMatch(new RegExp(`^(${reason})$`))
  }
})

test('docs/failures.md has every reason with its class', () => {
  const rows = readFileSync(join(ROOT, 'docs/failures.md'), 'utf8').split('\n')
  for (const [name, { reason, failureClass }] of Object.entries(FAILURE_CASES)) {
    const told = (one: string) => rows.some(row => row.includes(`\`${one}\``) && row.includes(`\`${failureClass}\``))
    if (failureClass !== undefined) expect(reason.split('|').every(told), name).toBe(true)
  }
})

const nameOf = (index: number) => `case-${index}`

/** All at once, in one engine. What failed is not tried again. */
async function runAll(
  cluster: Cluster,
  cases: readonly (readonly [string, FailureCase])[],
  settings: Partial<Settings> = {},
): Promise<PodEngine> {
  const ofPod = new Map(cases.map(([, one], index) => [`${nameOf(index)}-pod`, { index, one }]))
  const engine = startPodEngine(cluster, {
    settings,
    plan: ({ metadata }) => {
      const { index, one } = ofPod.get(metadata.name)!
      if (one.failureClass !== undefined || one.before === undefined) return one.plan
      const lasts = () => !engine.said(nameOf(index)).some(words => one.before?.test(words))
      return { ...one.plan, waiting: (one.plan.waiting ?? []).map(each => ({ ...each, lasts })) }
    },
  })
  await applyTo(cluster, ...cases.map(([, one], index) => manifest(nameOf(index), one)))
  return engine
}

const TASK = '{ steps: [{ name: a, image: tool, command: [x] }, { name: b, image: tool, command: [x] }] }'

function manifest(name: string, { task = TASK, timeout = '10m' }: FailureCase): string {
  return `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: ${name}, namespace: default, annotations: { tektite.dev/retries-infrastructure: "0" } }
spec: { timeout: ${timeout}, taskSpec: ${task} }
`
}

async function told(engine: PodEngine, index: number) {
  const run = await engine.done(nameOf(index))
  const { reason, message } = succeededCondition(run) ?? {}
  const failureClass = run.metadata.annotations?.['tektite.dev/failure-class']
  return { reason, message, failureClass, before: engine.said(nameOf(index)), lasted: durationOf(run) }
}

function durationOf({ status }: TaskRun): number {
  return fromTimestamp(status?.completionTime ?? '') - fromTimestamp(status?.startTime ?? '')
}
