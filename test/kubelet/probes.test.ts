import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAttendance } from '../../src/kubelet/attendance.js'
import { type Action, succeeds } from '../../src/kubelet/probe-action.js'
import { watchProbe } from '../../src/kubelet/probes.js'
import type { PodRuntime, PodSandbox } from '../../src/kubelet/runtime.js'
import type { Pod, Probe } from '../../src/resources/core.js'

describe('watching', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** When the answer changed, in ms. `good` says how a probe at that time would be answered. */
  async function changes(probe: Probe, initially: boolean, good: (ms: number) => boolean, untilMs: number) {
    const abort = new AbortController()
    const from = Date.now()
    const told: (readonly [number, boolean])[] = []
    const watching = watchProbe(
      {
        probe,
        initially,
        ask: async () => good(Date.now() - from),
        tell: change => {
          told.push([Date.now() - from, change])
          return true
        },
      },
      abort.signal,
    )
    await vi.advanceTimersByTimeAsync(untilMs)
    abort.abort()
    await watching
    return told
  }

  test('readiness is seen soon after it comes, however long the period', async () => {
    expect(await changes({ periodSeconds: 10 }, false, ms => ms >= 600, 20_000)).toEqual([[750, true]])
  })

  test('readiness goes after as many failures as the probe says, a period apart', async () => {
    const probe = { periodSeconds: 2, failureThreshold: 2 }
    expect(await changes(probe, false, ms => ms < 3_000, 20_000)).toEqual([
      [0, true],
      [6_000, false],
    ])
  })

  test('and comes again after as many successes', async () => {
    const probe = { periodSeconds: 1, failureThreshold: 1, successThreshold: 3 }
    const told = await changes(probe, false, ms => ms < 1_000 || ms > 3_000, 10_000)
    expect(told.map(([, good]) => good)).toEqual([true, false, true])
  })

  test('what never starts has failed when its threshold of whole periods is over', async () => {
    const probe = { initialDelaySeconds: 5, periodSeconds: 2, failureThreshold: 3 }
    const told = await changes(probe, false, () => false, 60_000)
    expect(told).toEqual([[5_000 + 3 * 2_000 - 250, false]])
  })

  test('liveness counts failures in a row only', async () => {
    const probe = { periodSeconds: 1, failureThreshold: 3 }
    expect(await changes(probe, true, ms => ms % 3_000 === 0, 20_000)).toEqual([])
    expect(await changes(probe, true, ms => ms < 2_000, 20_000)).toEqual([[4_000, false]])
  })
})

test.each([
  { timeoutSeconds: -1 },
  { timeoutSeconds: 5_000_000 },
  { periodSeconds: -5 },
  { periodSeconds: 3_000_000_000 },
  { initialDelaySeconds: -1, failureThreshold: -1, successThreshold: -1 },
])('numbers that no API server or timer takes neither throw nor make it spin: %j', async probe => {
  vi.useFakeTimers()
  try {
    const abort = new AbortController()
    let asked = 0
    const ask = async () => {
      asked += 1
      return true
    }
    const watching = watchProbe({ probe, initially: false, ask, tell: () => true }, abort.signal)
    await vi.advanceTimersByTimeAsync(5_000)
    abort.abort()
    await watching
    expect(asked).toBe(1)
  } finally {
    vi.useRealTimers()
  }
})

test('a hook before the stop is run whatever the grace is', async () => {
  const container = { name: 'c', image: 'any', lifecycle: { preStop: { sleep: { seconds: 0 } } } }
  const pod = { metadata: { name: 'p' }, spec: { containers: [container] } } as unknown as Pod
  const unused = {} as never
  const notice = () => undefined
  const attendance = createAttendance({
    runtime: unused,
    logs: unused,
    log: unused,
    now: () => 0,
    adopted: false,
    notice,
  })
  expect(await attendance.beforeStop(pod, unused, 'c', 1e13)).toBe(0)
})

test('an answer that does not come in time is a no', async () => {
  const answers: boolean[] = []
  const silent = (signal: AbortSignal) =>
    new Promise<boolean>(resolve => signal.addEventListener('abort', () => resolve(false)))
  await watchProbe(
    {
      probe: { periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 0.01 },
      initially: true,
      ask: silent,
      tell: good => {
        answers.push(good)
        return false
      },
    },
    new AbortController().signal,
  )
  expect(answers).toEqual([false])
})

describe('acting', () => {
  const sandbox: PodSandbox = { uid: 'u', namespace: 'ci', name: 'p', rootDir: '/none', podIP: '127.0.0.1' }
  const noRuntime = { exec: () => Promise.reject(new Error('not asked for')) } as unknown as PodRuntime
  const act = (action: Action, port = 0): Promise<boolean> => {
    const container = { name: 'c', image: 'any', ports: [{ name: 'web', containerPort: port }] }
    return succeeds(noRuntime, sandbox, container, action, AbortSignal.timeout(10_000))
  }
  const listening = async (server: Server): Promise<number> => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  test('a request with its headers; only 2xx and 3xx are well', async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.headers['x-code'] === undefined ? 500 : Number(request.headers['x-code'])).end()
    })
    const port = await listening(server)
    const get = (code: string, path = '/') => ({
      httpGet: { port: 'web', path, httpHeaders: [{ name: 'X-Code', value: code }] },
    })
    expect(await act(get('204'), port)).toBe(true)
    expect(await act(get('302'), port)).toBe(true)
    expect(await act(get('404'), port)).toBe(false)
    expect(await act({ httpGet: { port } })).toBe(false)
    expect(await act({ tcpSocket: { port: 'web' } }, port)).toBe(true)
    await new Promise(resolve => server.close(resolve))
    expect(await act({ tcpSocket: { port } })).toBe(false)
    expect(await act(get('204'), port)).toBe(false)
  })

  test('gRPC health: only a service that is SERVING is well', async () => {
    const asked: string[] = []
    const server = createHttp2Server()
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const service = Buffer.concat(chunks).subarray(7).toString()
        asked.push(`${headers[':path']} ${service}`)
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, service === 'good' ? 1 : 2]))
      })
    })
    const port = await listening(server)
    expect(await act({ grpc: { port, service: 'good' } })).toBe(true)
    expect(await act({ grpc: { port, service: 'bad' } })).toBe(false)
    expect(asked).toEqual(['/grpc.health.v1.Health/Check good', '/grpc.health.v1.Health/Check bad'])
    await new Promise(resolve => server.close(resolve))
    expect(await act({ grpc: { port } })).toBe(false)
  })
})
