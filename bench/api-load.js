/**
 * The clients of `bench/api.js`, in a process of their own: requests written by hand over TLS connections that are kept,
 * one after the other on each, so that the clients cost as little of the machine as may be.
 */
import { connect } from 'node:tls'

const EMPTY = Buffer.alloc(0)

/** One connection. */
async function open({ host, port, ca, token }) {
  const socket = connect({ host, port, ca, servername: 'localhost', checkServerIdentity: () => undefined })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.setNoDelay(true)
  let buffered = EMPTY
  // Of an answer in pieces: put together when all are there, as a copy for each would cost more than the server does.
  let pieces = []
  let missing = 0
  let waiting
  socket.on('data', chunk => {
    pieces.push(chunk)
    missing -= chunk.length
    if (missing > 0) return
    buffered = pieces.length === 1 && buffered.length === 0 ? chunk : Buffer.concat([buffered, ...pieces])
    pieces = []
    const answer = waiting && answerIn(buffered)
    if (!answer) {
      missing = missingOf(buffered)
      return
    }
    buffered = buffered.subarray(answer.end)
    const resolve = waiting
    waiting = undefined
    resolve(answer)
  })
  const head = `host: localhost\r\nauthorization: Bearer ${token}\r\naccept: application/json\r\n`
  const text = (method, path, body) => {
    if (body === undefined) return `${method} ${path} HTTP/1.1\r\n${head}\r\n`
    const length = Buffer.byteLength(body)
    return `${method} ${path} HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
  }
  return {
    socket,
    start: (method, path) => socket.write(text(method, path)),
    send(method, path, body) {
      return new Promise(resolve => {
        waiting = resolve
        socket.write(text(method, path, body))
      })
    },
    close: () => socket.destroy(),
  }
}

/** How much of an answer with a known length is yet to come. */
function missingOf(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  const length = headEnd < 0 ? null : /content-length: (\d+)/i.exec(bytes.latin1Slice(0, headEnd))
  return length ? headEnd + 4 + Number(length[1]) - bytes.length : 0
}

/** The first whole answer, or undefined. */
function answerIn(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.latin1Slice(0, headEnd).toLowerCase()
  const code = Number(head.slice(9, 12))
  const length = /content-length: (\d+)/.exec(head)
  if (length) {
    const end = headEnd + 4 + Number(length[1])
    return bytes.length < end ? undefined : { code, end, body: bytes.subarray(headEnd + 4, end) }
  }
  const parts = []
  for (let at = headEnd + 4; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.latin1Slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (bytes.length < end) return undefined
    if (size === 0) return { code, end, body: parts.length === 1 ? parts[0] : Buffer.concat(parts) }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = end
  }
}

/** What each client does over and over: `state` is its own. Resolves to the code that it expects. */
const ACTS = {
  create: (connection, { collection, object }, state) => {
    const named = object.replace('NAME', `${state.prefix}-${state.count++}`)
    return connection.send('POST', collection, named)
  },
  async put(connection, { collection, object, subresource = '' }, state) {
    const path = `${collection}/${state.prefix}`
    state.body ??= JSON.parse((await connection.send('POST', collection, object.replace('NAME', state.prefix))).body)
    state.body = changed(state.body, `${state.count++}`, subresource)
    const answer = await connection.send('PUT', `${path}${subresource}`, JSON.stringify(state.body))
    if (answer.code === 200) state.body = JSON.parse(answer.body)
    return answer
  },
  get: (connection, { path }) => connection.send('GET', path),
}

function changed(object, value, subresource) {
  if (subresource === '') return { ...object, data: { ...object.data, counter: value } }
  return { ...object, status: { active: Number(value) } }
}

/** As many requests as go, on so many connections, for so long. */
async function requests({ server, act, connections, seconds, ...task }) {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(server)))
  const samples = []
  let count = 0
  let measuring = false
  let done = false
  const loops = clients.map(async (client, index) => {
    const state = { prefix: `${task.prefix}-${index}`, count: 0 }
    while (!done) {
      const began = performance.now()
      const { code, body } = await ACTS[act](client, task, state)
      if (code >= 300) throw new Error(`${act}: ${code} ${body}`)
      count += 1
      if (measuring) samples.push(performance.now() - began)
    }
  })
  await pause(500)
  measuring = true
  const began = performance.now()
  await pause(seconds * 1000)
  const took = (performance.now() - began) / 1000
  const counted = samples.length
  done = true
  await Promise.all(loops)
  for (const client of clients) client.close()
  return { perSecond: counted / took, samples: samples.slice(0, counted), count }
}

/** So many objects, round the connections. */
async function fill({ server, collection, object, count, prefix }) {
  const clients = await Promise.all(Array.from({ length: 32 }, () => open(server)))
  let next = 0
  await Promise.all(
    clients.map(async client => {
      while (next < count) {
        const { code, body } = await client.send('POST', collection, object.replace('NAME', `${prefix}-${next++}`))
        if (code !== 201) throw new Error(`fill: ${code} ${body}`)
      }
    }),
  )
  for (const client of clients) client.close()
}

/** The time of one whole list, and its size. */
async function lists({ server, path, rounds }) {
  const client = await open(server)
  const samples = []
  let bytes = 0
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now()
    const { code, body } = await client.send('GET', path)
    if (code !== 200) throw new Error(`list: ${code} ${body}`)
    samples.push(performance.now() - began)
    bytes = body.length
  }
  client.close()
  return { samples, bytes }
}

/** Watches of one collection. Each event carries when it was sent; a tenth of the watchers look at it, all are counted. */
async function watch({ server, path, watchers }) {
  const clients = await Promise.all(Array.from({ length: watchers }, () => open(server)))
  const samples = []
  let events = 0
  for (const [index, client] of clients.entries()) {
    client.socket.removeAllListeners('data')
    client.socket.on('data', chunk => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) if (chunk[at - 1] === 125) events += 1
      if (index % 10 !== 0) return
      const now = performance.timeOrigin + performance.now()
      for (const [, sentAt] of chunk.latin1Slice().matchAll(/"sentAt":"([\d.]+)"/g)) samples.push(now - Number(sentAt))
    })
    client.start('GET', path)
  }
  await pause(1000)
  return {
    finish() {
      for (const client of clients) client.close()
      return { samples, events }
    },
  }
}

/** Updates at a steady pace, round the connections; each says when it was sent. */
async function updates({ server, collection, object, connections, perSecond, seconds }) {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(server)))
  const states = await Promise.all(
    clients.map(async (client, index) => {
      const made = await client.send('POST', collection, object.replace('NAME', `updated-${index}`))
      return JSON.parse(made.body)
    }),
  )
  const began = performance.now()
  let sent = 0
  await Promise.all(
    clients.map(async (client, index) => {
      for (let n = 0; n < (perSecond * seconds) / connections; n += 1) {
        const due = began + ((n * connections + index) * 1000) / perSecond
        await pause(due - performance.now())
        const sentAt = `${(performance.timeOrigin + performance.now()).toFixed(2)}`
        const body = { ...states[index], data: { ...states[index].data, sentAt } }
        const answer = await client.send('PUT', `${collection}/updated-${index}`, JSON.stringify(body))
        if (answer.code !== 200) throw new Error(`update: ${answer.code} ${answer.body}`)
        states[index] = JSON.parse(answer.body)
        sent += 1
      }
    }),
  )
  const took = (performance.now() - began) / 1000
  await pause(1000)
  for (const client of clients) client.close()
  return { sent, perSecond: sent / took }
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))
}

let watching
process.on('message', async ({ task, ...options }) => {
  try {
    if (task === 'watch') {
      watching = await watch(options)
      process.send({ is: 'done' })
    } else if (task === 'finish') process.send({ is: 'done', ...watching.finish() })
    else process.send({ is: 'done', ...(await { requests, fill, lists, updates }[task](options)) })
  } catch (error) {
    process.send({ is: 'failed', error: String(error?.stack ?? error) })
  }
})
