/**
 * The sender of bench/inbox.js and bench/triggers.js, in a process of its own so that it does not share the engine's
 * thread. Speaks just enough HTTP over keep-alive sockets to cost little itself. Prints the figures of one round as JSON.
 *
 *     node bench/deliver.js <port> <path> <count> <connections> <secret> [<file with the body> [<pause in ms>]]
 *
 * With a pause, each connection waits that long between an answer and its next delivery.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

const [port, path, count, connections, secret, bodyFile, pause = '0'] = process.argv.slice(2)
const BODY = bodyFile
  ? readFileSync(bodyFile, 'utf8')
  : JSON.stringify({ action: 'opened', padding: 'x'.repeat(10_240 - 33) })
const SIGNATURE = `sha256=${createHmac('sha256', secret).update(BODY).digest('hex')}`

let left = Number(count)
const latencies = []
const ids = []
const started = performance.now()
await Promise.all(Array.from({ length: Number(connections) }, send))
const seconds = (performance.now() - started) / 1_000
process.stdout.write(JSON.stringify({ perSecond: latencies.length / seconds, latencies, ids }))

/** One connection: one delivery after the other, until all are sent. */
function send() {
  return new Promise((resolve, reject) => {
    let socket
    let sentAt = 0
    let answer = ''
    const next = () => {
      if (left <= 0) {
        socket.destroy()
        return resolve()
      }
      left -= 1
      sentAt = performance.now()
      socket.write(request())
    }
    const open = () => {
      socket = connect(Number(port), '127.0.0.1', next)
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.on('data', chunk => {
        answer += chunk
        const end = answer.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0)
        if (answer.length < end + 4 + length) return
        if (!answer.startsWith('HTTP/1.1 202')) return reject(new Error(answer))
        latencies.push(performance.now() - sentAt)
        // The listener ends a connection after a number of requests.
        const closes = /connection: close/i.test(answer)
        answer = ''
        if (!closes && pause === '0') return next()
        if (!closes) return setTimeout(next, Number(pause))
        socket.destroy()
        open()
      })
    }
    open()
  })
}

function request() {
  const id = randomUUID()
  ids.push(id)
  return [
    `POST ${path} HTTP/1.1`,
    'host: bench',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(BODY)}`,
    'x-github-event: push',
    `x-github-delivery: ${id}`,
    `x-hub-signature-256: ${SIGNATURE}`,
    '',
    BODY,
  ].join('\r\n')
}
