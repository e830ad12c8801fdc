/** The log of one step of a run, from the API: it stays readable when its Pod, and the run itself, are gone. */
import type { LineIndex } from '../../../src/lib/line-index.js'
import { ApiError, request, send } from '../api/client.js'
import { ownPath, type Query, withQuery } from '../api/paths.js'
import type { LogSource } from './log-source.js'

/** As `logs/lines` answers. */
interface RunLogLines extends LineIndex {
  readonly retry: number
  readonly finished: boolean
}

export interface StepOfRun {
  readonly namespace: string
  readonly runUid: string
  readonly taskRun: string
  readonly step: string
  /** Of the attempt: 0 for the first; undefined for the last. */
  readonly retry: number | undefined
}

export interface RunLogSource extends LogSource {
  /** All of it, as it is stored. */
  download(): Promise<Blob>
}

const MOST_FOUND = 5_000
/** As the API stamps lines: RFC 3339 with nanoseconds, and a space. */
const STAMP = /^(\S{19})(\.\d{3})\d*Z /
/** Of a stamp with its space. */
const STAMP_BYTES = 31

export function runLogSource({ namespace, runUid, taskRun, step, retry }: StepOfRun): RunLogSource {
  /** The attempt that is read: the last one when none was named, and then that one for good. */
  let attempt = retry
  const path = (rest: readonly string[], query: Query): string =>
    withQuery(ownPath('runs', namespace, runUid, 'logs', ...rest), { taskRun, step, retry: attempt, ...query })
  return {
    async index(signal) {
      try {
        const { finished, retry: read, ...index } = await request<RunLogLines>(path(['lines'], {}), { signal })
        attempt = read
        return { index, isFinished: finished }
      } catch (error) {
        // A step that has not started has no log yet.
        if (error instanceof ApiError && error.code === 404) return undefined
        throw error
      }
    },
    async read({ offset, limit }, signal) {
      const answer = await send(path([], { offset, limit }), { signal })
      return new Uint8Array(await answer.arrayBuffer())
    },
    async times({ offset, bytes, lines }, signal) {
      const limit = bytes + lines * STAMP_BYTES
      const answer = await send(path([], { offset, limit, timestamps: true }), { signal })
      const stamped = (await answer.text()).split('\n')
      return stamped.flatMap(line => {
        const [, second, fraction] = STAMP.exec(line) ?? []
        return second === undefined ? [] : [`${second}${fraction}Z`]
      })
    },
    async *follow(offset, signal) {
      const answer = await send(path([], { offset, follow: true }), { signal })
      const reader = answer.body?.getReader()
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) return
        if (value !== undefined) yield value
      }
    },
    async search(text, signal) {
      const asked = path(['search'], { q: text, limit: MOST_FOUND })
      const { items, more } = await request<{ items: readonly { line: number }[]; more: boolean }>(asked, { signal })
      return { lines: items.map(({ line }) => line), isComplete: !more }
    },
    download: async () => (await send(path([], {}))).blob(),
  }
}
