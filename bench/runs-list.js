/**
 * Lists of very many runs, live in a store and archived in a folder: what a page, a search and a deep page take, how soon a
 * watch tells of a run, and what the index holds of each in memory.
 *
 *   node --expose-gc bench/runs-list.js [--small]
 */
import { join } from 'node:path'
import { openRuns } from '../dist/src/api/open-runs.js'
import { matchesLabels, parseLabelSelector } from '../dist/src/api/selectors/labels.js'
import { segmentRange } from '../dist/src/archive/archive-keys.js'
import { createBlobArchive } from '../dist/src/archive/blob-archive.js'
import { encodeSegment } from '../dist/src/archive/segment.js'
import { openFolderBlobs } from '../dist/src/blobs/folder.js'
import { openEmbeddedCluster } from '../dist/src/cluster/embedded/store.js'
import { openDatabase } from '../dist/src/storage/lmdb.js'
import { milliseconds, report, rounds, summary, withFolder } from './measure.js'

const isSmall = process.argv.includes('--small')
const CASES = isSmall
  ? [{ live: 300, archived: 3_000 }]
  : [
      { live: 10_000, archived: 0 },
      { live: 1_000, archived: 10_000 },
      { live: 1_000, archived: 100_000 },
    ]
const ROUNDS = isSmall ? 3 : 20
const results = []
const log = { debug() {}, info() {}, warn: console.warn, error: console.error }
const START = Date.parse('2026-01-01T00:00:00Z')

const labelsOf = n => ({
  'tekton.dev/pipeline': `pipeline-${n % 40}`,
  'triggers.tekton.dev/eventlistener': 'github',
  'triggers.tekton.dev/trigger': 'push',
  'triggers.tekton.dev/triggers-eventid': `4f9a2b10-0000-4000-8000-${String(n).padStart(12, '0')}`,
  team: `team-${n % 7}`,
})
const messageOf = n =>
  n % 10 === 0
    ? `Tasks Completed: 3 (Failed: 1, Cancelled 0), Skipped: 2: task compile-${n} failed`
    : 'Tasks Completed: 5 (Failed: 0, Cancelled 0), Skipped: 0'
const namespaceOf = n => `team-${n % 7}`

function summaryOf(n) {
  const at = ms => `${new Date(START + n * 1000 + ms).toISOString().slice(0, 19)}Z`
  return {
    uid: `9b1deb4d-3b7d-4bad-9bdd-${String(n).padStart(12, '0')}`,
    kind: 'PipelineRun',
    namespace: namespaceOf(n),
    name: `pipeline-${n % 40}-run-${n}`,
    pipeline: `pipeline-${n % 40}`,
    status: n % 10 === 0 ? 'failed' : 'succeeded',
    reason: n % 10 === 0 ? 'Failed' : 'Succeeded',
    message: messageOf(n),
    createdAt: at(0),
    startedAt: at(1000),
    completedAt: at(61_000),
    archived: true,
    trigger: 'eventlistener/github/push',
    labels: labelsOf(n),
    tasks: { total: 5, done: 5, failed: n % 10 === 0 ? 1 : 0, skipped: 0 },
  }
}

async function createLive(cluster, from, count) {
  for (let at = from; at < from + count; at += 200) {
    const numbers = Array.from({ length: Math.min(200, from + count - at) }, (_, index) => at + index)
    await Promise.all(numbers.map(n => createRun(cluster, n)))
  }
}

async function createRun(cluster, n) {
  const metadata = { namespace: namespaceOf(n), name: `pipeline-${n % 40}-run-${n}`, labels: labelsOf(n) }
  const spec = { pipelineRef: { name: `pipeline-${n % 40}` }, params: [{ name: 'revision', value: 'main' }] }
  const made = await cluster.create('PipelineRun', { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata, spec })
  const [status, reason] = n % 10 === 0 ? ['False', 'Failed'] : ['True', 'Succeeded']
  const conditions = [{ type: 'Succeeded', status, reason, message: messageOf(n) }]
  await cluster.replaceStatus('PipelineRun', {
    ...made,
    status: { conditions, startTime: made.metadata.creationTimestamp },
  })
}

