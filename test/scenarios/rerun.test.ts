/**
 * A run from a failed one, on a real engine with real processes. Each step writes a line into a ledger, so that it is known
 * what ran and what did not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { GraphDocument } from '../../src/api/graphs.js'
import type { PersistentVolumeClaim } from '../../src/resources/core.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { tektite } from '../helpers/cli.js'
import { apply, callApi, doneRun, type Engine, pathOf, startEngine } from '../helpers/engine.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const RUNS = '/apis/tektite.dev/v1alpha1/namespaces/default/runs'

/** `check` fails until there is a file `mended`. */
function manifest(name: string, folder: string): string {
  const [ledger, mended] = [join(folder, 'ledger'), join(folder, 'mended')]
  const step = (script: string) => `steps: [{ name: a, image: sh, script: '${script}' }]`
  const says = (line: string) => step(`echo ${line} >> ${ledger}`)
  return `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name}, labels: { team: web }, annotations: { tektite.dev/retries-memory: "1" } }
spec:
  params: [{ name: skip, value: "yes" }]
  workspaces:
    - name: source
      volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } } }
  pipelineSpec:
    params: [{ name: skip }]
    workspaces: [{ name: source }]
    results: [{ name: version, value: $(tasks.make.results.version) }]
    tasks:
      - name: make
        workspaces: [{ name: source }]
        taskSpec:
          workspaces: [{ name: source }]
          results: [{ name: version }]
          ${step(`echo make >> ${ledger}; printf 1.2 | tee $(results.version.path) > $(workspaces.source.path)/version`)}
      - name: shards
        matrix: { params: [{ name: shard, value: [a, b] }] }
        taskSpec:
          params: [{ name: shard }]
          ${says('shard $(params.shard)')}
      - name: inner
        runAfter: [make]
        pipelineSpec:
          tasks: [{ name: one, taskSpec: { ${says('inner one')} } }]
          finally: [{ name: last, taskSpec: { ${says('inner last')} } }]
      - name: skipped
        when: [{ input: $(params.skip), operator: in, values: ["no"] }]
        taskSpec: { ${says('skipped')} }
      - name: check
        runAfter: [shards, inner, skipped]
        retries: 1
        workspaces: [{ name: source }]
        taskSpec:
          workspaces: [{ name: source }]
          ${step(`echo check >> ${ledger}; test "$(cat $(workspaces.source.path)/version)" = 1.2 && test -e ${mended}`)}
      - name: deploy
        runAfter: [check]
        params: [{ name: version, value: $(tasks.make.results.version) }]
        taskSpec:
          params: [{ name: version }]
          ${says('deploy $(params.version)')}
    finally:
      - name: report
        params: [{ name: make, value: $(tasks.make.status) }, { name: all, value: $(tasks.status) }]
        taskSpec:
          params: [{ name: make }, { name: all }]
          ${says('report $(params.make) $(params.all)')}
`
}

/** What the ledger has gained since the last time. */
function tellerOf(folder: string): () => readonly string[] {
  const file = join(folder, 'ledger')
  return () => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
    writeFileSync(file, '')
    return lines.sort()
  }
}

async function rerun(engine: Engine, of: PipelineRun, body: object): Promise<PipelineRun> {
  const answer = await callApi(engine, 'POST', `${RUNS}/${of.metadata.uid}/rerun`, body)
  expect(answer).toMatchObject({ status: 201 })
  return answer.body as unknown as PipelineRun
}

