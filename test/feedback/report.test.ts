/** What a run is told as. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { askedOf, type Run } from '../../src/feedback/asked.js'
import { slim } from '../../src/feedback/due-runs.js'
import { reportOf, type TaskFinding } from '../../src/feedback/report.js'
import { stateOf } from '../../src/feedback/state.js'
import { fenced, literal } from '../../src/feedback/summary.js'
import { isEnd } from '../../src/git-host/build-report.js'
import { PIPELINE_RUN_REASONS, TASK_RUN_REASONS } from '../../src/status/reasons.js'
import { anyText } from '../helpers/any-text.js'
import { yamlCases } from '../helpers/yaml.js'

interface RunText {
  readonly kind: Run['kind']
  readonly condition?: readonly [status: string | boolean, reason: string, message: string]
  readonly seconds?: number
  readonly steps?: readonly (readonly [name: string, exitCode: number, reason: string])[]
}

interface Case {
  readonly run: RunText
  readonly tasks?: readonly (readonly [name: string, state: TaskFinding['state'], detail?: string])[]
  readonly gone?: boolean
  readonly state: string
  readonly description: string
}

const START = Date.parse('2026-01-01T00:00:00Z')
const ASKED = {
  'tektite.dev/git-status': 'github-check',
  'tektite.dev/git-repository': 'https://github.com/org/repo',
  'tektite.dev/git-sha': 'a'.repeat(40),
  'tektite.dev/git-token-secret': 'login',
}

function runOf({ kind, condition, seconds, steps = [] }: RunText, metadata: Partial<Run['metadata']> = {}): Run {
  const [status, reason, message] = condition ?? []
  const word = status === true ? 'True' : status === false ? 'False' : status
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: {
      name: 'run',
      namespace: 'ci',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: ASKED,
      ...metadata,
    },
    spec: {},
    status: {
      ...(condition && { conditions: [{ type: 'Succeeded', status: word, reason, message }] }),
      ...(seconds !== undefined && {
        startTime: new Date(START).toISOString(),
        completionTime: new Date(START + seconds * 1_000).toISOString(),
      }),
      steps: steps.map(([name, exitCode, ended]) => ({
        name,
        container: `step-${name}`,
        terminated: { exitCode, reason: ended },
        terminationReason: ended,
      })),
    },
  } as Run
}

function reported(run: Run, more: Partial<Parameters<typeof reportOf>[2]> = {}) {
  const found = askedOf(run)
  if (found.is === 'problem') throw new Error(found.message)
  return reportOf(slim(run), found.asked, { findings: { tasks: [], logs: [] }, runUrl: '', isGone: false, ...more })
}

test.each(yamlCases<Case>(new URL('report.cases.yaml', import.meta.url)))(
  '%s',
  (_, { run, tasks = [], gone: isGone = false, state, description }) => {
    const found = tasks.map(([name, was, detail = '']) => ({ name, state: was, durationMs: undefined, detail }))
    const report = reported(runOf(run), { findings: { tasks: found, logs: [] }, isGone })
    expect([report.state, report.description]).toEqual([state, description])
    expect(report.description.length).toBeLessThanOrEqual(140)
  },
)

test('every reason of a run that is over is an end, and no other is', () => {
  for (const [kind, reasons] of [
    ['PipelineRun', PIPELINE_RUN_REASONS],
    ['TaskRun', TASK_RUN_REASONS],
  ] as const) {
    for (const reason of Object.values(reasons)) {
      expect([reason, isEnd(stateOf(runOf({ kind, condition: ['False', reason, ''] })))]).toEqual([reason, true])
      expect([reason, isEnd(stateOf(runOf({ kind, condition: ['Unknown', reason, ''] })))]).toEqual([reason, false])
    }
  }
})

test('the context is the same for all runs of a pipeline, and the address is of this run', () => {
  const named = (spec: object, metadata: object) =>
    reported({ ...runOf({ kind: 'PipelineRun' }, metadata), spec } as Run)
  expect(named({ pipelineRef: { name: 'build' } }, { name: 'a-xyz' }).context).toBe('tektite/build')
  expect(named({}, { name: 'nightly-abcde', generateName: 'nightly-' }).context).toBe('tektite/nightly')
  expect(named({}, { name: 'once' }).context).toBe('tektite/once')
  const own = {
    ...ASKED,
    'tektite.dev/git-context': ' ci/x\n',
    'tektite.dev/git-target-url': 'https://d.example/{plural}/{name}?n={namespace}&k={kind}&u={uid}&{other}',
  }
  const report = named({}, { annotations: own })
  expect([report.context, report.url]).toEqual([
    'ci/x',
    'https://d.example/pipelineruns/run?n=ci&k=PipelineRun&u=u&%7Bother%7D',
  ])
  expect(reported(runOf({ kind: 'TaskRun' }), { runUrl: 'https://ci.example/{plural}/{name}' }).url).toBe(
    'https://ci.example/taskruns/run',
  )
  for (const bad of ['javascript:alert(1)', 'no url', '{name}']) {
    expect(named({}, { annotations: { ...ASKED, 'tektite.dev/git-target-url': bad } }).url).toBe('')
  }
})

test('the page of a check run: a table of tasks and the ends of logs', () => {
  const run = runOf({ kind: 'PipelineRun', condition: ['False', 'Failed', 'x'], seconds: 3 })
  const tasks: readonly TaskFinding[] = [
    { name: 'lint', state: 'success', durationMs: 1_000, detail: '' },
    { name: 'build', state: 'failure', durationMs: 2_000, detail: 'step <b>|x exited with 2' },
    { name: 'deploy', state: 'skipped', durationMs: undefined, detail: 'Parent Tasks were skipped' },
  ]
  const logs = [
    { task: 'build', step: 'x', text: 'compiling\n```\n# not a heading \u001b[31mred\u001b[0m\nerror: no\n' },
  ]
  expect(reported(run, { findings: { tasks, logs } }).summary).toBe(
    `PipelineRun ci&#47;run: Failed after 3s&#58; build, step &#60;b&#62;&#124;x exited with 2

| task | | took | |
|---|---|---|---|
| lint | succeeded | 1s |  |
| build | **failed** | 2s | step &#60;b&#62;&#124;x exited with 2 |
| deploy | skipped |  | Parent Tasks were skipped |

The end of the log of step x of task build:

\`\`\`\`text
compiling
\`\`\`
# not a heading red
error: no
\`\`\`\`
`,
  )
})

test('a page is never larger than GitHub takes', () => {
  const long = '|'.repeat(100_000)
  const tasks = Array.from({ length: 5_000 }, () => ({
    name: long,
    state: 'failure' as const,
    durationMs: 1,
    detail: long,
  }))
  const logs = Array.from({ length: 50 }, () => ({ task: long, step: long, text: '😀\u0800'.repeat(50_000) }))
  const { summary } = reported(runOf({ kind: 'PipelineRun', condition: ['False', 'Failed', long], seconds: 1 }), {
    findings: { tasks, logs },
  })
  expect(Buffer.byteLength(summary)).toBeLessThan(65_535)
})

test('nothing that a run says becomes markup', () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '|',
          '`',
          '```',
          '<img src=x>',
          '@everyone',
          '#1',
          '[a](http://x)',
          '\n\n# h',
          '![',
          '**',
          '~~',
          '\u202e',
          'www.x.y',
          'https://x',
        ),
        anyText(),
      ),
    )
    .map(parts => parts.join(''))
  fc.assert(
    fc.property(hostile, text => {
      // Letters, digits, blanks, comma, hyphen, and numbers of characters: nothing that Markdown reads.
      expect(literal(text, 100)).toMatch(/^(?:[\p{L}\p{M}\p{N} ,…-]|&#\d+;)*$/u)
      const block = fenced(text)
      const fence = /^`+/.exec(block)?.[0] ?? ''
      const inside = block.split('\n').slice(1, -1)
      expect(fence.length).toBeGreaterThanOrEqual(3)
      expect(inside.some(line => line.includes(fence))).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})
