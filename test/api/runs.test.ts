/** `runs` over HTTP, from a real store. */
import { expect, onTestFinished, test } from 'vitest'
import { openRuns } from '../../src/api/open-runs.js'
import type { RunList, RunObject } from '../../src/api/runs.js'
import { createBlobArchive } from '../../src/archive/blob-archive.js'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { memoryBlobs } from '../archive/memory-blobs.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { recordingLog } from '../listeners/world.js'
import { openWatch } from './watch-client.js'
import { type ApiWorld, serve, serveApi } from './world.js'

const ALL = '/apis/tektite.dev/v1alpha1/runs'
const IN_CI = '/apis/tektite.dev/v1alpha1/namespaces/ci/runs'
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1'

interface Run {
  readonly kind?: 'PipelineRun' | 'TaskRun'
  readonly namespace?: string
  readonly of?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly owner?: string
  /** Of the condition, its reason and its message. */
  readonly succeeded?: readonly [string, string, string?]
}

interface World extends ApiWorld {
  readonly create: (name: string, run?: Run) => Promise<string>
  readonly end: (name: string, succeeded: readonly [string, string, string?]) => Promise<void>
  readonly list: (path: string) => Promise<RunList>
  readonly names: (path: string) => Promise<readonly string[]>
}

/** Each object is made a second after the one before. */
async function world(): Promise<World> {
  let now = Date.parse('2026-01-02T03:04:05Z')
  const served = await serveApi({ watchLimits: { bookmarkMs: 20 } }, { now: () => (now += 1000) })
  const { cluster, call } = served
  const list = async (path: string) => {
    const { status, body, text } = await call('GET', path)
    if (status !== 200) throw new Error(text)
    return body as unknown as RunList
  }
  return {
    ...served,
    create: (name, run = {}) => create(cluster, name, run),
    end: (name, succeeded) => end(cluster, 'PipelineRun', { namespace: 'ci', name }, succeeded),
    list,
    names: async path => (await list(path)).items.map(({ name }) => name),
  }
}

async function create(cluster: EmbeddedCluster, name: string, run: Run): Promise<string> {
  const { kind = 'PipelineRun', namespace = 'ci', of = 'build', labels = {}, owner, succeeded } = run
  const ownerReferences = owner
    ? [
        {
          apiVersion: 'tekton.dev/v1',
          kind: 'PipelineRun',
          name: owner.split('/')[0]!,
          uid: owner.split('/')[1]!,
          controller: true,
        },
      ]
    : []
  const metadata = { namespace, name, labels, ownerReferences }
  const spec = kind === 'TaskRun' ? { taskRef: { name: of } } : { pipelineRef: { name: of } }
  const created = await cluster.create(kind, { apiVersion: 'tekton.dev/v1', kind, metadata, spec } as never)
  if (succeeded !== undefined) await end(cluster, kind, { namespace, name }, succeeded)
  return created.metadata.uid
}

async function end(
  cluster: EmbeddedCluster,
  kind: 'PipelineRun' | 'TaskRun',
  key: { readonly namespace: string; readonly name: string },
  [status, reason, message = '']: readonly [string, string, string?],
): Promise<void> {
  const stored = (await cluster.get(kind, key))!
  const conditions = [{ type: 'Succeeded', status, reason, message }]
  await cluster.replaceStatus(kind, { ...stored, status: { ...stored.status, conditions } } as never)
}

async function filled(): Promise<World> {
  const made = await world()
  const { create } = made
  const whole = await create('build-1', { succeeded: ['True', 'Succeeded'], labels: { team: 'a' } })
  await create('build-1-task', { kind: 'TaskRun', of: 'compile', owner: `build-1/${whole}` })
  await create('nested', { owner: `build-1/${whole}` })
  await create('build-2', { succeeded: ['False', 'Failed', 'Task "Compile" said: Boom'], labels: { team: 'b' } })
  await create('deploy-1', { of: 'deploy', labels: { 'tektite.dev/schedule': 'nightly' } })
  await create('alone', { kind: 'TaskRun', of: 'compile', succeeded: ['False', 'TaskRunCancelled'] })
  await create('elsewhere', { namespace: 'default', of: 'deploy' })
  return made
}