async function fillArchive(blobs, count) {
  for (let at = 0; at < count; at += 1000) {
    const runs = Array.from({ length: Math.min(1000, count - at) }, (_, index) => summaryOf(at + index))
    const { key, bytes } = await encodeSegment(runs)
    if (segmentRange(key) === undefined) throw new Error(key)
    await blobs.put(key, bytes)
  }
}

async function timed(work) {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function memory() {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function measure(folder, { live, archived }) {
  const database = openDatabase(join(folder, 'store'), { durable: false })
  const cluster = openEmbeddedCluster({ database, keepEvents: 1_000 })
  await createLive(cluster, archived, live)
  const blobs = openFolderBlobs({ folder: join(folder, 'archive') })
  await fillArchive(blobs, archived)
  const before = memory()
  const archive = createBlobArchive({ blobs, log })
  const { index } = openRuns({ cluster, archive, log, now: Date.now })
  const first = await timed(() => index.list({}, { limit: 50 }))
  const all = live + archived
  const page = await index.list({}, { limit: 50 })
  if (page.remaining !== all - 50) throw new Error(`${page.remaining} are behind the first page of ${all}`)

  const list = filter => () => timed(() => index.list(filter, { limit: 50 }))
  const deep = { createdAt: `${new Date(START + (archived / 10) * 1000).toISOString().slice(0, 19)}Z`, uid: 'x' }
  const team = parseLabelSelector('team=team-3')
  const figures = {
    'first page': await rounds(ROUNDS, list({})),
    'one namespace, failed': await rounds(ROUNDS, list({ namespace: 'team-3', statuses: ['failed'] })),
    'one pipeline': await rounds(ROUNDS, list({ pipeline: 'pipeline-7' })),
    'a label': await rounds(ROUNDS, list({ matchesLabels: labels => matchesLabels(team, labels) })),
    'search for one run': await rounds(ROUNDS, list({ words: [`compile-${(all >> 1) - ((all >> 1) % 10)}`] })),
    'search for nothing that is there': await rounds(ROUNDS, list({ words: ['no-such-thing'] })),
    'search for two words in all': await rounds(ROUNDS, list({ words: ['pipeline', 'push'] })),
    'a page nine tenths down': await rounds(ROUNDS, () => timed(() => index.list({}, { limit: 50, after: deep }))),
  }
  const held = memory() - before

  const samples = []
  const stop = new AbortController()
  const created = new Map()
  const watching = (async () => {
    const { version } = await index.list({}, { limit: 1 })
    for await (const event of index.follow({}, version, stop.signal, { bookmarkMs: 60_000 })) {
      if (event.type !== 'ADDED') continue
      samples.push(performance.now() - created.get(event.run.name))
      if (samples.length === (isSmall ? 20 : 200)) return
    }
  })()
  for (let n = all; n < all + (isSmall ? 25 : 220); n += 1) {
    created.set(`pipeline-${n % 40}-run-${n}`, performance.now())
    await createRun(cluster, n)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await watching
  stop.abort()

  const told = (what, figure) => results.push({ what: `${live} + ${archived}: ${what}`, figure })
  told('first answer after a start', `${first.toFixed(0)} ms`)
  for (const [what, figure] of Object.entries(figures)) told(what, milliseconds(figure))
  told('a watch tells of a new run', milliseconds(summary(samples)))
  told('memory', `${(held / 1024 ** 2).toFixed(1)} MiB, ${(held / all).toFixed(0)} bytes a run`)
  await index.close()
  await cluster.close()
  await database.close()
}

for (const each of CASES) await withFolder(folder => measure(folder, each))
report('runs-list', results)
