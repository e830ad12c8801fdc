/**
 * The roles of the chart, tried: workers and listeners run with an API server in front of them that grants what the rendered
 * roles grant and nothing else. All they do must work, and no right may be there that nothing needs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Kind } from '../../src/resources/kinds.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { apply, callApi, deliver, type Engine, pathOf, startEngine, waitUntil } from '../helpers/engine.js'
import { type ChartObject, objectsIn, template } from '../helpers/helm.js'
import { startPart } from '../helpers/processes.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { type Grant, type Guard, type Rule, rightsOf, startGuard } from './rights.js'

/** Rights that a run of this test need not use, and why they are there. */
const UNUSED: Readonly<Record<'workers' | 'listeners', Readonly<Record<string, string>>>> = {
  workers: {
    'delete configmaps': 'somebody made a ConfigMap of the name that the entrypoint has, with something else in it',
    'update persistentvolumeclaims': 'a finalizer that a real API server puts on claims, and ours does not',
    'update pipelineruns.tekton.dev/finalizers':
      'OwnerReferencesPermissionEnforcement, which no API server of ours has',
    'update taskruns.tekton.dev/finalizers': 'the same',
  },
  listeners: {
    ...Object.fromEntries(
      [
        ...['eventlisteners', 'triggers', 'triggerbindings', 'triggertemplates', 'interceptors'],
        ...['clustertriggerbindings', 'clusterinterceptors'],
      ].map(plural => [`get ${plural}.triggers.tekton.dev`, 'where the watch has ended, or has not begun']),
    ),
    'get schedules.tektite.dev': 'the same',
    'delete customruns.tekton.dev': 'a Schedule of CustomRuns whose history is full: nothing here ends a CustomRun',
  },
}

test('everything that workers and listeners do is granted by their roles, and nothing is granted for nothing', async () => {
  const { engine, redis } = await startWorld()
  const rendered = objectsIn(template(['--set', 'systemNamespace=tekton-pipelines']))
  const guards = {
    workers: await startGuard(engine.api, grantsOf(rendered, 'workers')),
    listeners: await startGuard(engine.api, grantsOf(rendered, 'listeners'), {
      'default/builder': ofTriggers(rendered),
    }),
  }
  for (const guard of Object.values(guards)) onTestFinished(() => guard.close())
  const parts = await Promise.all(
    (['workers', 'listeners'] as const).map(name =>
      startPart(name, [], {
        KUBECONFIG: kubeconfigFor(engine, name, guards[name]),
        REDIS_URL: redis.url,
        ...(name === 'workers' && { TEKTITE_LOG_STORE: `file://${temporaryDirectory('rights-store')}` }),
      }),
    ),
  )
  await Promise.all(parts.map(part => part.ready()))
  await everythingHappens({ ...engine, hooks: parts[1]!.hooks })
  for (const part of parts) expect((await fetch(`${part.metrics}/metrics`)).status).toBe(200)
  expect(await Promise.all(parts.map(part => part.end('SIGTERM')))).toEqual([0, 0])
  for (const name of ['workers', 'listeners'] as const) {
    const { used, refused } = guards[name]
    expect([name, 'was refused', [...refused].sort()]).toEqual([name, 'was refused', []])
    const granted = new Set(grantsOf(rendered, name).flatMap(rightsOf))
    const explained = Object.keys(UNUSED[name])
    // On a busy machine one of them may be used: a watch that has not begun yet when something is asked for.
    const unused = [...granted].filter(right => !used.has(right) && !explained.includes(right)).sort()
    expect([name, 'has and does not use', unused]).toEqual([name, 'has and does not use', []])
    expect(explained.filter(right => !granted.has(right))).toEqual([])
  }
}, 120_000)

