/** Signed deliveries over HTTP into the inbox, stored before they are answered. */
import { createHmac, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { startListeners } from '../dist/listeners/main.js'
import { withEngine } from './engine.js'
import { report, rounds, summary } from './measure.js'

const COUNT = 3_000
const CONNECTIONS = 50
const SECRET = 'bench'
const BODY = JSON.stringify({ action: 'opened', padding: 'x'.repeat(10_240 - 40) })
const SIGNATURE = `sha256=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`

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
  const rate = await withEngine(
    async ({ engine, log }) => {
      for (const object of objects) await engine.cluster.create(object.kind, object)
      const listeners = await startListeners(
        { ...engine, log, now: Date.now, newEventId: randomUUID },
        { port: 0, host: '127.0.0.1' },
      )
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
      try {
        return await rounds(3, async () => {
          const started = performance.now()
          let left = COUNT
          await Promise.all(
            Array.from({ length: CONNECTIONS }, async () => {
              while (left-- > 0) latencies.push(await deliver(agent, listeners.port))
            }),
          )
          return COUNT / ((performance.now() - started) / 1_000)
        })
      } finally {
        agent.destroy()
        await listeners.close()
      }
    },
    { throwAway: false, ...(redisUrl && { redisUrl }) },
  )
  const { p50, p99 } = summary(latencies)
  results.push({
    what: `deliveries into the inbox, ${name}`,
    figure: `${rate.p50.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    compare: 'Tekton: 840/s, no signature, not stored; goal 4200/s',
  })
}
report('inbox', results)

function deliver(agent, port) {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(BODY),
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': SIGNATURE,
    }
    const sending = request(
      { agent, port, host: '127.0.0.1', path: '/hooks/default/bench', method: 'POST', headers },
      response => {
        response.resume()
        response.once('end', () =>
          response.statusCode === 202
            ? resolve(performance.now() - started)
            : reject(new Error(`answered ${response.statusCode}`)),
        )
      },
    )
    sending.once('error', reject)
    sending.end(BODY)
  })
}