test('runs are listed newest first, with what each came to; parts of a PipelineRun are listed when asked for', async () => {
  const { list, names } = await filled()
  const all = await list(ALL)
  expect(all.items.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'elsewhere queued',
    'alone cancelled',
    'deploy-1 queued',
    'build-2 failed',
    'build-1 succeeded',
  ])
  expect(all).toMatchObject({ kind: 'RunList', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) } })
  expect(all.counts).toEqual({ queued: 2, pending: 0, running: 0, succeeded: 1, failed: 1, cancelled: 1 })
  expect(await names(`${ALL}?kind=TaskRun`)).toEqual(['alone', 'build-1-task'])
})

test('filters combine, and what is searched is in names, labels, triggers and messages', async () => {
  const { list, names } = await filled()
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`${IN_CI}?status=failed`, ['build-2']],
    [`${IN_CI}?status=failed,succeeded`, ['build-2', 'build-1']],
    [`${IN_CI}?pipeline=build`, ['build-2', 'build-1']],
    [`${ALL}?pipeline=deploy&status=queued`, ['elsewhere', 'deploy-1']],
    [`${IN_CI}?pipeline=deploy&status=failed`, []],
    [`${IN_CI}?task=compile`, ['alone']],
    [`${ALL}?trigger=schedule/nightly`, ['deploy-1']],
    [`${ALL}?labelSelector=team`, ['build-2', 'build-1']],
    [`${ALL}?labelSelector=team%20notin%20(a),team`, ['build-2']],
    [`${ALL}?search=BOOM`, ['build-2']],
    [`${ALL}?search=compile%20boom`, ['build-2']],
    [`${ALL}?search=compile`, ['alone', 'build-2']],
    [`${ALL}?search=nightly`, ['deploy-1']],
    [`${ALL}?search=team%3Db`, ['build-2']],
    [`${ALL}?search=boom%20nightly`, []],
    [`${ALL}?archived=false&search=default`, ['elsewhere']],
    [`${ALL}?archived=true`, []],
  ]
  for (const [path, expected] of cases) expect([path, await names(path)]).toEqual([path, expected])
  const filtered = await list(`${IN_CI}?pipeline=build&status=failed`)
  expect(filtered.counts).toMatchObject({ failed: 1, succeeded: 1, queued: 0 })
})

test('pages go on where the one before ended, also while new runs arrive', async () => {
  const { create, list } = await world()
  for (let n = 1; n <= 7; n += 1) await create(`run-${n}`)
  const first = await list(`${ALL}?limit=3`)
  expect(first.items.map(({ name }) => name)).toEqual(['run-7', 'run-6', 'run-5'])
  expect(first.metadata.remainingItemCount).toBe(4)
  await create('newer')
  const second = await list(`${ALL}?limit=3&continue=${first.metadata.continue}`)
  expect(second.items.map(({ name }) => name)).toEqual(['run-4', 'run-3', 'run-2'])
  const third = await list(`${ALL}?limit=3&continue=${second.metadata.continue}`)
  expect(third.items.map(({ name }) => name)).toEqual(['run-1'])
  expect(third.metadata).not.toHaveProperty('continue')
})

test.each([
  ['status=done', 'status is "done"; it must be one of queued, pending, running, succeeded, failed, cancelled'],
  ['kind=Pod', 'kind is "Pod"; it must be one of PipelineRun, TaskRun'],
  ['archived=maybe', 'archived is "maybe"; it must be one of true, false'],
  ['limit=many', 'limit is "many"; it must be a whole number'],
  ['continue=nonsense', 'continue is no token: give what metadata.continue of the page before says'],
  ['search='.padEnd(300, 'x'), 'search has 293 characters; it may have 200'],
  ['watch=true&resourceVersion=x', 'resourceVersion is "x": give what metadata of a list says'],
  ['labelSelector=a%20in', "unable to parse requirement: found '' expected: '('"],
])('asked with %s', async (query, message) => {
  const { call } = await serveApi()
  const { status, body } = await call('GET', `${ALL}?${query}`)
  expect([status, body?.['message']]).toEqual([400, message])
})

