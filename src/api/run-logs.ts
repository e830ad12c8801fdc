/**
 * `runs/UID/logs`, `runs/UID/logs/search` and `runs/UID/logs/lines` of `tektite.dev/v1alpha1`: what a run has said, as a stream of bytes, for the
 * command line and the dashboard. Built over ports, so that it can be served in front of a cluster as well.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Cluster } from '../cluster/cluster.js'
import { createLineIndexer, type LineIndex } from '../lib/line-index.js'
import type { StreamAnswer } from './answer.js'
import type { ApiDeps } from './deps.js'
import { outputFrom, startOfLast } from './logs/log-output.js'
import { runChanges } from './logs/run-changes.js'
import { type RunLogQuery, runLogQuery, selects } from './logs/run-log-query.js'
import { runOutput } from './logs/run-output.js'
import { searchLog } from './logs/search-log.js'
import { stepLogSource } from './logs/step-log-reader.js'
import { isOver, type StepLog, stepLogs } from './logs/step-logs.js'
import {
  OWN_GROUP,
  OWN_VERSION,
  type OwnHandler,
  type OwnObject,
  type OwnRequest,
  type OwnResource,
} from './own-resources.js'
import type { FindRun, FoundRun } from './run-objects.js'
import { ApiError } from './status.js'

export interface RunLogDeps extends Pick<ApiDeps, 'readLogs' | 'logSize' | 'storedPods'> {
  readonly cluster: Pick<Cluster, 'get' | 'watch'>
  readonly findRun: FindRun
}

export interface RunLogMatches {
  readonly apiVersion: string
  readonly kind: 'RunLogMatches'
  /** There are more than were asked for. */
  readonly more: boolean
  readonly items: readonly RunLogMatch[]
}

/** Where the lines of one step's log stand, without the log itself. */
export interface RunLogLines extends LineIndex {
  readonly apiVersion: string
  readonly kind: 'RunLogLines'
  readonly taskRun: string
  readonly retry: number
  /** Nothing more will come. */
  readonly finished: boolean
}

export interface RunLogMatch {
  readonly taskRun: string
  readonly task: string
  readonly step: string
  readonly retry: number
  /** Bytes before the line, in the log of its step. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** Bytes before what was found. */
  readonly at: number
  readonly text: string
}

export const RUN_LOG_RESOURCES: readonly OwnResource[] = [
  { name: 'runs/logs', singularName: '', kind: 'RunLogMatches', verbs: ['get'] },
]

