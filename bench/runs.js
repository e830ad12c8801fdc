/** Many runs at once, with steps that do nothing: how much the engine itself costs per run, per task, per step. */
import { withEngine } from './engine.js'
import { milliseconds, report, rounds, summary } from './measure.js'

const step = name => ({ name, image: 'alpine', command: ['true'] })
const taskRun = steps => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { namespace: 'default', generateName: 'bench-' },
  spec: { taskSpec: { steps } },
})
const pipelineRun = tasks => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { namespace: 'default', generateName: 'bench-' },
  spec: {
    pipelineSpec: {
      tasks: Array.from({ length: tasks }, (_, index) => ({
        name: `t${index}`,
        taskSpec: { steps: [step('one')] },
      })),
    },
  },
})

const perSecond = ({ p50, max }, each = 1) => `${(p50 * each).toFixed(0)}/s (best ${(max * each).toFixed(0)})`

await withEngine(async ({ engine, runToEnd }) => {
  const processor = []
  const rate = (count, make) =>
    rounds(5, async () => {
      const started = performance.now()
      const before = process.cpuUsage()
      await runToEnd(Array.from({ length: count }, make))
      const { user, system } = process.cpuUsage(before)
      processor.push((user + system) / 1_000 / count)
      return count / ((performance.now() - started) / 1_000)
    })
  const whole = steps =>
    rounds(10, async () => {
      const started = performance.now()
      await runToEnd([taskRun(Array.from({ length: steps }, (_, index) => step(`s${index}`)))])
      return performance.now() - started
    })

  const single = await rate(200, () => pipelineRun(1))
  const each = summary(processor)
  const writes = await countWrites(engine, () => runToEnd([pipelineRun(10)]))
  const wide = await rate(4, () => pipelineRun(50))
  const one = await whole(1)
  const twenty = await whole(20)
  report('runs', [
    {
      what: '200 PipelineRuns of one task of one step',
      figure: `${perSecond(single)} runs`,
      compare: 'goal 300/s; Tekton tuned, Pods that finish at once: 28/s',
    },
    { what: 'of which the engine, without the steps', figure: `${each.p50.toFixed(2)} ms of processor time a run` },
    {
      what: '4 PipelineRuns of 50 parallel tasks',
      figure: `${perSecond(wide, 50)} tasks`,
      compare: 'Tekton tuned, Pods that finish at once: 22/s',
    },
    { what: 'writes a task, in a run of 10', figure: writes.toFixed(1), compare: 'goal 6' },
    { what: '1 TaskRun of 1 step', figure: milliseconds(one) },
    { what: '1 TaskRun of 20 steps', figure: milliseconds(twenty) },
    {
      // Not from the steps' own times: those are whole seconds, as Kubernetes writes them.
      what: 'step to next step (a process each)',
      figure: `${((twenty.p50 - one.p50) / 19).toFixed(2)} ms`,
      compare: 'goal 2.5 ms; Tekton polls once a second',
    },
  ])
})

/** One write to the store is one resource version. */
async function countWrites(engine, work) {
  const before = Number(engine.cluster.version())
  await work()
  return (Number(engine.cluster.version()) - before) / 10
}
