/**
 * A listener of 1000 triggers of which 3 match: every trigger asks for a signature and an event type and has a CEL filter
 * of its own, over a push payload of 10 KB. Once with the triggers written in the listener, once selected by label.
 *
 * First one delivery at a time, with a pause between them: what an answer costs, and how long it then takes until every
 * trigger has been looked at and the three objects are stored. Then 50 connections that do not wait: the rate.
 * Beside it, in the same minute and folder, what one durable write of such a delivery costs by itself.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startListeners } from '../dist/listeners/listeners.js'
import { openDatabase } from '../dist/src/storage/lmdb.js'
import { withEngine } from './engine.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const TRIGGERS = 1_000
const SINGLE = 200
const PAUSE_MS = 60
const MANY = 1_000
const CONNECTIONS = 50
const SECRET = 'bench'
const API = 'triggers.tekton.dev/v1beta1'

/** Every 333rd filter is true of the payload. */
function triggerSpec(index) {
  const repository = index % 333 === 100 ? 'acme/shop' : `acme/service-${index}`
  return {
    interceptors: [
      {
        ref: { name: 'github' },
        params: [
          { name: 'secretRef', value: { secretName: 'hook', secretKey: 'token' } },
          { name: 'eventTypes', value: ['push'] },
        ],
      },
      {
        ref: { name: 'cel' },
        params: [
          {
            name: 'filter',
            value: `body.repository.full_name == '${repository}' && body.ref.startsWith('refs/heads/')`,
          },
        ],
      },
    ],
    bindings: [
      { name: 'sha', value: '$(body.head_commit.id)' },
      { name: 'message', value: '$(body.head_commit.message)' },
    ],
    template: { ref: 'note' },
  }
}

function objectsOf(kind) {
  const at = name => ({ namespace: 'default', name })
  const indices = Array.from({ length: TRIGGERS }, (_, index) => index)
  const listener = spec => ({ apiVersion: API, kind: 'EventListener', metadata: at('bench'), spec })
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: at('hook'),
      data: { token: Buffer.from(SECRET).toString('base64') },
    },
    {
      apiVersion: API,
      kind: 'TriggerTemplate',
      metadata: at('note'),
      spec: {
        params: [{ name: 'sha' }, { name: 'message' }],
        resourcetemplates: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { generateName: 'note-' },
            data: { sha: '$(tt.params.sha)', message: '$(tt.params.message)' },
          },
        ],
      },
    },
    ...(kind === 'inline'
      ? [listener({ triggers: indices.map(index => ({ name: `trigger-${index}`, ...triggerSpec(index) })) })]
      : [
          ...indices.map(index => ({
            apiVersion: API,
            kind: 'Trigger',
            metadata: { ...at(`trigger-${index}`), labels: { listener: 'bench' } },
            spec: triggerSpec(index),
          })),
          listener({ labelSelector: { matchLabels: { listener: 'bench' } } }),
        ]),
  ]
}

/** As GitHub's, in size and shape. */
function pushPayload() {
  const person = { name: 'octocat', email: 'octocat@example.com', username: 'octocat' }
  const commit = index => ({
    id: String(index).repeat(40).slice(0, 40),
    message: `Change number ${index}: "quoted" and <marked>`,
    timestamp: '2026-11-22T10:00:00Z',
    author: person,
    committer: person,
    added: [`src/added-${index}.ts`],
    removed: [],
    modified: [`src/changed-${index}.ts`, `test/changed-${index}.test.ts`],
  })
  const commits = Array.from({ length: 20 }, (_, index) => commit(index))
  const urls = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`url_${index}`, `https://git.example.com/api/${index}`]),
  )
  const repository = { id: 1, name: 'shop', full_name: 'acme/shop', private: true, owner: person, ...urls }
  const payload = { ref: 'refs/heads/main', repository, pusher: person, commits, head_commit: commits.at(-1) }
  const missing = 10_240 - Buffer.byteLength(JSON.stringify({ ...payload, padding: '' }))
  return JSON.stringify({ ...payload, padding: 'x'.repeat(missing) })
}

const results = []
for (const kind of ['inline', 'by label']) results.push(...(await measure(kind)))
report('triggers', results)

