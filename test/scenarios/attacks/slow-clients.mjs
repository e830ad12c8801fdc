/** node slow-clients.mjs <port> <count>: half of them send half a head, the others half a body, and then nothing. */
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)
const HEAD = 'POST /hooks/default/open HTTP/1.1\r\nHost: x\r\n'
const BODY = `${HEAD}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"text":`

/** A few at a time: the kernel's line of connections that nobody has taken yet is short. */
const AT_ONCE = 100
const heads = []
let open = 0
let next = 0
await Promise.all(Array.from({ length: AT_ONCE }, opener))
process.send({ open })
process.once('message', async () => {
  const answers = await Promise.all(heads)
  process.send({ heads: answers.length, answered408: answers.filter(text => text.startsWith('HTTP/1.1 408 ')).length })
})

async function opener() {
  while (next < count) {
    const index = next
    next += 1
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const closed = new Promise(resolve => {
      let text = ''
      socket.on('data', chunk => {
        text += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
    })
    await new Promise(resolve => socket.write(index % 2 === 0 ? HEAD : BODY, resolve))
    if (index % 2 === 0) heads.push(closed)
    open += 1
  }
}
