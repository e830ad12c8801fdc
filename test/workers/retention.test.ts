/** Over the real store: what is archived, what goes, and what never does; killed at every step. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Archive } from '../../src/archive/archive.js'
import { createBlobArchive } from '../../src/archive/blob-archive.js'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { createFileLogStore } from '../../src/logs/files.js'
import { KEEP_EVERYTHING, type RetentionRules, WITH_AN_ARCHIVE } from '../../src/retention/rules.js'
import { listedEvents, namedEvents } from '../../src/run-index/events-of.js'
import { startRetention } from '../../workers/retention.js'
import { removingLogs } from '../../workers/retention-rules.js'
import { memoryBlobs } from '../archive/memory-blobs.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { recordingLog } from '../listeners/world.js'

const DAY = 24 * 60 * 60
const ENDED = Date.parse('2026-01-02T03:04:05Z')
const within = { timeout: 20_000, interval: 5 }

interface World {
  readonly cluster: EmbeddedCluster
  readonly logs: ReturnType<typeof createFileLogStore>
  readonly blobs: ReturnType<typeof memoryBlobs>
  readonly archive: Archive
}

function world(): World {
  const { cluster } = openCluster(temporaryDirectory('retention'), { now: () => ENDED })
  const logs = createFileLogStore({ directory: temporaryDirectory('retention-logs') })
  const blobs = memoryBlobs()
  return { cluster, logs, blobs, archive: archiveOver(blobs) }
}

const archiveOver = (blobs: World['blobs']) => createBlobArchive({ blobs, log: recordingLog().log, segmentRuns: 3 })

interface Options {
  readonly rules?: RetentionRules
  readonly archive?: Archive | undefined
  readonly after?: number
  readonly isOurs?: () => boolean
}

/** @param after seconds after the runs have ended */
function start(
  { cluster, logs, archive }: Pick<World, 'cluster' | 'logs' | 'archive'>,
  { rules = WITH_AN_ARCHIVE, after = 0, isOurs = () => true, ...more }: Options = {},
) {
  const counts = { archived: 0, deleted: 0, forgotten: 0 }
  const { lines, log } = recordingLog()
  const retention = startRetention({
    cluster,
    rules: () => rules,
    archive: 'archive' in more ? more.archive : archive,
    logs,
    removeLogs: removingLogs(logs),
    eventsOf: namedEvents(cluster),
    isOurs,
    counted: (what, count) => {
      counts[what] += count
    },
    now: () => ENDED + after * 1000 + performance.now(),
    log,
    pauses: { settleMs: 5, startMs: 0, forgetMs: 60_000 },
  })
  onTestFinished(() => retention.close())
  return { ...retention, counts, lines }
}

interface Run {
  readonly annotations?: Readonly<Record<string, string>>
  readonly status?: 'True' | 'False' | 'Unknown'
  readonly endedAt?: number
  readonly podPhase?: string
}

