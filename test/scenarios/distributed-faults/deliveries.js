/** Senders as git hosts and their users are: signed deliveries, sent again until there is a 2xx, some of them twice. */
import { createHmac } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { weighted } from './fault-plan.js'
import { pause } from './processes.js'

/** GitHub gives up on an answer after this. */
const ANSWER_MS = 10_000
const SECRET = 'distributed-faults'
/** How many of a hundred deliveries run which pipeline. */
const MIX = [
  { pipeline: 'chain', weight: 55 },
  { pipeline: 'retry', weight: 20 },
  { pipeline: 'fail', weight: 10 },
  { pipeline: 'slow', weight: 10 },
  { pipeline: 'hang', weight: 5 },
]

/** What is sent, by the seed: ids, pipelines, and who is sent again although it was acknowledged, at once or side by side. */
export function planDeliveries(count, random) {
  return Array.from({ length: count }, (_, index) => {
    const { pipeline } = weighted(MIX, random())
    const chance = random()
    const again = chance < 0.06 ? 'later' : chance < 0.12 ? 'at once' : 'no'
    return { id: `d${index}-${Math.floor(random() * 2 ** 32).toString(16)}`, pipeline, again, pick: random() }
  })
}

/** `hooks`: where the listeners are; `file`: the ledger, on the disk before anything else happens. */
export function createSender({ hooks, file, random }) {
  const ledger = openSync(file, 'a')
  const note = record => {
    writeSync(ledger, `${JSON.stringify(record)}\n`)
    fsyncSync(ledger)
  }
  let requests = 0

  async function request({ id, pipeline }, hook) {
    const body = JSON.stringify({ delivery: id, pipeline })
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    }
    requests += 1
    const sentAt = Date.now()
    // Also what got no answer was sent: it may make a run.
    const status = await fetch(hook, { method: 'POST', body, headers, signal: AbortSignal.timeout(ANSWER_MS) })
      .then(response => response.arrayBuffer().then(() => response.status))
      .catch(() => 0)
    note({ id, pipeline, sentAt, answeredAt: Date.now(), status })
    return status
  }

  async function untilTaken(delivery, first) {
    for (let hook = first; ; hook = (hook + 1) % hooks.length) {
      const status = await request(delivery, hooks[hook])
      if (status === 202) return
      // A listener that has not seen its EventListener yet says 404; anything else is not for a sender to repeat.
      if (![0, 404, 500, 502, 503, 504].includes(status))
        throw new Error(`delivery ${delivery.id} was answered ${status}`)
      await pause(50 + random() * 500)
    }
  }

  return {
    requests: () => requests,
    async send(delivery) {
      const first = Math.floor(delivery.pick * hooks.length)
      const side = (first + 1) % hooks.length
      const copies = delivery.again === 'at once' ? [untilTaken(delivery, side)] : []
      await Promise.all([untilTaken(delivery, first), ...copies])
      if (delivery.again === 'later') await untilTaken(delivery, side)
    },
    close: () => closeSync(ledger),
  }
}
