import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Archive, ArchivedRun } from '../../src/archive/archive.js'
import { recordKey } from '../../src/archive/archive-keys.js'
import { createBlobArchive } from '../../src/archive/blob-archive.js'
import { MAX_RECORD_BYTES, recordBytes } from '../../src/archive/record-text.js'
import type { Blobs } from '../../src/blobs/blobs.js'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { RUN_STATUSES, type RunSummary, summarize } from '../../src/resources/run-summary.js'
import { hasStatus, matches, type RunFilter, searchWords } from '../../src/run-index/run-filter.js'
import { byPlace, type RunPlace } from '../../src/run-index/run-order.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { recordingLog } from '../listeners/world.js'
import { type MemoryBlobs, memoryBlobs } from './memory-blobs.js'

const START = Date.parse('2026-01-02T03:04:05Z')
const timeOf = (n: number) => `${new Date(START + n * 1000).toISOString().slice(0, 19)}Z`

/** Two of each second, so that the uid decides, too. */
function run(n: number): RunSummary {
  const [namespace, pipeline] = [['ci', 'default', 'x'][n % 3]!, ['build', 'deploy'][n % 2]!]
  return {
    uid: `u-${String((n * 7919) % 1000).padStart(3, '0')}-${n}`,
    kind: 'PipelineRun',
    namespace,
    name: `${pipeline}-${n}`,
    pipeline,
    status: RUN_STATUSES[3 + (n % 3)]!,
    reason: 'Because',
    message: n % 5 === 0 ? 'It said "BOOM\n' : 'nothing',
    createdAt: timeOf(n >> 1),
    archived: true,
    labels: { team: `t${n % 4}` },
  }
}

function record(summary: RunSummary, more: Partial<ArchivedRun> = {}): ArchivedRun {
  const { uid, name, namespace, createdAt } = summary
  const metadata = { uid, name, namespace, resourceVersion: '7', creationTimestamp: createdAt }
  return {
    run: { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata, spec: {} },
    taskRuns: [],
    customRuns: [],
    pipelineRuns: [],
    events: [],
    summary: { ...summary, archived: false },
    logs: [{ namespace, pod: `${name}-pod`, podUid: `${uid}-pod`, containers: ['step-a'] }],
    archivedAt: timeOf(9_999),
    ...more,
  }
}

const open = (blobs: Blobs, more = {}) => createBlobArchive({ blobs, log: recordingLog().log, segmentRuns: 5, ...more })
const nothing = { limit: 500, isLive: () => false }

async function archived(archive: Archive, runs: readonly RunSummary[]): Promise<void> {
  for (const each of runs) {
    await archive.put(record(each))
    await archive.enter(each)
    await archive.settled(each)
  }
}

async function uids(archive: Archive, filter: RunFilter = {}): Promise<readonly string[]> {
  return (await archive.list(filter, nothing)).items.map(({ uid }) => uid)
}

const sorted = (runs: readonly RunSummary[]) => [...runs].sort(byPlace).map(({ uid }) => uid)
/** In an order that is neither that of their creation nor its reverse. */
const RUNS = Array.from({ length: 60 }, (_, n) => run((n * 17) % 60))

