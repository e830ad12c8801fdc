/** SPDY/3.1 for kubectl before 1.31, which test/e2e/kubectl tries for real: here what a client may send that is none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createFrameReader, dataFrame, pingFrame } from '../../src/api/exec/spdy-frames.js'
import { createHeaderCodec } from '../../src/api/exec/spdy-headers.js'
import { until } from '../kubelet/until.js'
import { type ApiWorld, serveApi, TOKEN } from './world.js'

test('frames are the same however the bytes are cut', () => {
  const frame = fc.oneof(
    fc.record({ stream: fc.nat(0x7fffffff), bytes: fc.uint8Array({ maxLength: 40 }), last: fc.boolean() }),
    fc.nat(0x7fffffff),
  )
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(60), { maxLength: 20 }), (frames, cuts) => {
      const all = Buffer.concat(
        frames.map(one =>
          typeof one === 'number' ? pingFrame(one) : dataFrame(one.stream, Buffer.from(one.bytes), one.last),
        ),
      )
      const read = createFrameReader()
      const seen = []
      let at = 0
      for (const cut of cuts) {
        seen.push(...read(all.subarray(at, at + cut)))
        at += cut
      }
      seen.push(...read(all.subarray(at)))
      expect(seen).toEqual(
        frames.map(one =>
          typeof one === 'number' ? { is: 'ping', id: one } : { is: 'data', ...one, bytes: Buffer.from(one.bytes) },
        ),
      )
    }),
  )
})

test('headers are read as they were written, each block with what went before it', async () => {
  const [writer, reader] = [createHeaderCodec(), createHeaderCodec()]
  onTestFinished(() => [writer, reader].forEach(codec => void codec.close()))
  for (const type of ['error', 'stdin', 'stdout', 'ü'.repeat(500)]) {
    const headers = new Map([
      ['streamtype', type],
      ['port', '80'],
    ])
    expect(await reader.decode(await writer.encode(headers))).toEqual(headers)
  }
  await expect(reader.decode(Buffer.from('no zlib'))).rejects.toThrow()
})

/** Through the door, with a command that would run for ever. */
async function shakeHands(): Promise<{ socket: Socket; world: ApiWorld; killed: () => boolean; said: () => string }> {
  let signal: AbortSignal | undefined
  const world = await serveApi({
    async exec(_key, _options, given) {
      signal = given
      const child = spawn('sleep', ['600'], { signal: given, killSignal: 'SIGKILL' })
      child.on('error', () => undefined)
      const { stdout, stderr, stdin } = child
      const ended = new Promise<number>(resolve => child.once('close', code => resolve(code ?? 137)))
      return { stdin, stdout, stderr, resize: () => undefined, ended }
    },
  })
  await world.cluster.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ci', name: 'p' },
    spec: { containers: [{ name: 'step', image: 'i' }] },
  } as never)
  const socket = createConnection(world.port, '127.0.0.1')
  let said = ''
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  const head = [
    'POST /api/v1/namespaces/ci/pods/p/exec?command=sleep&stdin=true&stdout=true HTTP/1.1',
    'host: x',
    `authorization: Bearer ${TOKEN}`,
    'connection: Upgrade',
    'upgrade: SPDY/3.1',
    'x-stream-protocol-version: v4.channel.k8s.io',
    'x-stream-protocol-version: v3.channel.k8s.io',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  await until('the answer', () => said.includes('\r\n\r\n'))
  return { socket, world, killed: () => signal?.aborted === true, said: () => said }
}

test.each([
  ['bytes that are no frame', Buffer.alloc(64, 0xff)],
  ['a frame that is too large', Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])],
  ['another version', Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])],
  ['a stream without its number', Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 1, 0])],
  ['headers that are none', Buffer.concat([Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 14]), Buffer.alloc(14, 7)])],
])('%s end the connection and the command, and nothing else', async (_, bytes) => {
  const { socket, world, killed, said } = await shakeHands()
  expect(said()).toMatch(/^HTTP\/1\.1 101 .*X-Stream-Protocol-Version: v4\.channel\.k8s\.io/s)
  const closed = once(socket, 'close')
  socket.write(bytes)
  await closed
  await until('the command to be killed', killed)
  expect(world.lines).toEqual([])
  expect((await world.call('GET', '/version')).status).toBe(200)
})

test('a ping is answered, and a client that goes away takes its command with it', async () => {
  const { socket, killed, said } = await shakeHands()
  socket.write(pingFrame(7))
  await until('the answer', () => said().endsWith(pingFrame(7).toString('latin1')))
  expect(killed()).toBe(false)
  socket.destroy()
  await until('the command to be killed', killed)
})