test('in one namespace nothing outside it is needed', async () => {
  const { engine, redis } = await startWorld()
  const rendered = objectsIn(template(['--set', 'namespaced=true'], 'default'))
  const accounts = { 'default/builder': ofTriggers(rendered) }
  const names = ['workers', 'listeners'] as const
  const guards = await Promise.all(names.map(name => startGuard(engine.api, grantsOf(rendered, name), accounts)))
  for (const guard of guards) onTestFinished(() => guard.close())
  const parts = await Promise.all(
    names.map((name, i) =>
      startPart(name, ['--namespace', 'default', '--system-namespace', 'default', '--redis-prefix', 'one'], {
        KUBECONFIG: kubeconfigFor(engine, `one-${name}`, guards[i]!),
        REDIS_URL: redis.url,
      }),
    ),
  )
  await Promise.all(parts.map(part => part.ready()))
  await apply(engine, readFileSync(join(import.meta.dirname, 'rights-namespaced.yaml'), 'utf8'))
  const own = { ...engine, hooks: parts[1]!.hooks }
  await waitUntil('a delivery to be taken', async () => (await deliver(own, 'one', '{}')).status === 202)
  await waitUntil('its run', async () =>
    (await all<PipelineRun>(own, 'PipelineRun')).some(
      run => run.metadata.name.startsWith('one-') && succeededCondition(run)?.reason === 'Succeeded',
    ),
  )
  await waitUntil('a TaskRun to go without a log store', async () => !(await isThere(own, 'TaskRun', 'short-lived')))
  expect(await Promise.all(parts.map(part => part.end('SIGTERM')))).toEqual([0, 0])
  // Those are as if there were none: what an administrator sets there is for all, and this one may not read it.
  const settings = /^get configmaps \(tekton-pipelines-resolvers\//
  expect(guards.map(({ refused }) => [...refused].filter(each => !settings.test(each)))).toEqual([[], []])
}, 120_000)

test('every rule says what it is for, in what is rendered', () => {
  for (const name of ['default', 'namespaced']) {
    const documents = readFileSync(join(import.meta.dirname, `golden/${name}.yaml`), 'utf8').split(/^---$/m)
    const roles = documents.filter(
      text => /^kind: (Cluster)?Role$/m.test(text) && /component: (workers|listeners)/.test(text),
    )
    expect(roles).toHaveLength(5)
    for (const role of roles) {
      const lines = role.split('\n')
      const starts = lines.flatMap((line, i) => (line.startsWith('  - apiGroups:') ? [i] : []))
      expect(starts.length).toBeGreaterThan(0)
      for (const start of starts)
        expect([lines[start], lines[start - 1]]).toEqual([lines[start], expect.stringMatching(/^ {2}# /)])
    }
  }
})

/** For one try of a test: what a try before it has left behind would end the waiting, or be in the way. */
async function startWorld(): Promise<{ readonly engine: Engine; readonly redis: TestRedis }> {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const engine = await startEngine(join(temporaryDirectory('rights'), 'data'), {}, ['--parts', 'api,kubelet'])
  onTestFinished(async () => expect(await engine.end('SIGTERM')).toBe(0))
  await apply(engine, readFileSync(join(import.meta.dirname, 'rights.yaml'), 'utf8'))
  return { engine, redis }
}

/** The rules that are bound to the ServiceAccount of a component. */
function grantsOf(rendered: readonly ChartObject[], component: string): readonly Grant[] {
  const account = `tektite-${component}`
  return rendered
    .filter(({ kind, subjects }) => /^(Cluster)?RoleBinding$/.test(kind) && hasSubject(subjects, account))
    .flatMap(({ metadata: { namespace = '' }, roleRef }) => {
      const { kind, name } = roleRef as { kind: string; name: string }
      const role = rendered.find(each => each.kind === kind && each.metadata.name === name)
      return ((role?.['rules'] ?? []) as readonly Rule[]).map(rule => ({ rule, namespace }))
    })
}

/** What NOTES say is to be bound to ServiceAccounts of triggers. */
function ofTriggers(rendered: readonly ChartObject[]): readonly Grant[] {
  const role = rendered.find(({ kind, metadata }) => /Role$/.test(kind) && metadata.name.endsWith('-triggers'))
  return ((role?.['rules'] ?? []) as readonly Rule[]).map(rule => ({ rule, namespace: 'default' }))
}

function hasSubject(subjects: unknown, account: string): boolean {
  return (subjects as readonly { name: string }[]).some(({ name }) => name === account)
}

function kubeconfigFor({ data, token }: Engine, name: string, { server }: Guard): string {
  const file = join(data, `${name}.kubeconfig`)
  const config = {
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    clusters: [{ name: 'it', cluster: { server } }],
    users: [{ name: 'it', user: { token } }],
  }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

/** Each thing that needs a right of its own: rights.yaml says what the objects are for. */
async function everythingHappens(engine: Engine): Promise<void> {
  for (const listener of ['push', 'others', 'asking']) {
    await waitUntil(
      `${listener} to take a delivery`,
      async () => (await deliver(engine, listener, '{}')).status === 202,
    )
  }
  const ended = async (kind: 'PipelineRun' | 'TaskRun', start: string, reason: string) =>
    (await all<PipelineRun | TaskRun>(engine, kind)).find(
      run => run.metadata.name.startsWith(start) && succeededCondition(run)?.reason === reason,
    )
  await waitUntil('the pushed run', () => ended('PipelineRun', 'pushed-', 'Succeeded'))
  await waitUntil('the claim of the pushed run to be gone', async () =>
    (await all<Owned>(engine, 'PersistentVolumeClaim')).every(
      ({ metadata }) => metadata.ownerReferences?.[0]?.kind !== 'PipelineRun',
    ),
  )
  await waitUntil('a run with a sidecar and a claim', () => ended('TaskRun', 'accompanied', 'Succeeded'))
  await waitUntil('a run that is tried twice', () => ended('TaskRun', 'retried-', 'StepFailed'))
  await waitUntil('a run that is too slow', () => ended('TaskRun', 'too-slow', 'TaskRunTimeout'))
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    await waitUntil(
      `a ${kind} whose time has come to be gone`,
      async () => !(await isThere(engine, kind, 'short-lived')),
    )
  }
  await apply(engine, readFileSync(join(import.meta.dirname, 'rights-schedules.yaml'), 'utf8'))
  await waitUntil('a replaced PipelineRun', () => ended('PipelineRun', 'replaced-', 'Cancelled'))
  await waitUntil('a replaced TaskRun', () => ended('TaskRun', 'replaced-', 'TaskRunCancelled'))
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    const seen = new Set<string>()
    await waitUntil(`a ${kind} that its history does not keep`, async () => {
      const names = (await all<PipelineRun>(engine, kind)).map(({ metadata }) => metadata.name)
      const gone = [...seen].some(name => !names.includes(name))
      for (const name of names.filter(each => each.startsWith('replaced-'))) seen.add(name)
      return gone
    })
  }
  await waitUntil('a CustomRun that is to end', async () =>
    (await all<{ spec: { status?: string } }>(engine, 'CustomRun')).some(({ spec }) => spec.status === 'RunCancelled'),
  )
  for (const schedule of ['pipelines', 'tasks', 'customs']) {
    expect((await callApi(engine, 'DELETE', `${pathOf('Schedule', 'default')}/${schedule}`)).status).toBe(200)
  }
  for (const kind of ['ClusterInterceptor', 'Interceptor'] as const) {
    await waitUntil(`the status of a ${kind}`, async () =>
      (await all<{ status?: unknown }>(engine, kind)).some(({ status }) => status !== undefined),
    )
  }
}

async function isThere(engine: Engine, kind: Kind, name: string): Promise<boolean> {
  return (await all<PipelineRun>(engine, kind)).some(({ metadata }) => metadata.name === name)
}

async function all<T>(engine: Engine, kind: Kind): Promise<readonly T[]> {
  return (await callApi(engine, 'GET', pathOf(kind))).body['items'] as readonly T[]
}

interface Owned {
  readonly metadata: { readonly ownerReferences?: readonly { readonly kind: string }[] }
}
