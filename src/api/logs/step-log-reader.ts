/** Reads what a run's steps have said, from wherever it is: where they run, or the store. */
import { Readable } from 'node:stream'
import { fromTimestamp } from '../../lib/time.js'
import type { LogKey } from '../../logs/log-store.js'
import type { Pod } from '../../resources/core.js'
import type { ApiDeps } from '../deps.js'
import type { LogSource } from './log-output.js'
import type { StepLog } from './step-logs.js'

export interface StepLogPorts extends Pick<ApiDeps, 'readLogs' | 'logSize' | 'storedPods'> {
  readonly pod: (key: { readonly namespace: string; readonly name: string }) => Promise<Pod | undefined>
}

/** How a log is seen that may be about to grow. */
export interface Following {
  /** The log as it is now; undefined when there is no such step any more. */
  readonly latest: () => Promise<StepLog | undefined>
  /** Resolves when that may have changed. */
  readonly changed: () => Promise<void>
}

/** Its `read` with `follow` goes on until the step has ended, also when there is nothing to read yet. */
export function stepLogSource(ports: StepLogPorts, log: StepLog, following: Following, signal: AbortSignal): LogSource {
  let known: LogKey | undefined
  const keyNow = async (of: StepLog): Promise<LogKey | undefined> => {
    if (known !== undefined) return known
    const podUid = await podUidOf(ports, of)
    if (podUid === undefined) return undefined
    known = { namespace: of.namespace, pod: of.pod, podUid, container: of.container }
    return known
  }

  async function* followed(offset: number): AsyncGenerator<Uint8Array> {
    let position = offset
    let current: StepLog | undefined = log
    while (current !== undefined && !signal.aborted) {
      const key = await keyNow(current)
      const isOver = current.finished
      const output = key && (await ports.readLogs(key, { follow: !isOver, offset: position, isOver }, signal))
      for await (const piece of output ?? []) {
        position += piece.length
        yield piece
      }
      // Read when it had ended: that was all of it.
      if (current.finished) return
      current = await following.latest()
      if (current?.finished === false) {
        await following.changed()
        current = await following.latest()
      }
    }
  }

  return {
    startedAt: log.startedAt === '' ? 0 : fromTimestamp(log.startedAt),
    async size() {
      const key = await keyNow(log)
      return key === undefined ? 0 : ((await ports.logSize?.(key, { isOver: log.finished })) ?? 0)
    },
    async read(offset, { follow, part }) {
      if (follow && part === 'output') return followed(offset)
      const key = await keyNow(log)
      const isOver = log.finished
      const output = key && (await ports.readLogs({ ...key, part }, { follow: false, offset, isOver }, signal))
      return output ?? Readable.from([])
    },
  }
}

/** Of the Pod that has the name now if it is this TaskRun's, else of one that had it. */
async function podUidOf(ports: StepLogPorts, log: StepLog): Promise<string | undefined> {
  if (log.podUid !== undefined) return log.podUid
  const { namespace, pod: name } = log
  const pod = await ports.pod({ namespace, name })
  if (pod?.metadata.ownerReferences?.some(({ uid }) => uid === log.taskRunUid)) return pod.metadata.uid
  const stored = (await ports.storedPods?.(namespace, name)) ?? []
  return stored.filter(({ podUid }) => podUid !== pod?.metadata.uid).at(-1)?.podUid
}