describe('lists, over segments and single summaries, are those of all runs:', () => {
  const filters: readonly (readonly [string, RunFilter])[] = [
    ['all', {}],
    ['of a namespace', { namespace: 'ci' }],
    ['of a namespace that is none', { namespace: 'constructor' }],
    ['with a status', { statuses: ['failed'] }],
    ['with statuses in a namespace', { namespace: 'x', statuses: ['failed', 'succeeded'] }],
    ['of a pipeline', { pipeline: 'build' }],
    ['with words', { words: searchWords('boom build') }],
    ['with a label as a word', { words: searchWords('team=t3') }],
    ['with a quote', { words: searchWords('"boom') }],
    ['with labels', { matchesLabels: labels => labels['team'] === 't1' }],
    ['live', { archived: false }],
    ['of a kind', { kind: 'TaskRun' }],
  ]

  test.each(filters)('%s', async (_name, filter) => {
    const blobs = memoryBlobs()
    await archived(open(blobs), RUNS)
    const archive = open(blobs)
    const live = new Set([run(3).uid])
    const wanted = RUNS.filter(each => each.uid !== run(3).uid && matches(filter, each)).sort(byPlace)
    const selected = wanted.filter(each => hasStatus(filter, each))
    const counts = Object.fromEntries(
      RUN_STATUSES.map(status => [status, wanted.filter(each => each.status === status).length]),
    )
    // As it is while the entry of a run that is still live is there: in a segment that is not looked into, it counts.
    const isExact = !('namespace' in filter || Object.keys(filter).length === 0 || filter.statuses)
    const found: string[] = []
    let after: RunPlace | undefined
    do {
      const options = { limit: 7, isLive: (uid: string) => isExact && live.has(uid), ...(after && { after }) }
      const page = await archive.list(filter, options)
      if (isExact) expect(page.counts).toEqual(counts)
      found.push(...page.items.map(({ uid }) => uid))
      after = page.remaining > 0 ? page.items.at(-1) : undefined
      if (isExact) expect(page.remaining).toBe(selected.length - found.length)
    } while (after !== undefined)
    const all = isExact ? selected : RUNS.filter(each => matches(filter, each) && hasStatus(filter, each))
    expect(found).toEqual(sorted(all))
  })

  test('counts of all pages are the same, and those of what is listed', async () => {
    const archive = open(memoryBlobs())
    await archived(archive, RUNS)
    for (const filter of [{}, { namespace: 'ci' }, { statuses: ['failed'] as const }]) {
      const wanted = RUNS.filter(each => matches(filter, each))
      const page = await archive.list(filter, { ...nothing, limit: 3, after: run(40) })
      for (const status of ['succeeded', 'failed', 'cancelled'] as const) {
        expect(page.counts[status]).toBe(wanted.filter(each => each.status === status).length)
      }
      const behind = wanted.filter(each => hasStatus(filter, each) && byPlace(run(40), each) < 0)
      expect(page.items.length + page.remaining).toBe(behind.length)
    }
  })
})

test('a run is found by uid, and by name the newest of it', async () => {
  const archive = open(memoryBlobs())
  const again = { ...run(58), uid: 'again', name: run(4).name, namespace: run(4).namespace }
  await archived(archive, [...RUNS, again])
  const { namespace, name, uid } = run(4)
  expect((await archive.find(namespace, uid))?.uid).toBe(uid)
  expect((await archive.find(namespace, name))?.uid).toBe('again')
  expect(await archive.find('other', uid)).toBeUndefined()
})

test('a record comes back as it was, and survives in a folder', async () => {
  const folder = temporaryDirectory('archive')
  const archive = open(openFolderBlobs({ folder }))
  const kept = record(run(1))
  await archive.put(kept)
  const [marked] = await archive.unsettled()
  expect(marked).toMatchObject({ uid: kept.summary.uid, resourceVersion: '7' })
  await archive.enter(kept.summary)
  await archive.settled(kept.summary)
  const later = open(openFolderBlobs({ folder }))
  expect(await later.get(kept.summary)).toEqual(kept)
  expect(await later.unsettled()).toEqual([])
  expect((await later.list({}, nothing)).items).toEqual([{ ...kept.summary, archived: true }])
})

describe('killed after any number of writes, and done again,', () => {
  const runs = RUNS.slice(0, 14)

  async function work(archive: Archive): Promise<void> {
    for (const each of runs) {
      if ((await archive.find(each.namespace, each.uid)) !== undefined) continue
      await archive.put(record(each))
      await archive.enter(each)
    }
    for (const each of await archive.unsettled()) await archive.settled(each)
    await archive.removeBefore(START + 10_000, async () => {})
  }

  test('each run is there once, with its record, and what is too old is gone', async () => {
    const whole = memoryBlobs()
    await work(open(whole))
    const calls = whole.calls()
    expect(calls).toBeGreaterThan(50)
    const young = runs.filter(({ createdAt }) => Date.parse(createdAt) >= START + 10_000)
    for (let n = 0; n < calls; n += 1) {
      const blobs: MemoryBlobs = memoryBlobs()
      blobs.breakAfter(n)
      await expect(work(open(blobs))).rejects.toThrow('killed')
      const again = memoryBlobs(blobs.objects)
      const archive = open(again)
      // Nothing that was listed lacks its record, unless it is on its way out.
      for (const each of (await archive.list({}, nothing)).items) {
        if (Date.parse(each.createdAt) >= START + 10_000) expect(await archive.has(each)).toBe(true)
      }
      await work(archive)
      await archive.removeBefore(START + 10_000, async () => {})
      expect([n, await uids(open(again))]).toEqual([n, sorted(young)])
      const { counts } = await open(again).list({}, { ...nothing, limit: 1 })
      expect([n, Object.values(counts).reduce((sum, count) => sum + count, 0)]).toEqual([n, young.length])
      for (const each of young) expect(await archive.has(each)).toBe(true)
    }
  })
})

