/** `pods/exec` over WebSocket, as kubectl speaks it, with a process of this machine for the container's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { builtInUser } from '../../src/api/access/users.js'
import type { RunningCommand } from '../../src/api/exec/session.js'
import type { ApiDeps } from '../../src/api/server.js'
import { cases } from '../helpers/cases.js'
import { until } from '../kubelet/until.js'
import { type ApiWorld, serveApi, TOKEN } from './world.js'

const PATH = '/api/v1/namespaces/ci/pods/p/exec'
const VIEW = { token: 'view-token', user: builtInUser('view') }

/** What runs in the container `step`; nothing else does. */
const runHere: NonNullable<ApiDeps['exec']> = async ({ container }, { command, input }, signal) => {
  if (container !== 'step') return undefined
  const [program = '', ...args] = command
  const child = spawn(program, args, { signal, killSignal: 'SIGKILL' })
  child.on('error', () => undefined)
  if (!input) child.stdin.end()
  return {
    stdin: input ? child.stdin : undefined,
    stdout: child.stdout,
    stderr: child.stderr,
    resize: () => undefined,
    ended: new Promise(resolve => child.once('close', code => resolve(code ?? 137))),
  }
}

async function world(exec = runHere, phase = 'Running'): Promise<ApiWorld> {
  const api = await serveApi({ exec, users: [VIEW] })
  const pod = await api.cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ci', name: 'p' },
    spec: {
      containers: [
        { name: 'step', image: 'i' },
        { name: 'other', image: 'i' },
      ],
    },
  } as never)
  await api.cluster.replaceStatus('Pod', { ...(pod as object), status: { phase } } as never)
  return api
}

interface Session {
  readonly socket: WebSocket
  /** What came on each channel. */
  readonly channels: Map<number, string>
  readonly type: (text: string) => void
  readonly closed: Promise<number>
}

async function open({ port }: ApiWorld, query: string, protocol = 'v5.channel.k8s.io'): Promise<Session> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const socket = new WebSocket(`ws://127.0.0.1:${port}${PATH}?container=step&${query}`, [protocol], { headers })
  const channels = new Map<number, string>()
  socket.on('message', (data: Buffer) => {
    const [channel = -1] = data
    channels.set(channel, (channels.get(channel) ?? '') + data.subarray(1).toString())
  })
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  return { socket, channels, closed, type: text => socket.send(Buffer.concat([Buffer.of(0), Buffer.from(text)])) }
}

const commandOf = (script: string) => `command=sh&command=-c&command=${encodeURIComponent(script)}`

test('output, errors and the exit code come on their channels', async () => {
  const session = await open(await world(), `stdout=true&stderr=true&${commandOf('echo out; echo err >&2; exit 7')}`)
  expect(await session.closed).toBe(1000)
  expect([session.channels.get(1), session.channels.get(2)]).toEqual(['out\n', 'err\n'])
  expect(JSON.parse(session.channels.get(3) ?? '')).toEqual({
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: exit status 7',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  })
})

test('what is typed arrives, and its end; what nobody asked for does not come', async () => {
  const session = await open(await world(), `stdin=true&stdout=true&${commandOf('cat; echo err >&2')}`)
  expect(session.socket.protocol).toBe('v5.channel.k8s.io')
  session.type('one ')
  session.type('two')
  session.socket.send(Buffer.of(255, 0))
  await session.closed
  expect([session.channels.get(1), session.channels.get(2)]).toEqual(['one two', undefined])
  expect(JSON.parse(session.channels.get(3) ?? '')).toEqual({ metadata: {}, status: 'Success' })
})

test('the older protocol is spoken, too', async () => {
  const session = await open(await world(), `stdin=true&stdout=true&${commandOf('head -c 3')}`, 'v4.channel.k8s.io')
  session.type('abc')
  await session.closed
  expect([session.socket.protocol, session.channels.get(1)]).toEqual(['v4.channel.k8s.io', 'abc'])
})

test('megabytes go through, both ways', async () => {
  const text = 'x'.repeat(64 * 1024)
  const session = await open(await world(), 'stdin=true&stdout=true&command=cat')
  for (let count = 0; count < 64; count += 1) session.type(text)
  session.socket.send(Buffer.of(255, 0))
  await session.closed
  expect(session.channels.get(1)?.length).toBe(64 * text.length)
})

test('a size of the terminal is passed on', async () => {
  const sizes: (readonly number[])[] = []
  const exec: typeof runHere = async (key, options, signal) => {
    const command = (await runHere(key, options, signal)) as RunningCommand
    return { ...command, resize: (...size) => void sizes.push(size) }
  }
  const session = await open(await world(exec), 'stdin=true&stdout=true&tty=true&command=cat')
  for (const text of ['{"Width":80,"Height":24}', 'nothing', '{"Height":1,"Width":9999999}']) {
    session.socket.send(Buffer.concat([Buffer.of(4), Buffer.from(text)]))
  }
  session.socket.send(Buffer.of(255, 0))
  await session.closed
  expect(sizes).toEqual([[80, 24]])
})

test('commands that start at the same moment are counted, too', async () => {
  let [asked, start] = [0, () => {}]
  const started = new Promise<void>(resolve => (start = resolve))
  const api = await world(async () => {
    asked += 1
    await started
    return undefined
  })
  let refused = 0
  const path = `${PATH}?container=step&stdout=true&command=cat`
  const answers = Array.from({ length: 70 }, async () => {
    const [status] = await ask(api, path, WEB_SOCKET)
    if (status === 429) refused += 1
    return status
  })
  await until('all to be asked for', () => asked + refused === 70)
  start()
  // The others found no container, and are counted no longer.
  const statuses = await Promise.all(answers)
  expect([statuses.filter(status => status === 400).length, refused]).toEqual([64, 6])
  const session = await open(await world(), 'stdout=true&command=true')
  expect(await session.closed).toBe(1000)
})

test('a client that goes away takes its command with it', async () => {
  let killed = 0
  const exec: typeof runHere = async (key, options, signal) => {
    signal.addEventListener('abort', () => (killed += 1), { once: true })
    return runHere(key, options, signal)
  }
  const api = await world(exec)
  const session = await open(api, 'stdout=true&command=sleep&command=600')
  session.socket.terminate()
  await until('the command to be killed', () => killed === 1)
  expect(api.lines).toEqual([])
})

test('who reads nothing holds up neither the command nor the end of the server', async () => {
  let asked: AbortSignal | undefined
  const api = await world((key, options, signal) => {
    asked = signal
    return runHere(key, options, signal)
  })
  const { socket, closed } = await open(api, 'stdout=true&command=yes')
  socket.pause()
  await api.close()
  expect(asked?.aborted).toBe(true)
  socket.resume()
  expect(await closed).toBeGreaterThan(0)
})

function ask({ port }: ApiWorld, path: string, headers: Readonly<Record<string, string>>): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      agent: false,
    }
    const sending = request(options, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    })
    sending.on('upgrade', () => reject(new Error('upgraded')))
    sending.on('error', reject)
    sending.end()
  })
}