/** A PipelineRun with a TaskRun, its Pod and an Event. */
async function createRun(
  { cluster, logs }: Pick<World, 'cluster' | 'logs'>,
  name: string,
  run: Run = {},
): Promise<string> {
  const { annotations = {}, status = 'True', endedAt = ENDED, podPhase = 'Succeeded' } = run
  const time = `${new Date(endedAt).toISOString().slice(0, 19)}Z`
  const tekton = 'tekton.dev/v1'
  const metadata = { namespace: 'ci', name, annotations }
  const made = await cluster.create('PipelineRun', {
    apiVersion: tekton,
    kind: 'PipelineRun',
    metadata,
    spec: { pipelineRef: { name: 'build' } },
  } as never)
  const owner = (kind: string, of: string, uid: string) => [
    { apiVersion: tekton, kind, name: of, uid, controller: true, blockOwnerDeletion: true },
  ]
  const taskRun = await cluster.create('TaskRun', {
    apiVersion: tekton,
    kind: 'TaskRun',
    metadata: {
      namespace: 'ci',
      name: `${name}-a`,
      annotations,
      ownerReferences: owner('PipelineRun', name, made.metadata.uid),
    },
    spec: { taskRef: { name: 'a' } },
  } as never)
  const pod = await cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'ci',
      name: `${name}-a-pod`,
      ownerReferences: owner('TaskRun', `${name}-a`, taskRun.metadata.uid),
    },
    spec: { containers: [{ name: 'step-a', image: 'x' }] },
  } as never)
  const terminated = { exitCode: 0, startedAt: time, finishedAt: time }
  const containerStatuses = [{ name: 'step-a', state: { terminated } }]
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: podPhase, containerStatuses } } as never)
  const key = { namespace: 'ci', pod: pod.metadata.name, podUid: pod.metadata.uid, container: 'step-a' }
  await logs.append(key, 0, Buffer.from('hello\n'))
  if (podPhase === 'Succeeded') await logs.finish(key)
  await cluster.create('Event', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'ci', name: `${name}.1` },
    involvedObject: { kind: 'PipelineRun', namespace: 'ci', name, uid: made.metadata.uid },
    reason: 'Started',
  } as never)
  const conditions = [{ type: 'Succeeded', status, reason: 'Because' }]
  await cluster.replaceStatus('TaskRun', { ...taskRun, status: { conditions, podName: pod.metadata.name } } as never)
  const childReferences = [{ apiVersion: tekton, kind: 'TaskRun', name: `${name}-a`, pipelineTaskName: 'a' }]
  const done = status === 'Unknown' ? {} : { completionTime: time }
  await cluster.replaceStatus('PipelineRun', { ...made, status: { conditions, childReferences, ...done } } as never)
  return made.metadata.uid
}

const liveNames = async (cluster: EmbeddedCluster) =>
  (await cluster.list('PipelineRun')).map(({ metadata }) => metadata.name)
const archivedNames = async (archive: Archive) =>
  (await archive.list({}, { limit: 100, isLive: () => false })).items.map(({ name }) => name).sort()

test('a run is archived when it has ended, with its TaskRuns, Events and where its logs are; it goes when its time has come', async () => {
  const made = world()
  const { cluster, archive } = made
  const uid = await createRun(made, 'done')
  await createRun(made, 'runs', { status: 'Unknown' })
  const early = start(made)
  await expect.poll(() => archive.has({ namespace: 'ci', uid }), within).toBe(true)
  await early.close()
  expect(await liveNames(cluster)).toEqual(['done', 'runs'])
  expect(await archivedNames(archive)).toEqual([])

  const late = start(made, { after: 7 * DAY + 1 })
  await expect.poll(() => liveNames(cluster), within).toEqual(['runs'])
  await expect.poll(() => archive.unsettled(), within).toEqual([])
  expect(await archivedNames(archive)).toEqual(['done'])
  const record = (await archive.get({ namespace: 'ci', uid }))!
  expect(record.taskRuns.map(({ metadata }) => metadata.name)).toEqual(['done-a'])
  expect(record.events.map(({ reason }) => reason)).toEqual(['Started'])
  expect(record.logs).toMatchObject([{ pod: 'done-a-pod', containers: ['step-a'] }])
  expect(late.counts).toMatchObject({ deleted: 1 })
  await cluster.collected()
  expect([await cluster.list('TaskRun'), early.counts.archived]).toEqual([[expect.anything()], 1])
})

