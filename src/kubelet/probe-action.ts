/** What a probe or a lifecycle hook does once: a command, a request, a connection. Any failure is an answer: false. */
import { request as requestPlain } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import type { Container, LifecycleHandler, Probe } from '../resources/core.js'
import type { PodRuntime, PodSandbox } from './runtime.js'

export type Action = Probe | LifecycleHandler

export async function succeeds(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: Container,
  action: Action,
  signal: AbortSignal,
): Promise<boolean> {
  const here = sandbox.podIP
  try {
    if (action.exec !== undefined) {
      return (await runtime.exec(sandbox, container.name, action.exec.command, signal)) === 0
    }
    if (action.tcpSocket !== undefined) {
      const { host, port } = action.tcpSocket
      return await accepts(host || here, portOf(container, port), signal)
    }
    if (action.httpGet !== undefined) {
      const { scheme, host, port, path, httpHeaders = [] } = action.httpGet
      const isTls = (scheme ?? 'HTTP').toUpperCase() === 'HTTPS'
      const url = new URL(path ?? '/', `${isTls ? 'https' : 'http'}://${host || here}:${portOf(container, port)}`)
      const status = await statusOf(
        url,
        Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
        signal,
      )
      return status >= 200 && status < 400
    }
    if ('grpc' in action && action.grpc !== undefined) {
      return await isServing(here, action.grpc.port, action.grpc.service ?? '', signal)
    }
    return true
  } catch {
    return false // refused, timed out, not there: each means "no"
  }
}

function portOf(container: Container, port: number | string): number {
  if (typeof port === 'number') return port
  return container.ports?.find(candidate => candidate.name === port)?.containerPort ?? Number(port)
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

/** As a kubelet: certificates are not checked, and a redirect is an answer like any other. */
function statusOf(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { signal, headers, agent: false, rejectUnauthorized: false } as const
    const request = url.protocol === 'https:' ? requestTls(url, options) : requestPlain(url, options)
    request.once('response', response => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.once('error', reject)
    request.end()
  })
}

/** One byte of a field's number and type, in Protocol Buffers. */
const SERVICE_FIELD = 0x0a
const STATUS_FIELD = 0x08
const SERVING = 1

/** grpc.health.v1.Health/Check, without a library: the request is one text, the answer one number. */
function isServing(host: string, port: number, service: string, signal: AbortSignal): Promise<boolean> {
  const name = Buffer.from(service, 'utf8')
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([SERVICE_FIELD, name.length]), name])
  // Not compressed, and the length in four bytes.
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
  return new Promise(resolve => {
    const session = connectHttp2(`http://${host}:${port}`)
    const finish = (serving: boolean): void => {
      session.destroy()
      resolve(serving)
    }
    session.once('error', () => finish(false))
    signal.addEventListener('abort', () => finish(false), { once: true })
    const headers = { ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', te: 'trailers' }
    const stream = session.request({ ...headers, 'content-type': 'application/grpc' })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', () => finish(false))
    stream.once('end', () => {
      const answer = Buffer.concat(chunks).subarray(5)
      finish(answer[0] === STATUS_FIELD && answer[1] === SERVING)
    })
    stream.end(frame)
  })
}
