import { expect, test } from 'vitest'
import type { CustomRun, PipelineRun, PipelineRunSpec, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'
import { type Child, type Ending, simulate } from './simulate.js'

function childrenOf(
  spec: string,
  endings: Readonly<Record<string, Ending>> = {},
  metadata: Partial<PipelineRun['metadata']> = {},
): ReadonlyMap<string, Child> {
  const simulation = simulate(yaml<PipelineRunSpec>(spec), { metadata })
  simulation.finish(child => endings[child.metadata.labels?.['tekton.dev/pipelineTask'] ?? ''] ?? {})
  return new Map(simulation.children().map(child => [child.metadata.name, child]))
}

const taskRun = (children: ReadonlyMap<string, Child>, name: string) => children.get(name) as TaskRun

test('labels, annotations and owner of a child, and who wins', () => {
  const children = childrenOf(
    `
    taskRunSpecs: [{ pipelineTaskName: a, metadata: { labels: { who: spec }, annotations: { who: spec } } }]
    pipelineSpec:
      tasks:
        - name: a
          onError: continue
          taskSpec:
            metadata: { labels: { who: task, which: task, only: task }, annotations: { only: task } }
            steps: [{ image: i }]`,
    {},
    {
      generateName: 'nightly-',
      labels: { who: 'run', which: 'run', 'tekton.dev/pipelineTask': 'forged' },
      annotations: {
        'chains.tekton.dev/signed': 'true',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        kept: 'yes',
      },
    },
  )
  expect(children.get('run-a')?.metadata).toMatchObject({
    labels: {
      'app.kubernetes.io/managed-by': 'tekton-pipelines',
      'tekton.dev/pipeline': 'nightly',
      'tekton.dev/pipelineRun': 'run',
      'tekton.dev/pipelineRunUID': 'run-uid',
      'tekton.dev/pipelineTask': 'a',
      'tekton.dev/memberOf': 'tasks',
      who: 'spec',
      which: 'run',
      only: 'task',
    },
    ownerReferences: [
      {
        apiVersion: 'tekton.dev/v1',
        kind: 'PipelineRun',
        name: 'run',
        uid: 'run-uid',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  })
  expect(children.get('run-a')?.metadata.annotations).toEqual({
    'pipeline.tekton.dev/release': 'unknown',
    who: 'spec',
    only: 'task',
    kept: 'yes',
    'pipeline.tekton.dev/pipeline-task-on-error': 'continue',
  })
})

test('spec of a TaskRun: what the run, its template and its taskRunSpecs say', () => {
  const children = childrenOf(`
    taskRunTemplate: { serviceAccountName: ci, podTemplate: { nodeSelector: { disk: ssd }, env: [{ name: A, value: "1" }] } }
    taskRunSpecs:
      - pipelineTaskName: a
        serviceAccountName: deployer
        timeout: 3m
        podTemplate: { env: [{ name: B, value: "2" }] }
        stepSpecs: [{ name: s, computeResources: { requests: { cpu: "1" } } }]
        computeResources: { limits: { cpu: "2" } }
    pipelineSpec:
      tasks:
        - { name: a, timeout: 9m, retries: 2, taskRef: { name: t }, params: [{ name: p, value: v }] }
        - { name: b, timeout: 9m, taskRef: { name: t } }`)
  expect(taskRun(children, 'run-a').spec).toEqual(
    yaml(`
    taskRef: { name: t, kind: Task }
    params: [{ name: p, value: v }]
    serviceAccountName: deployer
    timeout: 3m0s
    retries: 2
    podTemplate: { nodeSelector: { disk: ssd }, env: [{ name: A, value: "1" }, { name: B, value: "2" }] }
    stepSpecs: [{ name: s, computeResources: { requests: { cpu: "1" } } }]
    computeResources: { limits: { cpu: "2" } }`),
  )
  expect(taskRun(children, 'run-b').spec).toMatchObject({ serviceAccountName: 'ci', timeout: '9m0s' })
})

test('workspaces: mapped, joined subPath, optional left out, one claim for a template, propagated by mention', () => {
  const simulation = simulate(
    yaml<PipelineRunSpec>(`
    params: [{ name: config, value: settings }]
    workspaces:
      - { name: shared, subPath: outer/$(context.pipelineRun.name), volumeClaimTemplate: { metadata: { name: cache }, spec: { accessModes: [ReadWriteOnce] } } }
      - { name: conf, configMap: { name: $(params.config) } }
    pipelineSpec:
      workspaces: [{ name: shared }, { name: conf }, { name: maybe, optional: true }]
      tasks:
        - name: a
          workspaces: [{ name: src, workspace: shared, subPath: ./inner/ }, { name: maybe }]
          taskRef: { name: t }
        - name: b
          runAfter: [a]
          taskSpec: { steps: [{ image: i, script: "ls $(workspaces.shared.path) $(workspaces.conf.path)" }] }`),
  )
  simulation.finish()
  const children = new Map(simulation.children().map(child => [child.metadata.name, child]))
  const claimName = taskRun(children, 'run-a').spec.workspaces?.[0]?.persistentVolumeClaim?.claimName
  expect(claimName).toMatch(/^cache-[0-9a-f]{10}$/)
  expect(taskRun(children, 'run-a').spec.workspaces).toEqual([
    { name: 'src', subPath: 'outer/run/inner', persistentVolumeClaim: { claimName } },
  ])
  expect(taskRun(children, 'run-b').spec.workspaces).toEqual([
    { name: 'conf', configMap: { name: 'settings' } },
    { name: 'shared', subPath: 'outer/run', persistentVolumeClaim: { claimName } },
  ])
  const claims = simulation
    .actions()
    .filter(action => action.do === 'create' && action.kind === 'PersistentVolumeClaim')
  expect(claims).toMatchObject([
    {
      object: {
        metadata: { name: claimName, ownerReferences: [{ uid: 'run-uid' }] },
        spec: { accessModes: ['ReadWriteOnce'] },
      },
    },
  ])
  expect(simulation.actions()[0]).toBe(claims[0])
})

test('results, in every place that takes them', () => {
  const children = childrenOf(
    `
    pipelineSpec:
      tasks:
        - { name: a, taskSpec: { results: [{ name: s }, { name: l }, { name: o }], steps: [{ image: i }] } }
        - name: b
          params:
            - { name: text, value: "x $(tasks.a.results.s) $(tasks.a.results['s'])" }
            - { name: list, value: ["$(tasks.a.results.l[*])", last] }
            - { name: object, value: "$(tasks.a.results.o[*])" }
          when: [{ input: $(tasks.a.results.s), operator: in, values: ["$(tasks.a.results.l[*])"] }]
          taskSpec: { steps: [{ image: i, script: "echo $(tasks.a.results.o.k) $(date)" }] }`,
    { a: { results: { s: 'two', l: ['one', 'two'], o: { k: 'v' } } } },
  )
  expect(taskRun(children, 'run-b').spec.params).toEqual([
    { name: 'text', value: 'x two two' },
    { name: 'list', value: ['one', 'two', 'last'] },
    { name: 'object', value: { k: 'v' } },
  ])
  expect(taskRun(children, 'run-b').spec.taskSpec?.steps[0]?.script).toBe('echo v $(date)')
})

test('a result is not read again for variables', () => {
  const children = childrenOf(
    `
    params: [{ name: secret, value: hidden }]
    pipelineSpec:
      tasks:
        - { name: a, taskSpec: { results: [{ name: r }], steps: [{ image: i }] } }
        - { name: b, taskRef: { name: t }, params: [{ name: p, value: $(tasks.a.results.r) }] }`,
    { a: { results: { r: '$(params.secret) $(tasks.a.results.r) $(context.pipelineRun.uid)' } } },
  )
  expect(taskRun(children, 'run-b').spec.params?.[0]?.value).toBe(
    '$(params.secret) $(tasks.a.results.r) $(context.pipelineRun.uid)',
  )
})

test('context and execution status', () => {
  const children = childrenOf(
    `
    pipelineSpec:
      tasks:
        - { name: ok, taskRef: { name: t }, retries: 3, params: [{ name: p, value: "$(context.pipelineRun.namespace)/$(context.pipelineRun.name)/$(context.pipeline.name)/$(context.pipelineTask.retries)" }] }
        - { name: bad, onError: continue, taskRef: { name: t }, params: [{ name: p, value: $(context.pipelineTask.retries) }] }
        - { name: no, taskRef: { name: t }, when: [{ input: a, operator: in, values: [b] }] }
        - { name: many, taskRef: { name: t }, matrix: { params: [{ name: m, value: [x, y] }] } }
      finally:
        - name: f
          taskRef: { name: t }
          params:
            - { name: statuses, value: "$(tasks.ok.status) $(tasks.bad.status) $(tasks.no.status)" }
            - { name: reasons, value: "$(tasks.ok.reason)/$(tasks.bad.reason)/$(tasks.no.reason)" }
            - { name: all, value: $(tasks.status) }
            - { name: size, value: $(tasks.many.matrix.length) }`,
    { bad: { status: 'False', reason: 'FailureIgnored' } },
  )
  const params = (name: string) => taskRun(children, name).spec.params?.map(param => param.value)
  expect(params('run-ok')).toEqual(['ci/run/run/3'])
  expect(params('run-bad')).toEqual(['0'])
  expect(params('run-f')).toEqual(['Succeeded Failed None', 'Succeeded/FailureIgnored/', 'Failed', '2'])
})

test('propagated params: the pipeline task over the run over a mere default', () => {
  const script = 'echo $(params.given) $(params.default) $(params.own) $(params.varies)'
  const children = childrenOf(`
    params: [{ name: given, value: run }, { name: default, value: run }, { name: varies, value: run }]
    pipelineSpec:
      tasks:
        - name: a
          params: [{ name: given, value: task }, { name: own, value: task }]
          matrix: { params: [{ name: varies, value: [x, y] }] }
          taskSpec: { params: [{ name: default, default: inner }, { name: own }], steps: [{ image: i, script: "${script}" }] }`)
  const { spec } = taskRun(children, 'run-a-1')
  expect(spec.taskSpec?.steps[0]?.script).toBe('echo task run $(params.own) $(params.varies)')
  expect(spec.params).toEqual([
    { name: 'varies', value: 'y' },
    { name: 'given', value: 'task' },
    { name: 'own', value: 'task' },
  ])
})

test('display names of children', () => {
  const simulation = simulate(
    yaml<PipelineRunSpec>(`
    params: [{ name: x, value: X }]
    pipelineSpec:
      tasks:
        - { name: a, displayName: "A of $(params.x)", taskRef: { name: t } }
        - { name: b, displayName: "B $(params.p)", taskRef: { name: t }, matrix: { params: [{ name: p, value: [u, v] }] } }
        - { name: c, taskRef: { name: t }, matrix: { include: [{ name: "first of $(params.q)", params: [{ name: p, value: u }] }] }, params: [{ name: q, value: all }] }`),
  )
  simulation.pass()
  expect(simulation.run().status?.childReferences?.map(({ name, displayName }) => [name, displayName])).toEqual([
    ['run-a', 'A of X'],
    ['run-b-0', 'B u'],
    ['run-b-1', 'B v'],
    ['run-c', 'first of all'],
  ])
})

test('results of a matrix are gathered in the text order of names', () => {
  const simulation = simulate(
    yaml<PipelineRunSpec>(`
    pipelineSpec:
      tasks:
        - name: a
          matrix: { params: [{ name: p, value: [${Array.from({ length: 11 }, (_, i) => `"${i}"`)}] }] }
          taskSpec: { results: [{ name: r }], steps: [{ image: i }] }
        - name: b
          taskRef: { name: t }
          runAfter: [a]
          params: [{ name: p, value: ["$(tasks.a.results.r[*])"] }, { name: n, value: $(tasks.a.matrix.r.length) }]`),
  )
  simulation.finish(child => ({ results: { r: child.metadata.name.replace('run-a-', '') } }))
  const last = simulation.children().at(-1) as TaskRun
  expect(last.spec.params).toEqual([
    { name: 'p', value: ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'] },
    { name: 'n', value: '11' },
  ])
})

test('a custom task and a nested pipeline', () => {
  const children = childrenOf(`
    pipelineSpec:
      tasks:
        - { name: wait, retries: 1, timeout: 5m, taskRef: { apiVersion: example.com/v1, kind: Wait, name: w }, params: [{ name: p, value: v }] }
        - { name: inline, taskSpec: { apiVersion: example.com/v1, kind: Wait, spec: { text: $(params.raw) } } }
        - { name: nested, pipelineRef: { name: other }, params: [{ name: p, value: v }] }`)
  const wait = children.get('run-wait') as CustomRun
  expect([wait.apiVersion, wait.kind, wait.spec]).toEqual([
    'tekton.dev/v1beta1',
    'CustomRun',
    yaml(`
      customRef: { apiVersion: example.com/v1, kind: Wait, name: w }
      params: [{ name: p, value: v }]
      serviceAccountName: default
      retries: 1
      timeout: 5m0s`),
  ])
  expect((children.get('run-inline') as CustomRun).spec['customSpec']).toEqual({
    apiVersion: 'example.com/v1',
    kind: 'Wait',
    spec: { text: '$(params.raw)' },
  })
  expect(children.get('run-nested')).toMatchObject({
    kind: 'PipelineRun',
    spec: { pipelineRef: { name: 'other' }, params: [{ name: 'p', value: 'v' }] },
  })
})

test('several taskRunSpecs for one task: the last one counts, accounts and templates add up', () => {
  const children = childrenOf(`
    taskRunSpecs:
      - pipelineTaskName: a
        serviceAccountName: first
        timeout: 3m
        podTemplate: { nodeSelector: { disk: ssd } }
        metadata: { labels: { who: first } }
      - { pipelineTaskName: a, podTemplate: { schedulerName: mine }, computeResources: { limits: { cpu: "2" } } }
    pipelineSpec: { tasks: [{ name: a, taskRef: { name: t } }] }`)
  expect(taskRun(children, 'run-a').spec).toEqual(
    yaml(`
    taskRef: { name: t, kind: Task }
    serviceAccountName: first
    podTemplate: { nodeSelector: { disk: ssd }, schedulerName: mine }
    computeResources: { limits: { cpu: "2" } }`),
  )
  expect(taskRun(children, 'run-a').metadata.labels).not.toHaveProperty('who')
})
