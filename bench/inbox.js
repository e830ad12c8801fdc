/**
 * Signed deliveries of 10 KB over HTTP into the inbox, stored before they are answered. Each is dispatched besides, to a
 * trigger whose filter it does not pass. The sender is another process (deliver.js) on the same machine.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startListeners } from '../dist/listeners/listeners.js'
import { withEngine } from './engine.js'
import { ROOT, report, rounds, summary } from './measure.js'

const COUNT = 5_000
const CONNECTIONS = 50
const SECRET = 'bench'

const objects = [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'default', name: 'hook' },
    data: { token: Buffer.from(SECRET).toString('base64') },
  },
  {
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { namespace: 'default', name: 'bench' },
    spec: {
      triggers: [
        {
          name: 'push',
          interceptors: [
            {
              ref: { name: 'github' },
              params: [{ name: 'secretRef', value: { secretName: 'hook', secretKey: 'token' } }],
            },
            { ref: { name: 'cel' }, params: [{ name: 'filter', value: "body.action == 'closed'" }] },
          ],
          bindings: [],
          template: {
            spec: { resourcetemplates: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } }] },
          },
        },
      ],
    },
  },
]

const results = []
for (const [name, redisUrl] of [
  ['LMDB', undefined],
  ...(process.env.REDIS_URL ? [['BullMQ on Redis', process.env.REDIS_URL]] : []),
]) {
  const latencies = []
  const processor = []
  const sent = []
  const rate = await withEngine(
    async ({ engine, log }) => {
      for (const object of objects) await engine.cluster.create(object.kind, object)
      const listeners = await startListeners(
        { ...engine, log, now: Date.now, newEventId: randomUUID },
        { port: 0, host: '127.0.0.1' },
      )
      try {
        const rate = await rounds(5, async () => {
          const before = process.cpuUsage()
          const round = await deliver(listeners.port)
          const { user, system } = process.cpuUsage(before)
          processor.push((user + system) / 1_000 / COUNT)
          latencies.push(...round.latencies)
          sent.push(...round.ids)
          return round.perSecond
        })
        await expectStored(engine.inbox, sent)
        return rate
      } finally {
        await listeners.close()
      }
    },
    { throwAway: false, ...(redisUrl && { redisUrl }) },
  )
  const { p50, p99 } = summary(latencies)
  results.push({
    what: `deliveries into the inbox, ${name}`,
    figure: `${rate.p50.toFixed(0)}/s (best ${rate.max.toFixed(0)}), p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; processor ${summary(processor).p50.toFixed(2)} ms each`,
    compare: 'Tekton: 840/s, no signature, not stored; goal 4200/s',
  })
}
report('inbox', results)

async function deliver(port) {
  const args = [port, '/hooks/default/bench', COUNT, CONNECTIONS, SECRET].map(String)
  const options = { maxBuffer: 64 * 2 ** 20 }
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'bench/deliver.js'), ...args], options)
  return JSON.parse(stdout)
}

/** What was answered with 202 is there. */
async function expectStored(inbox, ids) {
  for (const id of ids) {
    const found = await inbox.get(`default/bench/x-github-delivery/${id}`)
    if (found === undefined) throw new Error(`delivery ${id} was acknowledged and is not stored`)
  }
}
