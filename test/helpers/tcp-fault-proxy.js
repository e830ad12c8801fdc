/**
 * Stands between clients and one server on loopback, below any protocol: connections are cut, slowed down, left half-open,
 * or cut in such a way that what was asked is done and the answer is lost. JavaScript, for the programs beside the tests.
 */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'

/**
 * @param {number} serverPort
 * @param {number} [port] where to listen; any free one by default
 */
export async function startTcpFaultProxy(serverPort, port = 0) {
  const links = new Set()
  let delayMs = 0

  const proxy = createServer({ noDelay: true }, client => {
    const server = createConnection({ host: '127.0.0.1', port: serverPort, noDelay: true })
    const link = { client, server, mode: 'pass' }
    links.add(link)
    carry(link, client, server, mode => mode === 'pass' || mode === 'lose answers')
    carry(link, server, client, mode => mode === 'pass')
    for (const side of [client, server]) {
      side.on('error', () => {})
      side.once('close', () => {
        // Half-open is when one side is gone and the other is not told.
        if (link.mode !== 'half-open') end(link)
      })
    }
  })

  /** What a link does not carry is read all the same, and forgotten. */
  function carry(link, from, to, carries) {
    let waiting = 0
    let last = Promise.resolve()
    const pass = bytes => {
      if (!carries(link.mode) || to.destroyed || to.write(bytes)) return
      from.pause()
      to.once('drain', () => from.resume())
    }
    from.on('data', bytes => {
      if (delayMs === 0 && waiting === 0) return pass(bytes)
      // One after the other, or what comes later would arrive earlier when the delay gets shorter.
      const at = Date.now() + delayMs
      waiting += 1
      last = last
        .then(() => new Promise(resolve => setTimeout(resolve, at - Date.now())))
        .then(() => {
          waiting -= 1
          pass(bytes)
        })
    })
  }

  function end(link) {
    links.delete(link)
    link.client.destroy()
    link.server.destroy()
  }

  /** @param {(link: unknown) => boolean} chosen */
  function each(chosen, treat) {
    const found = [...links].filter(link => chosen(link))
    for (const link of found) treat(link)
    return found.length
  }

  proxy.listen(port, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: proxy.address().port,
    connections: () => links.size,
    /** Each answers how many connections it was done to. `chosen` says of each whether it is. */
    cut: (chosen = () => true) => each(chosen, end),
    /** Requests still arrive; nothing comes back, and after `ms` the connection is cut. */
    loseAnswers: (ms, chosen = () => true) =>
      each(chosen, link => {
        link.mode = 'lose answers'
        setTimeout(() => end(link), ms).unref()
      }),
    /** Nothing is carried any more, and nobody is told. Ends by itself after `ms`, so that sockets do not pile up. */
    leaveHalfOpen: (ms, chosen = () => true) =>
      each(chosen, link => {
        link.mode = 'half-open'
        setTimeout(() => end(link), ms).unref()
      }),
    /** For all connections, new ones too, until it is set to 0. */
    delay(ms) {
      delayMs = ms
    },
    async close() {
      const closed = new Promise(resolve => proxy.close(resolve))
      each(() => true, end)
      await closed
    },
  }
}