test('a token of one list does not go on another one', async () => {
  const { create, list, call } = await world()
  for (const name of ['a', 'b']) await create(name)
  const { metadata } = await list(`${ALL}?limit=1`)
  const { status, text } = await call('GET', `${ALL}?limit=1&status=failed&continue=${metadata.continue}`)
  expect([status, text]).toEqual([400, expect.stringContaining('continue was given for another list')])
})

test('one run is shown whole, by uid or by name, with its children, theirs, and their events', async () => {
  const { cluster, create, call } = await world()
  const uid = await create('whole')
  const nested = await create('nested', { owner: `whole/${uid}` })
  await create('task', { kind: 'TaskRun', owner: `whole/${uid}` })
  await create('inner', { kind: 'TaskRun', owner: `nested/${nested}` })
  await create('stranger', { kind: 'TaskRun' })
  const children = async (name: string, ...references: readonly (readonly [string, string])[]) => {
    const run = (await cluster.get('PipelineRun', { namespace: 'ci', name }))!
    const childReferences = references.map(([kind, of]) => ({
      apiVersion: 'tekton.dev/v1',
      kind,
      name: of,
      pipelineTaskName: of,
    }))
    await cluster.replaceStatus('PipelineRun', { ...run, status: { childReferences } } as never)
  }
  await children('whole', ['TaskRun', 'task'], ['PipelineRun', 'nested'], ['TaskRun', 'stranger'], ['TaskRun', 'gone'])
  await children('nested', ['TaskRun', 'inner'])
  for (const [name, of] of [
    ['e1', nested],
    ['e2', 'another'],
  ] as const) {
    const involvedObject = { kind: 'PipelineRun', namespace: 'ci', name: 'nested', uid: of }
    const metadata = { namespace: 'ci', name }
    await cluster.create('Event', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      involvedObject,
      reason: 'Started',
    } as never)
  }
  for (const name of [uid, 'whole']) {
    const { body } = await call('GET', `${IN_CI}/${name}`)
    const found = body as unknown as RunObject
    expect([found.kind, found.run.metadata.uid, found.archived]).toEqual(['Run', uid, false])
    expect(found.taskRuns.map(({ metadata }) => metadata.name)).toEqual(['task', 'inner'])
    expect(found.pipelineRuns.map(({ metadata }) => metadata.name)).toEqual(['nested'])
    expect(found.events.map(({ metadata }) => metadata.name)).toEqual(['e1'])
    expect(found.summary).toMatchObject({ name: 'whole', pipeline: 'build' })
  }
  const elsewhere = await call('GET', `/apis/tektite.dev/v1alpha1/namespaces/default/runs/${uid}`)
  expect(elsewhere.status).toBe(404)
})

test('a watch goes on from a list, tells what comes into the selection and leaves it, and says when nothing happens', async () => {
  const { port, create, end, list, cluster } = await world()
  await create('a')
  const { metadata } = await list(`${IN_CI}?status=queued`)
  const from = `watch=true&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`
  const queued = await openWatch(port, `${IN_CI}?status=queued&${from}`)
  const all = await openWatch(port, `${ALL}?${from}`)
  await create('b')
  await end('a', ['True', 'Succeeded'])
  await cluster.delete('PipelineRun', { namespace: 'ci', name: 'b' })
  await create('elsewhere', { namespace: 'default' })
  const text = ({ type, object }: (typeof all.events)[number]) =>
    `${type} ${String(object['name'])} ${String(object['status'])}`
  const texts = (watching: typeof all) => watching.events.filter(({ type }) => type !== 'BOOKMARK').map(text)
  await expect
    .poll(() => texts(queued), { timeout: 10_000 })
    .toEqual(['ADDED b queued', 'DELETED a queued', 'DELETED b queued'])
  await expect
    .poll(() => texts(all), { timeout: 10_000 })
    .toEqual(['ADDED b queued', 'MODIFIED a succeeded', 'DELETED b queued', 'ADDED elsewhere queued'])
  await expect.poll(() => queued.events.at(-1)?.type, { timeout: 10_000 }).toBe('BOOKMARK')
  const bookmark = queued.events.at(-1)!
  expect(Number(bookmark.object.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion))
})