const WEB_SOCKET = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'v4.channel.k8s.io',
}

test.each(
  cases({
    'a request that stays HTTP': { headers: {}, status: 400, message: 'Upgrade request required' },
    'a protocol of nobody': {
      headers: { ...WEB_SOCKET, 'sec-websocket-protocol': 'chat' },
      status: 400,
      message: 'unable to negotiate a protocol: offer v5.channel.k8s.io or v4.channel.k8s.io',
    },
    'an older protocol over SPDY': {
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v2.channel.k8s.io' },
      status: 400,
      message: 'unable to negotiate a protocol: offer v4.channel.k8s.io',
    },
    'no command': {
      query: 'stdout=true',
      status: 400,
      message: 'you must specify at least one command for the container',
    },
    'no stream': { query: 'command=id', status: 400, message: 'you must specify at least 1 of stdin, stdout, stderr' },
    'a NUL': { query: 'stdout=true&command=a%00b', status: 400, message: 'no part of a command can hold a NUL' },
    'no container of several': {
      query: 'stdout=true&command=id',
      container: '',
      status: 400,
      message: 'a container name must be specified for pod p, choose one of: [step other]',
    },
    'a container that does not run': { container: 'other', status: 400, message: 'container not found ("other")' },
    'a Pod that is over': {
      phase: 'Succeeded',
      status: 400,
      message: 'cannot exec into a container in a completed pod; current phase is Succeeded',
    },
    'the role view': {
      headers: { ...WEB_SOCKET, authorization: `Bearer ${VIEW.token}` },
      status: 403,
      message:
        'pods "p" is forbidden: User "tektite:view" cannot create resource "pods/exec" in API group "" in the namespace "ci"',
    },
    'no token': { headers: { ...WEB_SOCKET, authorization: '' }, status: 401, message: 'Unauthorized' },
    attach: {
      verb: 'attach',
      status: 400,
      message:
        'attach is not supported by Tektite: a step has no standard input; kubectl logs -f shows what it says, kubectl exec runs a command beside it',
    },
    'port-forward': {
      verb: 'portforward',
      status: 400,
      message:
        'portforward is not supported by Tektite: steps and sidecars listen on ports of the machine that runs them; connect to those',
    },
  }),
)('asked with %s, nothing runs and the answer says why', async (_, one) => {
  let count = 0
  const exec: typeof runHere = (...asked) => {
    count += 1
    return runHere(...asked)
  }
  const api = await world(exec, 'phase' in one ? one.phase : 'Running')
  const container = 'container' in one ? one.container : 'step'
  const query = 'query' in one ? one.query : 'stdout=true&command=id'
  const path = `${PATH.replace('exec', 'verb' in one ? one.verb : 'exec')}?container=${container}&${query}`
  const [status, text] = await ask(api, path, 'headers' in one ? one.headers : WEB_SOCKET)
  expect([status, JSON.parse(text)]).toMatchObject([one.status, { kind: 'Status', message: one.message }])
  expect(count).toBe('container' in one && one.container === 'other' ? 1 : 0)
})

test.each(['h2c', 'TLS/1.2', 'nonsense'])(
  'who would like %s for any other request is answered as if not',
  async protocol => {
    const api = await world()
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: protocol,
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    }
    const [status, text] = await ask(api, '/version', headers)
    expect([status, JSON.parse(text)]).toMatchObject([200, { major: '1' }])
    expect(await ask(api, '/api/v1/namespaces/ci/pods/none', headers)).toMatchObject([404, expect.any(String)])
    expect((await ask(api, '/version', WEB_SOCKET))[0]).toBe(200)
  },
)
