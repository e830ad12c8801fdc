/** The lines of one container, over reconnects. */
import { type Client, ClientError } from '../client/client.js'
import { queryText, segment } from '../client/connect.js'
import { runsPath, unlessUnserved } from '../client/runs-api.js'
import type { LogSource } from './sources.js'

export interface Line {
  /** RFC 3339, as precise as the kubelet has it; '' where it has none. */
  readonly time: string
  readonly text: string
}

/** Where a log was read up to. A log has several lines of one instant. */
export interface Place {
  readonly time: string
  readonly lines: number
}

export interface ReadOptions {
  /** The uid of the run that it is a part of. */
  readonly run: string
  readonly follow: boolean
  /** Lines behind this one only. */
  readonly after?: Place
  readonly tailLines?: number
  readonly sinceSeconds?: number
}

/** Ours: a longer line comes in pieces. */
const MAX_LINE_BYTES = 64 * 1024

/**
 * In batches, as they come. Every line is asked for with its time: that is how a log is gone on with in another connection.
 * @throws ClientError 404 when the log is gone, 400 when its container has not begun; whatever else cuts the connection
 */
export async function* readLines(
  client: Client,
  source: LogSource,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly Line[]> {
  const { bytes, oldest } = await opened(client, source, options, signal)
  const isSeen = passing(options.after)
  for await (const texts of linesOf(bytes)) {
    const lines = texts.map(timed).filter(line => !isSeen(line) && !(Date.parse(line.time) < oldest))
    if (lines.length > 0) yield lines
  }
}

interface Opened {
  readonly bytes: AsyncIterable<Buffer>
  /** Epoch ms: lines before it were not asked for. */
  readonly oldest: number
}

/** From the Pod; what its cluster has no more, an engine or a dashboard may have kept. */
async function opened(client: Client, source: LogSource, options: ReadOptions, signal: AbortSignal): Promise<Opened> {
  try {
    const { bytes } = await client.stream(podLogPath(source, options), signal)
    return { bytes, oldest: Number.NEGATIVE_INFINITY }
  } catch (error) {
    if (!isGone(error)) throw error
    const kept = await unlessUnserved(client.stream(keptLogPath(source, options), signal))
    if (kept === undefined) throw error
    const { after, sinceSeconds = Number.POSITIVE_INFINITY } = options
    const oldest = after === undefined ? Date.now() - sinceSeconds * 1_000 : Number.NEGATIVE_INFINITY
    return { bytes: unlessEmpty(kept.bytes, error), oldest }
  }
}

/** A store that has nothing of a log says nothing. */
async function* unlessEmpty(bytes: AsyncIterable<Buffer>, gone: Error): AsyncGenerator<Buffer> {
  let isEmpty = true
  for await (const chunk of bytes) {
    isEmpty = false
    yield chunk
  }
  if (isEmpty) throw gone
}

function podLogPath({ pod, container }: LogSource, { follow, after, tailLines, sinceSeconds }: ReadOptions): string {
  const query = queryText({
    container,
    timestamps: 'true',
    ...(follow && { follow: 'true' }),
    ...(after !== undefined && after.time !== '' && { sinceTime: wholeSecond(after.time) }),
    ...(after === undefined && tailLines !== undefined && { tailLines: `${tailLines}` }),
    ...(after === undefined && sinceSeconds !== undefined && { sinceSeconds: `${sinceSeconds}` }),
  })
  return `/api/v1/namespaces/${segment(pod.namespace)}/pods/${segment(pod.name)}/log${query}`
}

/** There is no `sinceTime` in it: what is too old is left out when it has come. */
function keptLogPath(
  { pod, container, taskRun, retry }: LogSource,
  { run, follow, after, tailLines }: ReadOptions,
): string {
  const query = queryText({
    taskRun,
    step: container,
    retry: `${retry}`,
    timestamps: 'true',
    ...(follow && { follow: 'true' }),
    ...(after === undefined && tailLines !== undefined && { tail: `${tailLines}` }),
  })
  return `${runsPath(pod.namespace)}/${segment(run)}/logs${query}`
}

/** As precise as `sinceTime` may be. */
function wholeSecond(time: string): string {
  return time.replace(/\.\d+/, '')
}

/** What was given before the connection was cut comes once more. */
function passing(after: Place | undefined): (line: Line) => boolean {
  let left = after?.lines ?? 0
  return ({ time }) => {
    if (after === undefined || time > after.time) return false
    if (time < after.time) return true
    return left-- > 0
  }
}

export function placeAfter(place: Place | undefined, lines: readonly Line[]): Place | undefined {
  const time = lines.at(-1)?.time
  if (time === undefined) return place
  const ofThatTime = lines.filter(line => line.time === time).length
  return { time, lines: ofThatTime + (place?.time === time ? place.lines : 0) }
}

function timed(text: string): Line {
  const [, time, rest] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(text) ?? []
  return time === undefined || rest === undefined ? { time: '', text } : { time, text: rest }
}

/** All complete lines of what came at once, and pieces of one that is too long; in the end what has no end. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of bytes) {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = all.lastIndexOf(0x0a)
    const lines = end < 0 ? [] : all.toString('utf8', 0, end).split('\n')
    rest = all.subarray(end + 1)
    while (rest.length > MAX_LINE_BYTES) {
      const cut = characterStart(rest, MAX_LINE_BYTES)
      lines.push(rest.toString('utf8', 0, cut))
      rest = rest.subarray(cut)
    }
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [rest.toString('utf8')]
}

/** Not in the middle of a character. */
function characterStart(bytes: Buffer, at: number): number {
  let start = at
  while (start > at - 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}

/** The Pod is not there any more, and nobody has kept what it said. */
export function isGone(error: unknown): error is ClientError {
  return error instanceof ClientError && error.code === 404
}

/** It has not begun: what the API server says of a container that waits. */
export function isNotBegun(error: unknown): boolean {
  return error instanceof ClientError && error.code === 400
}
