/** What a stranger may send to a real `tektite up`: the answer to each, and what is there afterwards. */
import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ConfigMap } from '../../../src/resources/core.js'
import { callApi, engineOfFile, pathOf, waitUntil } from '../../helpers/engine.js'
import { openSlowClients } from './slow-clients.js'

interface Body {
  readonly before?: string
  readonly repeat?: string
  /** Opened and closed again. */
  readonly nest?: readonly [string, string]
  readonly inside?: string
  readonly times: number
  readonly after?: string
}

interface Sent {
  readonly body?: string | Body
  /** In hex. */
  readonly bytes?: string
  readonly answer: number
  readonly says?: string
}

interface Attack extends Sent {
  readonly to?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly chunked?: boolean
  readonly signed?: string
  /** The whole request as it goes over the wire. */
  readonly raw?: string
  readonly again?: Sent
  readonly makes?: readonly string[]
  readonly logged?: readonly string[]
}

const attacks = Object.entries(
  parse(readFileSync(join(import.meta.dirname, 'attacks.cases.yaml'), 'utf8')) as Readonly<Record<string, Attack>>,
)
const engine = engineOfFile('attacks', readFileSync(join(import.meta.dirname, 'manifests.yaml'), 'utf8'))

test.each(attacks)('%s', { timeout: 120_000 }, async (_, attack) => {
  const before = await notes()
  const logged = engine.said().length
  const id = attack.headers?.['x-github-delivery'] ?? randomUUID()
  for (const sent of [attack, ...(attack.again ? [attack.again] : [])]) {
    const { status, text } = attack.raw ? await sendRaw(attack.raw) : await send(attack, sent, id)
    expect([status, text]).toEqual([sent.answer, expect.stringMatching(new RegExp(escaped(sent.says ?? '')))])
    expect(text).not.toMatch(/node_modules|\.js:|right/)
  }
  for (const pattern of attack.logged ?? []) {
    await waitUntil(`the log to say "${pattern}"`, () => engine.said().slice(logged).includes(pattern))
  }
  // A good delivery after it: what was sent before has had its turn, and the listener lives.
  await good(logged)
  const made = (await notes()).filter(({ metadata }) => !before.some(other => other.metadata.uid === metadata.uid))
  expect(made.map(({ data }) => data).filter(data => data?.['text'] !== 'good')).toEqual(
    (attack.makes ?? []).map(text => ({ text, fixed: 'as written' })),
  )
})

const PLENTY = 10_000

test(`${PLENTY} slow clients, which send half a head or half a body, hold up nobody, and are cut off`, {
  timeout: 180_000,
}, async () => {
  const { port } = new URL(engine.hooks)
  const slow = await openSlowClients(Number(port), PLENTY)
  expect(slow.open).toBe(PLENTY)
  await good(engine.said().length)
  // Those whose head does not end: answered 408 by their deadline, one and all.
  const cut = await slow.cutWhileSendingHeads()
  expect(cut).toEqual({ heads: PLENTY / 2, answered408: PLENTY / 2 })
  await good(engine.said().length)
  await slow.end()
})

/** Posts what must be taken, and waits for what it makes. */
async function good(logged: number): Promise<void> {
  const known = (await notes()).length
  const { status } = await send({ to: 'signed', answer: 202 }, { body: '{"text":"good"}', answer: 202 }, randomUUID())
  expect(status).toBe(202)
  await waitUntil('the note of the good delivery', async () =>
    (await notes()).slice(known).some(({ data }) => data?.['text'] === 'good'),
  )
  expect(engine.said().slice(logged)).not.toMatch(/gave a delivery up|uncaught/i)
}

async function notes(): Promise<readonly ConfigMap[]> {
  const { body } = await callApi(engine, 'GET', pathOf('ConfigMap', 'default'))
  const items = body['items'] as ConfigMap[]
  return items
    .filter(({ metadata }) => metadata.name.startsWith('note-'))
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
}

function send(
  { to = '', headers = {}, chunked = false, signed = 'right' }: Attack,
  sent: Sent,
  id: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const bytes = bytesOf(sent)
  const { hostname, port } = new URL(engine.hooks)
  const sending = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': id,
    ...signature(signed, bytes),
    ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes.length }),
    ...headers,
  }
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: `/hooks/default/${to}`, method: 'POST', headers: sending, agent: false }
    const outgoing = request(options, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text })
        outgoing.destroy()
      })
    })
    outgoing.on('error', reject)
    // Left open where it is too much: the answer comes before the end of it.
    if (chunked) outgoing.write(bytes)
    else outgoing.end(bytes)
  })
}

function bytesOf({ body = '', bytes }: Sent): Buffer {
  if (bytes !== undefined) return Buffer.from(bytes, 'hex')
  if (typeof body === 'string') return Buffer.from(body)
  const { before = '', repeat = '', nest = ['', ''], inside = '', times, after = '' } = body
  const [open, close] = nest
  return Buffer.from(before + repeat.repeat(times) + open.repeat(times) + inside + close.repeat(times) + after)
}

function signature(signed: string, bytes: Buffer): Readonly<Record<string, string>> {
  if (signed === 'missing') return {}
  const secret = signed === 'wrong' ? 'wrong' : 'right'
  const over = signed === 'right' || signed === 'wrong' ? bytes : signed
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(over).digest('hex')}` }
}

/** Writes exactly these bytes; the first answer counts, and it must be the only one. */
function sendRaw(bytes: string): Promise<{ readonly status: number; readonly text: string }> {
  const { port } = new URL(engine.hooks)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      expect(text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text })
    })
  })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
