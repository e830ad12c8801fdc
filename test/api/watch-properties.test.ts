/**
 * What watchers may count on, under random writers and restarts: events in order, each once, none missing, from any
 * version that is kept; from an older one 410, after which a list brings them back to the truth.
 */
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { createFollower, type Follower } from './follower.js'
import { expectedEvents, type LedgerEntry } from './ledger.js'
import { openWatch } from './watch-client.js'
import { type ApiWorld, CONFIG_MAPS, serve } from './world.js'

/** Changes that the log keeps; of those, the states before are there for all but the oldest 512. */
const KEPT = 700
const RESUMABLE = KEPT - 512
const NAMES = Array.from({ length: 24 }, (_, n) => `n${n}`)

interface Server {
  readonly ledger: LedgerEntry[]
  cluster: EmbeddedCluster
  api: ApiWorld
  restart(): Promise<void>
}

async function startServer(): Promise<Server> {
  const directory = temporaryDirectory('watch')
  async function open() {
    const { cluster, close } = openCluster(directory, { keepEvents: KEPT })
    const api = await serve(cluster, { watchLimits: { bookmarkMs: 10, stalledMs: 100 } })
    return { cluster, api, close }
  }
  let opened = await open()
  // A list of an empty store has the version 0, which a watch takes for "any".
  await opened.cluster.create('Secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'default' },
  })
  const server: Server = {
    ledger: [],
    cluster: opened.cluster,
    api: opened.api,
    async restart() {
      await opened.api.close()
      await opened.close()
      opened = await open()
      Object.assign(server, { cluster: opened.cluster, api: opened.api })
    },
  }
  return server
}

/** Writes as numbers say, side by side as far as they are of different objects. */
async function writeAll(server: Server, choices: readonly number[], size = 10): Promise<void> {
  let batch = new Map<string, number>()
  for (const choice of [...choices, undefined]) {
    const name = choice === undefined ? undefined : NAMES[choice % NAMES.length]!
    if (name === undefined || batch.has(name)) {
      await Promise.all([...batch.values()].map(each => write(server, each, size)))
      batch = new Map()
    }
    if (choice !== undefined) batch.set(name!, choice)
  }
}

/** Which object, and what becomes of it. */
async function write({ cluster, ledger }: Server, choice: number, size: number): Promise<void> {
  const name = NAMES[choice % NAMES.length]!
  const labels = { app: ['x', 'y'][(choice >> 4) % 2]! }
  const key = { namespace: 'default', name }
  const stored = await cluster.get('ConfigMap', key)
  const data = { n: `${choice}`.padEnd(size, '.'), count: `${ledger.length}` }
  if (stored === undefined) {
    const fresh = { apiVersion: 'v1' as const, kind: 'ConfigMap' as const, metadata: { ...key, labels }, data }
    note(ledger, await cluster.create('ConfigMap', fresh), labels)
  } else if ((choice >> 6) % 5 === 0) {
    const removed = await cluster.remove('ConfigMap', key)
    note(ledger, removed!.object, undefined)
  } else {
    const changed = { ...stored, metadata: { ...stored.metadata, labels }, data }
    note(ledger, await cluster.replace('ConfigMap', changed), labels)
  }
}

function note(
  ledger: LedgerEntry[],
  { metadata }: { readonly metadata: { readonly name: string; readonly resourceVersion: string } },
  labels: LedgerEntry['labels'],
): void {
  ledger.push({ name: metadata.name, version: Number(metadata.resourceVersion), labels })
  // Answers come in another order than versions are given out in.
  ledger.sort((a, b) => a.version - b.version)
}

/** Of all sorts, and always the same. */
const choices = (count: number) => Array.from({ length: count }, (_, n) => (n * 7_919) % 10_007)

const newest = ({ ledger }: Server) => ledger.at(-1)?.version ?? 0