test('two writers at once leave nothing double once it is tidied up', async () => {
  const blobs = memoryBlobs()
  const others = { othersWrite: { seenAfterMs: 0 } }
  const [one, other] = [open(blobs, others), open(blobs, others)]
  await Promise.all([archived(one, RUNS), archived(other, [...RUNS].reverse())])
  await open(blobs, others).removeBefore(0, async () => {})
  const archive = open(blobs)
  expect(await uids(archive)).toEqual(sorted(RUNS))
  const { counts } = await archive.list({}, { ...nothing, limit: 1 })
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(RUNS.length)
})

test('what another process archives is seen', async () => {
  const blobs = memoryBlobs()
  const reader = open(blobs, { othersWrite: { seenAfterMs: 0 } })
  expect(await uids(reader)).toEqual([])
  await archived(open(blobs), RUNS)
  expect(await uids(reader)).toEqual(sorted(RUNS))
})

test('logs go before the record that says where they are', async () => {
  const blobs = memoryBlobs()
  const archive = open(blobs)
  await archived(archive, RUNS.slice(0, 12))
  const removed: string[] = []
  const count = await archive.removeBefore(START + 15_000, async logs => {
    for (const { podUid } of logs) {
      removed.push(podUid)
      expect(await archive.has({ uid: podUid.slice(0, -4), namespace: logs[0]!.namespace })).toBe(true)
    }
  })
  const old = RUNS.slice(0, 12).filter(({ createdAt }) => Date.parse(createdAt) < START + 15_000)
  expect([count, removed.sort()]).toEqual([old.length, old.map(({ uid }) => `${uid}-pod`).sort()])
  for (const each of old) expect(await archive.has(each)).toBe(false)
})

describe('what is stored by somebody else', () => {
  test.each([
    ['a record that is no gzip', recordKey(run(1)), Buffer.from('x'), 'is no record'],
    ['a record that is no record', recordKey(run(1)), gzipSync('{"run":1}'), 'is no record'],
  ])('%s is said to be so', async (_name, key, bytes, message) => {
    const blobs = memoryBlobs()
    blobs.objects.set(key, bytes)
    await expect(open(blobs).get(run(1))).rejects.toThrow(message)
  })

  test.each([
    ['recent/x', 'no JSON'],
    ['recent/y', '{"uid":3}'],
    ['segments/a_b_c', 'x'],
    ['segments/a', 'x'],
    ['unsettled/a/b', '[]'],
  ])('as %s hides nothing else', async (key, text) => {
    const blobs = memoryBlobs()
    await archived(open(blobs), RUNS.slice(0, 11))
    blobs.objects.set(key, Buffer.from(text))
    const archive = open(blobs)
    expect(await uids(archive)).toEqual(sorted(RUNS.slice(0, 11)))
    expect(await archive.unsettled()).toEqual([])
  })
})

test('a run of any size leaves out what counts least, and says so', async () => {
  const event = { apiVersion: 'v1', kind: 'Event', message: 'x'.repeat(500) }
  const large = record(run(1), { events: Array.from({ length: 100 }, () => event) as never })
  const blobs = memoryBlobs()
  blobs.objects.set(recordKey(run(1)), await recordBytes(large, 10_000))
  const found = await open(blobs).get(run(1))
  expect([found?.leftOut, found?.events, found?.run]).toEqual(['events', [], large.run])
  await expect(recordBytes(large, 100)).rejects.toThrow('PipelineRun default/deploy-1 is too large for the archive')
  expect(MAX_RECORD_BYTES).toBeGreaterThan(0)
})

test('summaries are of runs as they are', () => {
  expect(summarize(record(run(1)).run, { archived: true })).toMatchObject({ archived: true, status: 'queued' })
})