describe('with annotations and defaults,', () => {
  const ttl = (name: string, value: string) => ({ [`tektite.dev/ttl-seconds-after-${name}`]: value })
  const cases: readonly (readonly [string, Run, number, boolean])[] = [
    ['a run stays as long as the installation says', {}, 7 * DAY - 60, true],
    ['and goes then', {}, 7 * DAY + 60, false],
    ['its own word counts more', { annotations: ttl('success', '60') }, 120, false],
    ['also when it is longer', { annotations: ttl('finished', `${30 * DAY}`) }, 8 * DAY, true],
    ['a word about success says nothing of failure', { annotations: ttl('success', '60'), status: 'False' }, 120, true],
    ['failure has a word of its own', { annotations: ttl('failure', '60'), status: 'False' }, 120, false],
    [
      'the exact word counts before the general',
      { annotations: { ...ttl('success', 'never'), ...ttl('finished', '1') } },
      DAY * 99,
      true,
    ],
    ['keep keeps', { annotations: { 'tektite.dev/keep': 'true', ...ttl('finished', '1') } }, DAY * 99, true],
    ['what cannot be read says nothing', { annotations: ttl('success', 'soon') }, 120, true],
    ['a run that has not ended never goes', { status: 'Unknown', annotations: ttl('finished', '0') }, DAY * 99, true],
    ['nor one whose output is not stored', { podPhase: 'Running', annotations: ttl('finished', '0') }, DAY * 99, true],
  ]

  test('each run goes or stays', async () => {
    const made = world()
    // One world for each time, and in it a run that shows when everything was looked at.
    for (const [name, run, after, stays] of cases) {
      const here = { ...made, ...world() }
      await createRun(here, 'run', run)
      await createRun(here, 'goes', { annotations: ttl('finished', '0'), endedAt: ENDED + 1 })
      const duty = start(here, { after })
      await expect.poll(async () => (await liveNames(here.cluster)).includes('goes'), within).toBe(false)
      if (!stays) await expect.poll(() => liveNames(here.cluster), within).toEqual([])
      await duty.close()
      expect([name, await liveNames(here.cluster)]).toEqual([name, stays ? ['run'] : []])
    }
  })
})

test('of one Pipeline so many are kept, and a namespace may say how many', async () => {
  const made = world()
  const { cluster } = made
  const annotations = { 'tektite.dev/keep-last-success': '2', 'tektite.dev/ttl-seconds-after-failure': 'never' }
  await cluster.create('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { namespace: '', name: 'ci', annotations },
  })
  for (let n = 1; n <= 5; n += 1) await createRun(made, `run-${n}`, { endedAt: ENDED + n * 1000 })
  await createRun(made, 'failed', { status: 'False' })
  const duty = start(made, { after: DAY })
  await expect.poll(() => liveNames(cluster), within).toEqual(['failed', 'run-4', 'run-5'])
  await createRun(made, 'run-6', { endedAt: ENDED + 9000 })
  await expect.poll(() => liveNames(cluster), within).toEqual(['failed', 'run-5', 'run-6'])
  await duty.close()
})

test('what a user deletes is listed from the archive, also when nobody was there to see it', async () => {
  const made = world()
  const { cluster, archive } = made
  const uids = [await createRun(made, 'seen'), await createRun(made, 'unseen')]
  const first = start(made)
  for (const uid of uids) await expect.poll(() => archive.has({ namespace: 'ci', uid }), within).toBe(true)
  await expect.poll(async () => (await archive.unsettled()).length, within).toBe(2)
  await cluster.delete('PipelineRun', { namespace: 'ci', name: 'seen' })
  await expect.poll(() => archivedNames(archive), within).toEqual(['seen'])
  await first.close()
  await cluster.delete('PipelineRun', { namespace: 'ci', name: 'unseen' })
  const second = start(made)
  await expect.poll(() => archivedNames(archive), within).toEqual(['seen', 'unseen'])
  await expect.poll(() => archive.unsettled(), within).toEqual([])
  await second.close()
})

test('without an archive only what somebody gave a time goes', async () => {
  const made = world()
  const { cluster } = made
  await createRun(made, 'told', { annotations: { 'tektite.dev/ttl-seconds-after-finished': '0' } })
  await createRun(made, 'not-told')
  start(made, { archive: undefined, rules: KEEP_EVERYTHING, after: 999 * DAY })
  await expect.poll(() => liveNames(cluster), within).toEqual(['not-told'])
})

