/** A container's output as a node has it, handed out as a kubelet does; and everything that cuts it off on the way. */
import { setMaxListeners } from 'node:events'
import { ClusterError } from '../../src/cluster/cluster.js'
import type { Pod } from '../../src/resources/core.js'
import { createSeenPod, type SeenPodWriter } from '../../src/shipping/seen-pod.js'
import type { OpenLog } from '../../src/shipping/ship-container.js'

interface Line {
  readonly at: bigint
  readonly text: string
}

export interface NodeLog {
  readonly seen: SeenPodWriter
  readonly open: OpenLog
  /** Nanoseconds behind the whole second. Without its newline, only at the end. */
  say(at: bigint, text: string): void
  /** What came before so many lines is kept no longer. */
  rotate(keep: number): void
  end(): void
  /** The stream ends, and nobody says yet why. */
  endQuietly(): void
  /** Instead of, or after, what is asked for next. */
  next(...faults: readonly Fault[]): void
}

export type Fault =
  | { readonly is: 'refused' }
  | { readonly is: 'stray'; readonly text: string }
  /** After so many bytes, in an error or as if it were the end. */
  | { readonly is: 'cut'; readonly bytes: number; readonly clean?: true }

const BASE_SECONDS = 1_774_746_000

export function nodeLog(container: string, crumb = () => 1_000): NodeLog {
  let lines: Line[] = []
  let isOver = false
  const faults: Fault[] = []
  const waiting = new Set<() => void>()
  const seen = createSeenPod(podOf(container, 'runs'))
  const wake = () => {
    for (const one of [...waiting]) one()
  }

  async function* stream(since: bigint, follow: boolean, fault: Fault | undefined, signal: AbortSignal) {
    let left = fault?.is === 'cut' ? fault.bytes : Number.POSITIVE_INFINITY
    if (fault?.is === 'stray') yield Buffer.from(`${fault.text}\n`)
    let sent = 0
    for (;;) {
      const mine = lines.filter(({ at }) => at >= since)
      const text = Buffer.from(
        mine
          .slice(sent)
          .map(({ at, text }) => `${stampOf(at)} ${text}`)
          .join(''),
      )
      sent = mine.length
      for (let at = 0; at < text.length; ) {
        const piece = text.subarray(at, at + Math.min(crumb(), left))
        at += piece.length
        left -= piece.length
        if (piece.length > 0) yield piece
        if (left > 0) continue
        // An end in good order means something once the container has ended.
        if (fault?.is === 'cut' && fault.clean && !isOver) return
        throw new Error('the connection was cut')
      }
      if (!follow || isOver) return
      if (sent < lines.filter(({ at }) => at >= since).length) continue
      await new Promise<void>(resolve => {
        waiting.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
        if (signal.aborted) resolve()
      })
      if (signal.aborted) throw new Error('aborted')
    }
  }

  return {
    seen,
    async open(_pod, _container, { follow, sinceSeconds }, signal) {
      setMaxListeners(0, signal)
      const fault = faults.shift()
      if (fault?.is === 'refused') throw new ClusterError('Unavailable', 'the node does not answer')
      return stream(BigInt(sinceSeconds ?? 0) * 1_000_000_000n, follow, fault, signal)
    },
    say(at, text) {
      lines.push({ at: BigInt(BASE_SECONDS) * 1_000_000_000n + at, text })
      wake()
    },
    rotate(keep) {
      lines = lines.slice(lines.length - keep)
    },
    end() {
      isOver = true
      seen.set(podOf(container, 'ended'))
      wake()
    },
    endQuietly() {
      isOver = true
      wake()
    },
    next: (...more) => void faults.push(...more),
  }
}

function stampOf(at: bigint): string {
  const seconds = new Date(Number(at / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(at % 1_000_000_000n).padStart(9, '0')}Z`
}

export function podOf(container: string, life: 'runs' | 'ended'): Pod {
  const startedAt = '2026-03-29T01:00:00Z'
  const state = life === 'runs' ? { running: { startedAt } } : { terminated: { startedAt, exitCode: 0 } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ci', name: 'build-pod', uid: 'u-1', labels: {} },
    spec: { containers: [{ name: container, image: 'alpine' }] },
    status: {
      phase: life === 'runs' ? 'Running' : 'Succeeded',
      containerStatuses: [{ name: container, state, ready: false, restartCount: 0, image: '', imageID: '' }],
    },
  } as unknown as Pod
}
