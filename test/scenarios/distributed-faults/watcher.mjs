/**
 * Writes down everything that the API tells, in a process of its own and by means of its own: one list, then watches that
 * go on from the last version seen, for as long as it takes. With a seed it cuts its own watches now and then.
 *
 *   node watcher.mjs '{"api": "http://…", "token": "…", "file": "…", "cutSeed": 1}'
 *
 * Tells its parent `{ready}`, then `{run}` of every new PipelineRun and `{ended}`, how many have ended. Asked `{until}` (a version by
 * kind), it answers `{reached}` when it has seen that.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { seededRandom } from '../../helpers/random.js'
import { TICK_MS } from './checks/time.js'
import { recordOf } from './records.js'

const { api, token, file, cutSeed } = JSON.parse(process.argv[2])
const KINDS = {
  PipelineRun: '/apis/tekton.dev/v1/pipelineruns',
  TaskRun: '/apis/tekton.dev/v1/taskruns',
  Pod: '/api/v1/pods',
  ConfigMap: '/api/v1/namespaces/default/configmaps',
}
const random = seededRandom(cutSeed ?? 0)
const headers = { authorization: `Bearer ${token}` }
const out = openSync(file, 'a')
const places = {}
const ended = new Set()
let wanted

const write = record => writeSync(out, `${JSON.stringify({ at: Date.now(), ...record })}\n`)
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

async function list(kind, path) {
  for (;;) {
    try {
      const response = await fetch(api + path, { headers })
      const { metadata, items } = await response.json()
      if (!response.ok) throw new Error(`answered ${response.status}`)
      for (const item of items) write({ type: 'LISTED', ...recordOf({ kind, ...item }) })
      return Number(metadata.resourceVersion)
    } catch {
      await pause(20)
    }
  }
}

async function follow(kind, path) {
  places[kind] = await list(kind, path)
  started(kind)
  for (;;) {
    const stop = new AbortController()
    const cut = cutSeed === undefined ? undefined : setTimeout(() => stop.abort(), 300 + random() * 3_000)
    try {
      const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${places[kind]}`
      const response = await fetch(api + path + query, { headers, signal: stop.signal })
      if (!response.ok) throw new Error(`answered ${response.status}`)
      for await (const event of lines(response.body)) {
        if (event.type === 'ERROR') {
          // Nothing has been compacted: a version that is refused is lost.
          write({ type: 'RELISTED', kind, why: event.object.message })
          places[kind] = await list(kind, path)
          break
        }
        told(kind, event)
      }
    } catch {
      // Cut by us, or the API is away: from where it was.
    }
    clearTimeout(cut)
    await pause(20)
  }
}

function told(kind, { type, object }) {
  places[kind] = Number(object.metadata.resourceVersion)
  if (type !== 'BOOKMARK') {
    const record = recordOf({ kind, ...object })
    write({ type, ...record })
    if (kind === 'PipelineRun' && type === 'ADDED') process.send({ run: record })
    if (
      kind === 'PipelineRun' &&
      (record.succeeded === 'True' || record.succeeded === 'False') &&
      !ended.has(record.uid)
    ) {
      ended.add(record.uid)
      process.send({ ended: ended.size })
    }
  }
  answer()
}

async function* lines(body) {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop()
    for (const part of parts) if (part !== '') yield JSON.parse(part)
  }
}

const waiting = new Set(Object.keys(KINDS))
function started(kind) {
  waiting.delete(kind)
  if (waiting.size === 0) process.send({ ready: true })
}

function answer() {
  if (wanted === undefined || Object.entries(wanted).some(([kind, version]) => places[kind] < version)) return
  wanted = undefined
  process.send({ reached: true })
}

process.on('message', message => {
  wanted = message.until
  answer()
})
setInterval(() => write({ type: 'TICK' }), TICK_MS)
process.once('SIGTERM', () => {
  closeSync(out)
  process.exit(0)
})
process.once('disconnect', () => process.exit(0))
for (const [kind, path] of Object.entries(KINDS)) void follow(kind, path)