async function measure(kind) {
  return withEngine(
    async ({ engine, log }) => {
      for (const object of objectsOf(kind)) await engine.cluster.create(object.kind, object)
      const watched = watch(engine.inbox)
      const listeners = await startListeners(
        { ...engine, inbox: watched.inbox, log, now: Date.now, newEventId: randomUUID },
        { port: 0, host: '127.0.0.1' },
      )
      try {
        return await withFolder(async folder => {
          const body = join(folder, 'push.json')
          writeFileSync(body, pushPayload())
          const send = (count, connections, pause) => deliver(listeners.port, count, connections, body, pause)
          await send(20, 1, PAUSE_MS) // warm-up
          await watched.allDispatched()
          watched.forget()
          const write = await durableWrites(folder)
          const paced = await timed(async () => {
            const single = await send(SINGLE, 1, PAUSE_MS)
            await watched.allDispatched()
            return { ...single, dispatches: watched.forget() }
          })
          const full = await timed(async () => {
            const many = await send(MANY, CONNECTIONS, 0)
            await watched.allDispatched()
            return many
          })
          return [
            { what: `one durable write of 10 KB (${kind})`, figure: milliseconds(write) },
            { what: `answer, one delivery at a time (${kind})`, figure: milliseconds(summary(paced.result.latencies)) },
            {
              what: `dispatch of 1000 triggers, 3 match (${kind})`,
              figure: `${milliseconds(summary(paced.result.dispatches))}; processor ${(paced.processorMs / SINGLE).toFixed(1)} ms, answer and all`,
              compare: 'from the moment it is stored until the objects are; goal p50 20 ms',
            },
            {
              what: `${CONNECTIONS} connections (${kind})`,
              figure: `answered ${full.result.perSecond.toFixed(0)}/s, ${milliseconds(summary(full.result.latencies))}; dispatched ${(MANY / full.seconds).toFixed(0)}/s; processor ${(full.processorMs / MANY).toFixed(1)} ms each`,
            },
          ]
        })
      } finally {
        await listeners.close()
      }
    },
    { throwAway: false },
  )
}

async function timed(work) {
  const before = process.cpuUsage()
  const started = performance.now()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { result, seconds: (performance.now() - started) / 1_000, processorMs: (user + system) / 1_000 }
}

/** An inbox that notes how long it takes from a delivery being stored until its dispatch has ended. */
function watch(inbox) {
  const stored = new Map()
  let times = []
  let open = 0
  let whenDone = () => {}
  const done = () => {
    open -= 1
    if (open === 0) whenDone()
  }
  return {
    inbox: {
      ...inbox,
      async accept(delivery) {
        open += 1
        const accepted = await inbox.accept(delivery)
        stored.set(delivery.id, performance.now())
        return accepted
      },
      dispatch: (dispatcher, options) =>
        inbox.dispatch(async record => {
          const verdicts = await dispatcher(record)
          const fired = verdicts.filter(verdict => verdict.is === 'fired').length
          if (verdicts.length !== TRIGGERS || fired !== 3) throw new Error(`${fired} of ${verdicts.length} fired`)
          const { id } = record.delivery
          times.push(performance.now() - (stored.get(id) ?? performance.now()))
          stored.delete(id)
          done()
          return verdicts
        }, options),
    },
    allDispatched: () =>
      new Promise(resolve => {
        whenDone = resolve
        if (open === 0) resolve()
      }),
    forget() {
      const taken = times
      times = []
      return taken
    },
  }
}

async function durableWrites(folder) {
  const database = openDatabase(join(folder, 'writes'), { durable: true })
  const table = database.bytesTable('writes')
  const body = Buffer.alloc(10_240, 'x')
  const samples = []
  for (let write = 0; write < SINGLE; write += 1) {
    const started = performance.now()
    await database.transaction(() => table.put([write], body))
    samples.push(performance.now() - started)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await database.close()
  return summary(samples)
}

async function deliver(port, count, connections, body, pause) {
  const args = [port, '/hooks/default/bench', count, connections, SECRET, body, pause].map(String)
  const options = { maxBuffer: 64 * 2 ** 20 }
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'bench/deliver.js'), ...args], options)
  return JSON.parse(stdout)
}