test('whoever is not the one does nothing', async () => {
  const made = world()
  await createRun(made, 'run')
  let asked = 0
  const isOurs = () => {
    asked += 1
    return false
  }
  start(made, { after: 99 * DAY, isOurs })
  await expect.poll(() => asked, within).toBeGreaterThan(2)
  expect([await liveNames(made.cluster), made.blobs.objects.size]).toEqual([['run'], 0])
})

test('the archive forgets, and the logs go with it', async () => {
  const made = world()
  const { archive, cluster, logs } = made
  const uid = await createRun(made, 'old')
  start(made, { after: 8 * DAY })
  await expect.poll(() => archivedNames(archive), within).toEqual(['old'])
  await expect.poll(() => liveNames(cluster), within).toEqual([])
  await expect.poll(() => archive.unsettled(), within).toEqual([])
  const [place] = (await archive.get({ namespace: 'ci', uid }))!.logs
  const key = { ...place!, container: 'step-a' }
  expect(await logs.isFinished(key)).toBe(true)
  const late = start(made, { after: 91 * DAY })
  await expect.poll(() => late.counts.forgotten, within).toBe(1)
  expect([await logs.isFinished(key), await archive.has({ namespace: 'ci', uid })]).toEqual([false, false])
})

test('killed before any step, the next process does the rest: no run is lost, none is listed twice', async () => {
  const names = ['run-1', 'run-2', 'run-3']
  let calls = Number.POSITIVE_INFINITY
  for (let n = 0; n < calls; n += 1) {
    const made = world()
    const { cluster, blobs } = made
    for (const name of names) await createRun(made, name)
    const uids = (await cluster.list('PipelineRun')).map(({ metadata }) => metadata.uid)
    // One count over both: what writes to the archive, and what deletes.
    let left = n
    let isKilled = () => {}
    const killed = new Promise<void>(resolve => {
      isKilled = resolve
    })
    const step = () => {
      left -= 1
      if (left >= 0) return
      isKilled()
      throw new Error('killed')
    }
    const dying: World['blobs'] = {
      ...blobs,
      put: async (key, bytes) => {
        step()
        await blobs.put(key, bytes)
      },
      remove: async key => {
        step()
        await blobs.remove(key)
      },
    }
    const dyingCluster = {
      ...cluster,
      delete: async (...args: Parameters<typeof cluster.delete>) => {
        step()
        await cluster.delete(...args)
      },
    }
    const first = start({ ...made, cluster: dyingCluster, archive: archiveOver(dying) }, { after: 8 * DAY })
    const all = expect
      .poll(async () => (await archiveOver(blobs).unsettled()).length + (await liveNames(cluster)).length, within)
      .toBe(0)
      .then(() => 'through' as const)
    all.catch(() => undefined)
    const end = await Promise.race([all, killed.then(() => 'killed' as const)])
    await first.close()
    if (end === 'through') calls = Math.min(calls, n)

    const archive = archiveOver(blobs)
    const live = new Set((await cluster.list('PipelineRun')).map(({ metadata }) => metadata.uid))
    for (const uid of uids) {
      if (!live.has(uid)) expect([n, await archive.has({ namespace: 'ci', uid })]).toEqual([n, true])
    }
    start({ ...made, archive }, { after: 8 * DAY })
    await expect.poll(() => liveNames(cluster), within).toEqual([])
    await expect.poll(() => archive.unsettled(), within).toEqual([])
    expect([n, await archivedNames(archiveOver(blobs))]).toEqual([n, names])
    expect(n).toBeLessThan(200)
  }
  expect(calls).toBeGreaterThan(12)
}, 120_000)

test('Events are found by the names of their objects as well as in a list of all', async () => {
  const made = world()
  const uid = await createRun(made, 'run')
  await createRun(made, 'run.1')
  await createRun(made, 'run-2')
  for (const eventsOf of [namedEvents(made.cluster), listedEvents(made.cluster)]) {
    const found = await eventsOf('ci', [{ name: 'run', uid }])
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['run.1'])
  }
})
