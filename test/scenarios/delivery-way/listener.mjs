/**
 * A listener process made of the real parts, which kills itself with SIGKILL at one point of a delivery's way. Tells its
 * parent the port once it listens, and answers every message with the ConfigMaps there are, and those of `ids` that are not done, when it is through with all of them.
 *
 *   node listener.mjs '{"data": "…", "port": 0, "redisUrl": "…", "kill": {"point": "stored", "pass": 2}}'
 */
import { randomUUID } from 'node:crypto'
import { ServerResponse } from 'node:http'
import { basename, join } from 'node:path'
import { startListeners } from '../../../dist/listeners/listeners.js'
import { openEmbeddedCluster } from '../../../dist/src/cluster/embedded/store.js'
import { openBullmqInbox } from '../../../dist/src/inbox/bullmq.js'
import { openLmdbInbox } from '../../../dist/src/inbox/lmdb.js'
import { openDatabase } from '../../../dist/src/storage/lmdb.js'

const { data, port, redisUrl, kill } = JSON.parse(process.argv[2])
const quiet = () => {}
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

let passes = 0
/** Dies here when it is the time: nothing after this line is done, not even what a `finally` would do. */
function pass(point) {
  if (point !== kill?.point) return
  passes += 1
  if (passes === kill.pass) process.kill(process.pid, 'SIGKILL')
}

const cluster = openEmbeddedCluster({ database: openDatabase(join(data, 'store'), { durable: true }) })
const inbox = redisUrl
  ? await openBullmqInbox({ redisUrl, prefix: basename(data), log })
  : openLmdbInbox({ dir: join(data, 'inbox'), log })

const watchedCluster = {
  ...cluster,
  async create(kind, object) {
    pass('creating')
    const made = await cluster.create(kind, object)
    pass('created')
    return made
  },
}
const watchedInbox = {
  ...inbox,
  async accept(delivery) {
    pass('received')
    const accepted = await inbox.accept(delivery)
    pass('stored')
    return accepted
  },
  dispatch: (dispatcher, options) =>
    inbox.dispatch(async record => {
      pass('dispatching')
      const verdicts = await dispatcher(record)
      pass('dispatched')
      if (kill?.point === 'done') void noted(record.delivery.id).then(() => pass('done'))
      return verdicts
    }, options),
}

/** Resolves when the inbox has noted what came of this delivery, to what it noted. */
async function noted(id) {
  for (;;) {
    const state = (await inbox.get(id))?.state
    if (state === undefined || state.is !== 'pending') return state
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

const { emit } = ServerResponse.prototype
ServerResponse.prototype.emit = function (event, ...rest) {
  // `finish`: the last byte of the answer was handed to the system.
  if (event === 'finish' && this.statusCode === 202) pass('acknowledged')
  return emit.call(this, event, ...rest)
}

const deps = { cluster: watchedCluster, inbox: watchedInbox, admission: () => ({}), log }
const listeners = await startListeners({ ...deps, now: Date.now, newEventId: randomUUID }, { port, host: '127.0.0.1' })
process.on('message', async ({ manifests, ids }) => {
  for (const object of manifests ?? []) await cluster.create(object.kind, object)
  const states = []
  for (const id of ids ?? []) states.push({ id, state: await noted(`default/way/x-github-delivery/${id}`) })
  const undone = states.filter(({ state }) => state?.is !== 'done')
  process.send({ objects: await cluster.list('ConfigMap', { namespace: 'default' }), undone })
})
process.once('SIGTERM', async () => {
  await listeners.close()
  await inbox.close()
  await cluster.close()
  process.exit(0)
})
process.send({ port: listeners.port })
