/** A record as it is stored: JSON, compressed, and of a size that a process can hold. */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { asRecord } from '../resources/shape.js'
import type { ArchivedRun } from './archive.js'

/** Of JSON. A run with thousands of tasks whose results are as large as they may be: everything in it is somebody's choice. */
export const MAX_RECORD_BYTES = 64 * 1024 ** 2
/** Steps of a run whose events could fill the disk are not told one by one. */
const MAX_EVENTS = 5_000

export async function recordBytes(record: ArchivedRun, maxBytes = MAX_RECORD_BYTES): Promise<Uint8Array> {
  return promisify(gzip)(Buffer.from(fitted(record, maxBytes)))
}

/** What counts least is left out first. */
function fitted(record: ArchivedRun, maxBytes: number): string {
  const bounded = { ...record, events: record.events.slice(-MAX_EVENTS) }
  const shorter: readonly (readonly [string, Partial<ArchivedRun>])[] = [
    ['', {}],
    ['events', { events: [] }],
    ['events and TaskRuns', { events: [], taskRuns: [], customRuns: [], pipelineRuns: [] }],
  ]
  for (const [leftOut, without] of shorter) {
    const text = JSON.stringify({ ...bounded, ...without, ...(leftOut !== '' && { leftOut }) })
    if (Buffer.byteLength(text) <= maxBytes) return text
  }
  const { kind, name } = record.summary
  throw new Error(`${kind} ${record.summary.namespace}/${name} is too large for the archive: over ${maxBytes} bytes`)
}

/** @throws Error when it is no record, or too large to have been written here */
export async function readRecord(bytes: Uint8Array, place: string): Promise<ArchivedRun> {
  try {
    const text = await promisify(gunzip)(bytes, { maxOutputLength: MAX_RECORD_BYTES })
    const record = JSON.parse(text.toString()) as ArchivedRun
    const parts = asRecord(record)
    if (typeof parts['run'] === 'object' && Array.isArray(parts['taskRuns'])) return record
    throw new Error('it is something else')
  } catch (cause) {
    throw new Error(`${place} is no record of a run that can be read`, { cause })
  }
}