export function runLogsHandler(deps: RunLogDeps): OwnHandler {
  return async request => {
    const { resource, name, subresource, method, path } = request
    if (resource !== 'runs' || name === undefined) return undefined
    if (subresource !== 'logs' && subresource !== 'logs/search' && subresource !== 'logs/lines') return undefined
    if (method !== 'GET' && method !== 'HEAD') {
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: logs can only be read`)
    }
    const query = runLogQuery(request.query)
    const reading = await readingOf(deps, request, name)
    if (subresource === 'logs/search') return search(reading, query)
    if (subresource === 'logs/lines') return lines(reading, query)
    return query.step === undefined ? wholeRun(reading, query) : oneStep(reading, query)
  }
}

interface Reading {
  readonly deps: RunLogDeps
  readonly request: OwnRequest
  readonly found: FoundRun
  readonly find: () => Promise<FoundRun | undefined>
  readonly changed: () => Promise<void>
}

/** @throws ApiError 404 */
async function readingOf(deps: RunLogDeps, request: OwnRequest, uid: string): Promise<Reading> {
  const { namespace, signal } = request
  const changes = runChanges(deps.cluster, namespace, signal)
  const find = async () => {
    const found = await deps.findRun(namespace, uid)
    if (found !== undefined) changes.belongs(found)
    return found
  }
  const found = await find()
  if (found !== undefined) return { deps, request, found, find, changed: changes.next }
  const message = `run "${uid}" not found in namespace "${namespace}": give a uid, as metadata.uid of a PipelineRun or TaskRun says it`
  throw new ApiError(404, 'NotFound', message)
}

function sourceOf({ deps, request, find, changed }: Reading, log: StepLog) {
  const latest = async (): Promise<StepLog | undefined> => {
    const found = await find()
    return found && stepLogs(found).find(each => isSame(each, log))
  }
  return stepLogSource({ ...deps, pod: key => deps.cluster.get('Pod', key) }, log, { latest, changed }, request.signal)
}

function isSame(a: StepLog, b: StepLog): boolean {
  return a.taskRunUid === b.taskRunUid && a.retry === b.retry && a.container === b.container
}

/** Bytes of the log as it is stored; offsets are of these, whatever is put before lines. */
async function oneStep(reading: Reading, query: RunLogQuery): Promise<StreamAnswer> {
  const { offset, limit, tail, follow, timestamps } = query
  const log = await theStep(reading, query)
  const source = sourceOf(reading, log)
  const size = await source.size()
  const start =
    tail === undefined ? (offset < 0 ? Math.max(0, size + offset) : offset) : await startOfLast(source, tail)
  const output = await outputFrom(source, start, { follow, timestamps, limitBytes: limit })
  return streamed(reading.request, output, {
    'x-tektite-log-size': String(size),
    'x-tektite-log-offset': String(start),
    'x-tektite-log-finished': String(log.finished),
  })
}

/** The last attempt, when none is named. With `follow` a step that has not started is waited for. @throws ApiError 400, 404 */
async function theStep({ request, found, find, changed }: Reading, query: RunLogQuery): Promise<StepLog> {
  for (let now: FoundRun | undefined = found; now !== undefined; now = await find()) {
    const logs = stepLogs(now).filter(log => selects(query, log))
    const taskRuns = [...new Set(logs.map(({ taskRun }) => taskRun))]
    if (taskRuns.length > 1) {
      const message = `step "${query.step}" is in several TaskRuns, choose one with taskRun=: ${taskRuns.join(', ')}`
      throw new ApiError(400, 'BadRequest', message)
    }
    const last = logs.toSorted((a, b) => a.retry - b.retry).at(-1)
    if (last !== undefined) return last
    if (!query.follow || isOver(now) || request.signal.aborted) break
    await changed()
  }
  const of = query.taskRun === undefined ? '' : ` of TaskRun "${query.taskRun}"`
  throw new ApiError(404, 'NotFound', `step "${query.step}"${of} has not run in run "${request.name}"`)
}

/** One step after the other, so `offset` counts in what was sent before with the same query. */
async function wholeRun({ deps, request, found, find, changed }: Reading, query: RunLogQuery): Promise<StreamAnswer> {
  const { offset, limit, tail, follow, timestamps, prefix } = query
  if (offset < 0)
    throw new ApiError(400, 'BadRequest', `offset is ${offset}; it may count from the end of one step only`)
  const wants = (log: StepLog): boolean => !log.isSidecar && selects(query, log)
  const ports = { ...deps, pod: (key: { namespace: string; name: string }) => deps.cluster.get('Pod', key) }
  const { signal } = request
  const output = runOutput({ ports, find, changed, signal }, { wants, follow, timestamps, prefix, tail })
  return streamed(request, cut(output, offset, limit), { 'x-tektite-log-finished': String(isOver(found)) })
}

async function* cut(
  output: AsyncIterable<Uint8Array>,
  offset: number,
  limit: number | undefined,
): AsyncGenerator<Uint8Array> {
  let passed = 0
  let left = limit ?? Number.POSITIVE_INFINITY
  for await (const piece of output) {
    const part = piece.subarray(Math.max(0, offset - passed), Math.max(0, offset - passed) + left)
    passed += piece.length
    if (part.length > 0) yield part
    left -= part.length
    if (left <= 0) return
  }
}

async function search(reading: Reading, query: RunLogQuery): Promise<OwnObject> {
  const { q, limit = 200 } = query
  if (q === '') throw new ApiError(400, 'BadRequest', 'q is empty: give the text that is looked for')
  const items: RunLogMatch[] = []
  for (const log of stepLogs(reading.found).filter(each => selects(query, each))) {
    const { taskRun, task, step, retry } = log
    const output = await sourceOf(reading, log).read(0, { follow: false, part: 'output' })
    for await (const line of searchLog(output, q)) {
      if (items.length >= Math.min(limit, 5_000)) return matches(items, true)
      items.push({ taskRun, task, step, retry, ...line })
    }
  }
  return matches(items, false)
}

/** All of the log is read for it, and none of it is sent: a viewer then fetches the pages that it shows. */
async function lines(reading: Reading, query: RunLogQuery): Promise<OwnObject> {
  if (query.step === undefined) throw new ApiError(400, 'BadRequest', 'step is missing: lines are those of one step')
  const log = await theStep(reading, { ...query, follow: false })
  const indexer = createLineIndexer()
  for await (const piece of await sourceOf(reading, log).read(0, { follow: false, part: 'output' })) indexer.add(piece)
  const { taskRun, retry, finished } = log
  const about = { apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'RunLogLines' } as const
  const body: RunLogLines = { ...about, taskRun, retry, finished, ...indexer.index() }
  return { code: 200, body }
}

function matches(items: readonly RunLogMatch[], more: boolean): OwnObject {
  const body: RunLogMatches = { apiVersion: `${OWN_GROUP}/${OWN_VERSION}`, kind: 'RunLogMatches', more, items }
  return { code: 200, body }
}

function streamed(
  { method, signal }: OwnRequest,
  output: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
): StreamAnswer {
  return async response => {
    response.writeHead(200, {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      ...headers,
    })
    if (method === 'HEAD') {
      response.end()
      return
    }
    // Who follows a step that is silent knows at once that there is one.
    response.flushHeaders()
    try {
      // What the client does not read is not read from the disk either.
      await pipeline(Readable.from(output, { objectMode: false }), response, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
