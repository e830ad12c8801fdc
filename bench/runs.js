/** Many runs at once, with steps that do nothing: how much the engine itself costs per run, per task, per step. */
import { withEngine } from './engine.js'
import { report, rounds } from './measure.js'

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

const hops = []
const perSecond = ({ p50 }) => `${p50.toFixed(0)}/s`

await withEngine(async ({ runToEnd }) => {
  const rate = (count, make) =>
    rounds(3, async () => {
      const started = performance.now()
      await runToEnd(Array.from({ length: count }, make))
      return count / ((performance.now() - started) / 1_000)
    })
  const single = await rate(200, () => pipelineRun(1))
  const wide = await rate(4, () => pipelineRun(50))
  const steps = await rounds(5, async () => {
    const started = performance.now()
    const [run] = await runToEnd([taskRun(Array.from({ length: 20 }, (_, index) => step(`s${index}`)))])
    const states = run.status.steps.map(each => each.terminated)
    hops.push(
      ...states.slice(1).map((state, index) => Date.parse(state.startedAt) - Date.parse(states[index].startedAt)),
    )
    return performance.now() - started
  })
  report('runs', [
    {
      what: '200 PipelineRuns of one task of one step',
      figure: `${perSecond(single)} runs`,
      compare: 'Tekton tuned, Pods that finish at once: 28/s',
    },
    {
      what: '4 PipelineRuns of 50 parallel tasks',
      figure: `${(wide.p50 * 50).toFixed(0)}/s tasks`,
      compare: 'Tekton tuned, Pods that finish at once: 22/s',
    },
    { what: '1 TaskRun of 20 steps, whole', figure: `${steps.p50.toFixed(0)} ms` },
    {
      what: 'step to next step (a process each)',
      figure: `${(hops.reduce((sum, hop) => sum + hop, 0) / hops.length).toFixed(2)} ms mean`,
      compare: 'goal 2.5 ms; Tekton polls once a second',
    },
  ])
})
