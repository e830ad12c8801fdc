import { connect } from 'node:net'
import type { Container, Probe } from '../resources/core.js'
import type { PodRuntime, PodSandbox } from './runtime.js'

/** Until a container is ready for the first time its pipeline waits: look more often than the Pod asks for. */
const EAGER_PERIOD_MS = 250

/** Kubernetes' defaults. */
const DEFAULT_PERIOD_SECONDS = 10
const DEFAULT_TIMEOUT_SECONDS = 1
const DEFAULT_FAILURE_THRESHOLD = 3

/** Probes a running container until `signal` aborts, and tells each time its readiness has changed. */
export async function probeReadiness(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: Container,
  probe: Probe,
  tell: (ready: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  let ready = false
  let successes = 0
  let failures = 0
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal)
  while (!signal.aborted) {
    const timeout = AbortSignal.timeout((probe.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000)
    const answered = await answers(runtime, sandbox, container, probe, AbortSignal.any([signal, timeout]))
    if (signal.aborted) return
    successes = answered ? successes + 1 : 0
    failures = answered ? 0 : failures + 1
    const change = ready
      ? failures >= (probe.failureThreshold ?? DEFAULT_FAILURE_THRESHOLD)
      : successes >= (probe.successThreshold ?? 1)
    if (change) {
      ready = !ready
      tell(ready)
    }
    const periodMs = (probe.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * 1000
    await pause(ready ? periodMs : Math.min(periodMs, EAGER_PERIOD_MS), signal)
  }
}

async function answers(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: Container,
  probe: Probe,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    if (probe.exec !== undefined) {
      return (await runtime.exec(sandbox, container.name, probe.exec.command, signal)) === 0
    }
    if (probe.tcpSocket !== undefined) {
      const { host, port } = probe.tcpSocket
      return await accepts(host ?? sandbox.podIP, portOf(container, port), signal)
    }
    if (probe.httpGet !== undefined) {
      const { scheme, host, port, path } = probe.httpGet
      const origin = `${(scheme ?? 'HTTP').toLowerCase()}://${host ?? sandbox.podIP}:${portOf(container, port)}`
      const response = await fetch(new URL(path ?? '/', origin), { signal, redirect: 'manual' })
      await response.body?.cancel()
      return response.status >= 200 && response.status < 400
    }
    return true
  } catch {
    return false // refused, timed out, not there: each means "not ready"
  }
}

function portOf(container: Container, port: number | string): number {
  if (typeof port === 'number') return port
  return (
    container.ports?.find(candidate => 'name' in candidate && candidate.name === port)?.containerPort ?? Number(port)
  )
}

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, signal })
    const finish = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(finish, ms)
    function finish(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