test('a watch without a version begins with what there is; one that is too far behind is told to list again', async () => {
  const { port, create } = await world()
  await create('a')
  const fresh = await openWatch(port, `${IN_CI}?watch=true&timeoutSeconds=1`)
  expect(await fresh.ended).toBe('whole')
  expect(fresh.events.map(({ type, object }) => [type, object['name']])).toEqual([['ADDED', 'a']])
  const old = await openWatch(port, `${IN_CI}?watch=true&resourceVersion=1`)
  expect(await old.ended).toBe('whole')
  expect(old.events.map(({ type, object }) => [type, object['code']])).toEqual([['ERROR', 410]])
})

test('kubectl is given a table', async () => {
  const { create, call } = await world()
  await create('a', { succeeded: ['True', 'Completed'] })
  const { body } = await call('GET', IN_CI, { accept: TABLE })
  const { columnDefinitions, rows } = body as unknown as {
    columnDefinitions: readonly { name: string; priority: number }[]
    rows: readonly { cells: readonly unknown[]; object: { metadata: { name: string } } }[]
  }
  const shown = columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name)
  expect(shown).toEqual(['Name', 'Status', 'Reason', 'Pipeline', 'Duration', 'Age', 'Archived'])
  expect(rows[0]?.cells.slice(0, 5)).toEqual(['a', 'succeeded', 'Completed', 'build', '<none>'])
  expect(rows[0]?.object.metadata.name).toBe('a')
})

test('nothing is written here', async () => {
  const { call } = await serveApi()
  const { status, text } = await call('DELETE', `${IN_CI}/some`)
  expect([status, text]).toEqual([405, expect.stringContaining('runs are read')])
})

test('a run whose objects are gone is listed, found and shown out of the archive', async () => {
  const { cluster } = openCluster(temporaryDirectory('archived-runs'))
  const { log } = recordingLog()
  const archive = createBlobArchive({ blobs: memoryBlobs(), log })
  const runs = openRuns({ cluster, archive, log, now: Date.now })
  onTestFinished(() => runs.index.close())
  const { call, port } = await serve(cluster, { runs })
  const uid = await create(cluster, 'old', { succeeded: ['True', 'Succeeded'] })
  const before = (await call('GET', ALL)).body as unknown as RunList
  const summary = before.items[0]!
  const record = (await runs.record(summary))!
  await archive.put({ ...record, summary, logs: [], archivedAt: summary.createdAt })
  const watching = await openWatch(port, `${ALL}?watch=true&resourceVersion=${before.metadata.resourceVersion}`)
  await archive.enter(summary)
  await cluster.delete('PipelineRun', { namespace: 'ci', name: 'old' })
  await expect
    .poll(() => watching.events.map(({ type, object }) => [type, object['archived']]), { timeout: 10_000 })
    .toEqual([['MODIFIED', true]])
  const after = (await call('GET', ALL)).body as unknown as RunList
  expect(after.items).toEqual([{ ...summary, archived: true }])
  expect(after.counts.succeeded).toBe(1)
  for (const name of [uid, 'old']) {
    const shown = (await call('GET', `${IN_CI}/${name}`)).body as unknown as RunObject
    expect([shown.kind, shown.archived, shown.summary.archived, shown.run]).toEqual(['Run', true, true, record.run])
  }
})
