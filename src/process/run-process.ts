/**
 * The life of a process: flags, health, work, an orderly stop.
 *
 *   starting  health answers, `/readyz` says what is waited for
 *   running   until SIGTERM or SIGINT
 *   stopping  `/readyz` fails at once; what is under way ends and is handed over; exit code 0
 *             a second signal, or 9.5 s, ends it at once: exit code 1
 */

import { setMaxListeners } from 'node:events'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type HealthServer, type Observed, startHealthServer } from './health-server.js'

/** Kubernetes kills 30 s after SIGTERM, and people are told 10. */
const STOP_WITHIN_MS = 9_500

/** What the process was told, or was given, cannot be worked with: another start changes nothing. */
export class ToldWrong extends Error {
  override readonly name = 'ToldWrong'
}

export interface Life {
  readonly log: Log
  /** Aborted at SIGTERM. */
  readonly stopping: AbortSignal
  /** More checks, from now on. */
  watch(more: Partial<Pick<Observed, 'livez' | 'readyz' | 'metrics'>>): void
  /** What closes one part; called in the reverse order. */
  onStop(close: () => Promise<void>): void
}

/** Resolves to the exit code. `work` resolves when all is started; it is not waited for at a stop. */
export async function runProcess(
  { metricsPort, log }: { readonly metricsPort: number; readonly log: Log },
  work: (life: Life) => Promise<void>,
): Promise<number> {
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const closing: (() => Promise<void>)[] = []
  let isStarted = false
  let observed: Observed = {
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [
      { name: 'started', problem: () => (isStarted ? undefined : 'not yet') },
      { name: 'shutdown', problem: () => (stopping.signal.aborted ? 'stopping' : undefined) },
    ],
    metrics: undefined,
  }
  const life: Life = {
    log,
    stopping: stopping.signal,
    watch: ({ livez = [], readyz = [], metrics = observed.metrics }) => {
      observed = { livez: [...observed.livez, ...livez], readyz: [...observed.readyz, ...readyz], metrics }
    },
    onStop: close => closing.unshift(close),
  }
  const health = await openHealth(metricsPort, () => observed, log)
  if (health === undefined) return 2
  log.info('starting', { metricsPort: health.port })
  const signalled = new Promise<void>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping.signal.aborted) process.exit(1)
        log.info('stopping', { signal })
        stopping.abort()
        resolve()
      })
    }
  })
  const failed = work(life).then(
    () => {
      isStarted = true
      log.info('started', { sinceProcessStartMs: Math.round(performance.now()) })
      return new Promise<never>(() => {})
    },
    (error: unknown) => error,
  )
  const end = await Promise.race([signalled, failed])
  stopping.abort()
  if (end !== undefined) log.error('ended', { error: describeError(end) })
  setTimeout(() => {
    log.warn('not everything ended in time', { withinMs: STOP_WITHIN_MS })
    process.exit(1)
  }, STOP_WITHIN_MS).unref()
  for (const close of closing) {
    await close().catch((error: unknown) => log.warn('stopping', { error: describeError(error) }))
  }
  await health.close()
  log.info('stopped')
  if (end === undefined) return 0
  return end instanceof ToldWrong ? 2 : 1
}

async function openHealth(port: number, observed: () => Observed, log: Log): Promise<HealthServer | undefined> {
  try {
    return await startHealthServer(port, observed)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is in use by another process' : describeError(error)
    const wayOut = 'give another with --metrics-port, or 0 for any free one'
    log.error('ended', { error: `port ${port} ${why}: ${wayOut}` })
    return undefined
  }
}