/** Everything that the follower has seen is what there was to see, and it ends with what is true. */
async function expectTruth(server: Server, follower: Follower): Promise<void> {
  await until('caught up', () => follower.place() >= newest(server), 20_000)
  for (const { since, events } of follower.segments()) {
    const upTo = events.at(-1)?.version ?? since
    const expected = expectedEvents(server.ledger, follower.app).filter(
      each => each.version > since && each.version <= upTo,
    )
    expect(events).toEqual(expected)
  }
  const { items } = await server.cluster.listAt(
    'ConfigMap',
    follower.app === undefined ? {} : { labels: { app: follower.app } },
  )
  const truth = items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)])
  expect([...follower.state()].sort()).toEqual(truth.sort())
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('write' as const),
      choices: fc.array(fc.nat(10_000), { minLength: 50, maxLength: 250 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('leave' as const, 'return' as const), who: fc.nat(3) }) },
)

test('through writes, restarts and absences every watcher sees each change once, in order, or lists again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 12 }), async steps => {
      const server = await startServer()
      const followers = [undefined, undefined, 'x', 'y'].map(app =>
        createFollower(() => server.api.port, CONFIG_MAPS, app),
      )
      for (const each of steps) {
        if (each.is === 'restart') await server.restart()
        else if (each.is === 'write') await writeAll(server, each.choices)
        else followers[each.who]![each.is]()
      }
      for (const each of followers) each.return()
      for (const each of followers) await expectTruth(server, each)
      for (const each of followers) await each.close()
      await server.api.close()
    }),
    // What failed once may not fail again: it is about timing, so nothing is gained by shrinking it.
    { numRuns: 4, endOnFailure: true },
  )
}, 60_000)

test('from every version that is kept exactly the events behind it come; from older ones 410', async () => {
  const server = await startServer()
  await writeAll(server, choices(1_400))
  await server.restart()
  const first = newest(server) - RESUMABLE
  for (const since of [first, first + 1, first + 40, newest(server) - 1, newest(server)]) {
    const path = `${CONFIG_MAPS}?watch=true&resourceVersion=${since}&allowWatchBookmarks=true`
    const watching = await openWatch(server.api.port, path)
    await until('the bookmark', () => watching.events.some(each => each.type === 'BOOKMARK'))
    const expected = expectedEvents(server.ledger, undefined).filter(each => each.version > since)
    expect(watching.texts()).toEqual(expected.map(each => `${each.type} ${each.name}`))
    watching.stop()
  }
  const expired = await openWatch(server.api.port, `${CONFIG_MAPS}?watch=true&resourceVersion=1`)
  expect(await expired.ended).toBe('whole')
  expect(expired.events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }])
})

test('who comes back after too long is told so, lists again, and knows the truth', async () => {
  const server = await startServer()
  const follower = createFollower(() => server.api.port, CONFIG_MAPS, 'x')
  await writeAll(server, choices(30))
  await expectTruth(server, follower)
  follower.leave()
  await writeAll(server, choices(1_400))
  await server.restart()
  follower.return()
  await writeAll(server, choices(30))
  await expectTruth(server, follower)
  expect(follower.segments()).toHaveLength(2)
  await follower.close()
})

test('a watcher that reads nothing is dropped while the others see everything, and misses nothing when it returns', async () => {
  const server = await startServer()
  const [slow, ...others] = [undefined, undefined, 'x'].map(app =>
    createFollower(() => server.api.port, CONFIG_MAPS, app),
  )
  await until('connected', () => [slow!, ...others].every(each => each.isConnected()))
  slow!.pause()
  await until('dropped', async () => {
    await writeAll(server, choices(10), 200_000)
    return server.api.lines.some(line => line.message.startsWith('watch cut off'))
  })
  for (const each of others) await expectTruth(server, each)
  slow!.return()
  await expectTruth(server, slow!)
  onTestFinished(async () => {
    for (const each of [slow!, ...others]) await each.close()
  })
}, 60_000)
