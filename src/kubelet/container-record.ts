/** The two files a shim leaves in its container's folder; their form is in shim/README.md. */
import { toTimestamp } from '../lib/time.js'
import type { ContainerState } from './runtime.js'

export interface ShimPid {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat: with it a pid names one process for ever. */
  readonly startTicks: string
  readonly startedAtMs: number
}

export function parsePid(text: string): ShimPid | undefined {
  const [pid, startTicks, startedAtMs] = text.trim().split(' ')
  if (pid === undefined || startTicks === undefined || startedAtMs === undefined) return undefined
  return { pid: Number(pid), startTicks, startedAtMs: Number(startedAtMs) }
}

export function parseExit(bytes: Buffer): ContainerState | undefined {
  const end = bytes.indexOf('\n')
  if (end < 0) return undefined
  const [exitCode, signal, startedAtMs, finishedAtMs, reason] = bytes.toString('utf8', 0, end).split(' ')
  return {
    kind: 'exited',
    startedAt: toTimestamp(Number(startedAtMs)),
    finishedAt: toTimestamp(Number(finishedAtMs)),
    exitCode: Number(exitCode),
    signal: Number(signal),
    reason: reason === 'Completed' || reason === 'StartError' ? reason : 'Error',
    message: bytes.toString('utf8', end + 1),
  }
}

/** Nothing is known of how it ended: its shim was killed, or the machine went down. The words are Kubernetes'. */
export function vanished(startedAt: string, finishedAt: string): ContainerState {
  return {
    kind: 'exited',
    startedAt,
    finishedAt,
    exitCode: 137,
    signal: 0,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  }
}

/** Field 22 and the state letter of /proc/<pid>/stat. The name in between may hold anything, parentheses too. */
export function parseStat(text: string): { readonly state: string; readonly startTicks: string } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' }
}