async function taskRunsOf(engine: Engine, run: PipelineRun): Promise<readonly TaskRun[]> {
  const { body } = await callApi(engine, 'GET', pathOf('TaskRun', 'default'))
  const own = (body['items'] as TaskRun[]).filter(one => one.metadata.name.startsWith(`${run.metadata.name}-`))
  return own.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

test('what succeeded is taken over, also when the engine is killed; what failed runs, and what comes after it', {
  timeout: 240_000,
}, async () => {
  const folder = temporaryDirectory('rerun')
  const told = tellerOf(folder)
  let engine = await startEngine(join(folder, 'data'))
  onTestFinished(async () => void (await engine.end('SIGTERM')))
  await apply(engine, manifest('first', folder))
  const first = await doneRun(engine, 'first')
  expect(succeededCondition(first)?.message).toBe('Tasks Completed: 5 (Failed: 1, Cancelled 0), Skipped: 2')
  const ofFirst = ['check', 'check', 'inner last', 'inner one', 'make', 'report Succeeded Failed', 'shard a', 'shard b']
  expect(told()).toEqual(ofFirst)

  const refused = await callApi(engine, 'POST', `${RUNS}/${first.metadata.uid}/rerun`, { fromfailed: true })
  expect(refused).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('unknown field "fromfailed"') },
  })

  const explained = await tektite(['explain', 'first', '--data', join(folder, 'data')])
  expect(explained.stdout).toContain('✗ check: A step did not end well. Step "a" ended with exit code 1.')
  expect(explained.stdout).toContain('○ deploy: It had not begun when the run was stopped by "check"')
  expect(explained.stdout).toContain('tektite pipelinerun rerun first --from-failed -n default')
  const overHttp = await callApi(engine, 'GET', `${RUNS}/${first.metadata.uid}/explain`)
  expect(overHttp.body).toMatchObject({
    kind: 'RunExplanation',
    findings: [{ is: 'failed', about: 'check' }, {}, {}, {}],
  })

  writeFileSync(join(folder, 'mended'), '')
  const made = await rerun(engine, first, { fromFailed: true })
  await engine.end('SIGKILL')
  engine = await startEngine(join(folder, 'data'))
  const second = await doneRun(engine, made.metadata.name)
  expect(told()).toEqual(['check', 'deploy 1.2', 'report Succeeded Completed'])
  expect(second.metadata).toMatchObject({
    name: expect.stringMatching(/^first-r-.{5}$/),
    labels: { team: 'web' },
    annotations: {
      'tektite.dev/retries-memory': '1',
      'tektite.dev/from-failed': 'first',
      'tektite.dev/rerun-of': 'first',
      'tektite.dev/rerun-of-uid': first.metadata.uid,
    },
  })
  expect(second.status).toMatchObject({
    conditions: [
      { status: 'True', reason: 'Completed', message: 'Tasks Completed: 6 (Failed: 0, Cancelled 0), Skipped: 1' },
    ],
    results: [{ name: 'version', value: '1.2' }],
    skippedTasks: [{ name: 'skipped', reason: 'When Expressions evaluated to false' }],
  })
  const byTask = Object.fromEntries(
    (await taskRunsOf(engine, second)).map(one => [one.metadata.name.replace(`${second.metadata.name}-`, ''), one]),
  )
  expect(Object.entries(byTask).map(([name, one]) => [name, one.status?.podName !== undefined])).toEqual([
    ['check', true],
    ['deploy', true],
    ['inner-last', false],
    ['inner-one', false],
    ['make', false],
    ['report', true],
    ['shards-0', false],
    ['shards-1', false],
  ])
  expect(byTask['make']).toMatchObject({
    metadata: { annotations: { 'tektite.dev/inherited-from': 'first-make' } },
    status: {
      results: [{ name: 'version', value: '1.2' }],
      conditions: [
        {
          status: 'True',
          reason: 'Succeeded',
          message: 'Taken over from TaskRun "first-make" of PipelineRun "first", which succeeded and was the same',
        },
      ],
    },
  })
  expect(byTask['check']?.metadata.annotations?.['tektite.dev/not-inherited']).toBe(
    'TaskRun "first-check" did not succeed (StepFailed)',
  )
  expect(byTask['deploy']?.metadata.annotations).not.toHaveProperty('tektite.dev/inherit-from')

  const graph = (await callApi(engine, 'GET', `${RUNS}/${second.metadata.uid}/graph`)).body as unknown as GraphDocument
  expect(graph.nodes.map(node => [node.name, node.status, node.inheritedFrom])).toEqual([
    ['make', 'succeeded', 'first-make'],
    ['shards', 'succeeded', 'first-shards-0'],
    ['inner', 'succeeded', 'first-inner'],
    ['skipped', 'skipped', undefined],
    ['check', 'succeeded', undefined],
    ['deploy', 'succeeded', undefined],
    ['report', 'succeeded', undefined],
  ])
  const claims = (await callApi(engine, 'GET', pathOf('PersistentVolumeClaim', 'default'))).body[
    'items'
  ] as PersistentVolumeClaim[]
  expect(claims.map(({ metadata }) => metadata.ownerReferences?.map(owner => owner.name))).toEqual([
    ['first', second.metadata.name],
  ])

  const again = await callApi(engine, 'POST', `${RUNS}/${second.metadata.uid}/rerun`, { fromFailed: true })
  expect(again).toMatchObject({
    status: 409,
    body: { message: expect.stringContaining('succeeded: nothing of it failed') },
  })

  // As it would be written by hand: nobody has looked for the claim.
  const byHand = manifest('by-hand', folder).replace('annotations: {', 'annotations: { tektite.dev/from-failed: first,')
  await apply(engine, byHand)
  const byItself = await doneRun(engine, 'by-hand')
  expect(told()).toEqual(['check', 'deploy 1.2', 'inner last', 'inner one', 'make', 'report Succeeded Completed'])
  const [make] = (await taskRunsOf(engine, byItself)).filter(one => one.metadata.name === 'by-hand-make')
  expect(make?.metadata.annotations?.['tektite.dev/not-inherited']).toBe(
    'workspace "source" is another volume than in TaskRun "first-make", so what that wrote is not there',
  )
  const byCli = await tektite(['pipelinerun', 'rerun', 'first', '--data', join(folder, 'data')])
  const [, whole = ''] = /^PipelineRun started: (first-r-\S+)$/m.exec(byCli.stdout) ?? []
  expect(succeededCondition(await doneRun(engine, whole))?.reason).toBe('Completed')
  expect(told()).toEqual([
    'check',
    'deploy 1.2',
    'inner last',
    'inner one',
    'make',
    'report Succeeded Completed',
    'shard a',
    'shard b',
  ])
})
