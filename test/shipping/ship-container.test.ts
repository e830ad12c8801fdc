/** One container's output into a real store, whatever happens on the way. */
import { expect, test } from 'vitest'
import type { Blobs } from '../../src/blobs/blobs.js'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { SILENT } from '../../src/lib/log.js'
import { createBlobLogStore } from '../../src/logs/blobs.js'
import type { LogKey, MarkedLogStore } from '../../src/logs/log-store.js'
import { createMasker } from '../../src/logs/mask.js'
import { type ShipDeps, shipContainer } from '../../src/shipping/ship-container.js'
import { seededRandom } from '../helpers/random.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { memoryBlobs } from './memory-blobs.js'
import { type NodeLog, nodeLog } from './node-log.js'

const SECRETS = ['hunter2-hunter2', 'first line\nsecond line']
const KEY: LogKey = { namespace: 'ci', pod: 'build-pod', podUid: 'u-1', container: 'step-s' }
const NEVER = new AbortController().signal

interface World {
  readonly node: NodeLog
  readonly open: () => MarkedLogStore
  readonly ship: (signal?: AbortSignal, store?: MarkedLogStore) => Promise<void>
}

interface Options {
  readonly blobs?: Blobs
  readonly crumb?: () => number
  readonly flushBytes?: number
  readonly giveUpMs?: number
  readonly followers?: number
}

function world(options: Options = {}): World {
  const blobs = options.blobs ?? openFolderBlobs({ folder: temporaryDirectory('shipping') })
  const open = () => createBlobLogStore({ blobs, pollMs: 5 })
  const node = nodeLog('step-s', options.crumb)
  const deps: Omit<ShipDeps, 'store'> = {
    openLog: node.open,
    maskerFor: async () => createMasker(SECRETS.map(secret => Buffer.from(secret))),
    takeFollower: () => (options.followers === 0 ? undefined : () => {}),
    flushBytes: () => options.flushBytes ?? 100,
    log: SILENT,
    times: {
      flushMs: 5,
      lookMs: 5,
      lingerMs: 5,
      pauses: { firstMs: 1, maxMs: 100 },
      giveUpMs: options.giveUpMs ?? 60_000,
    },
  }
  return {
    node,
    open,
    ship: (signal = NEVER, store = open()) => shipContainer({ ...deps, store }, node.seen, 'step-s', signal),
  }
}

async function text(store: MarkedLogStore, key: LogKey = KEY): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of (await store.read(key, { follow: false }, NEVER)) ?? []) parts.push(part)
  return Buffer.concat(parts).toString()
}

test('lines come as they are said, and the last one without its newline', async () => {
  const { node, open, ship } = world()
  const shipping = ship()
  node.say(1n, 'one\n')
  await until('the first line', async () => (await text(open())) === 'one\n')
  node.say(2n, 'two hunter2-hunter2\n')
  node.say(1_500_000_000n, 'three')
  node.end()
  await shipping
  expect(await text(open())).toBe('one\ntwo ***\nthree')
  expect((await open().resume(KEY)).isFinished).toBe(true)
  expect(await text(open(), { ...KEY, part: 'times' })).toBe(['0 1774746000000', '12 1774746001500', ''].join('\n'))
})

test('a container that says nothing has an empty log', async () => {
  const { node, open, ship } = world()
  node.end()
  await ship()
  expect((await open().resume(KEY)).isFinished).toBe(true)
  expect(await text(open())).toBe('')
})

test('lines of one instant are told apart by how many there were', async () => {
  const { node, open, ship } = world({ flushBytes: 1, crumb: () => 40 })
  for (let index = 0; index < 10; index++) node.say(7n, `same ${index % 2}\n`)
  const stop = new AbortController()
  const shipping = ship(stop.signal)
  await until('some of it', async () => (await open().resume(KEY)).size > 0)
  stop.abort()
  await shipping
  node.say(7n, 'same, later\n')
  node.end()
  await ship()
  expect(await text(open())).toBe(`${'same 0\nsame 1\n'.repeat(5)}same, later\n`)
})

test('too many streams: it is asked again and again, and nothing is doubled', async () => {
  const { node, open, ship } = world({ followers: 0 })
  const shipping = ship()
  for (let index = 0; index < 5; index++) {
    node.say(BigInt(index) * 100_000_000n, `line ${index}\n`)
    await until('it', async () => (await text(open())).endsWith(`line ${index}\n`))
  }
  node.end()
  await shipping
  expect(await text(open())).toBe('line 0\nline 1\nline 2\nline 3\nline 4\n')
})

test('a node that kept no more than the newest lines: what is missing is said', async () => {
  const { node, open, ship } = world()
  const stop = new AbortController()
  const shipping = ship(stop.signal)
  node.say(1n, 'one\n')
  await until('the first line', async () => (await text(open())) === 'one\n')
  stop.abort()
  await shipping
  node.say(2n, 'two\n')
  node.say(3n, 'three\n')
  node.rotate(1)
  node.end()
  await ship()
  expect(await text(open())).toMatch(/^one\n\[tektite: some output is missing here[^\n]*\]\nthree\n$/)
})

test('what a kubelet says itself is no output, and a log that cannot be had is closed with a word', async () => {
  const { node, open, ship } = world({ giveUpMs: 0 })
  node.say(1n, 'one\n')
  node.end()
  const gone = { is: 'stray', text: 'unable to retrieve container logs for containerd://0123' } as const
  node.rotate(0)
  node.next(gone, gone, gone)
  await ship()
  const log = await text(open())
  expect(log).toMatch(/^\[tektite: the rest of the output is lost: the node says: unable to retrieve/)
  expect((await open().resume(KEY)).isFinished).toBe(true)
})

test('a Pod that is gone: what was read to its end is all, and otherwise that is said', async () => {
  const read = world()
  read.node.say(1n, 'all of it\n')
  read.node.endQuietly()
  const shipping = read.ship()
  await until('it', async () => (await text(read.open())) === 'all of it\n')
  read.node.seen.set(undefined)
  await shipping
  expect((await read.open().resume(KEY)).isFinished).toBe(true)
  expect(await text(read.open())).toBe('all of it\n')

  const cut = world()
  cut.node.say(1n, 'half\n')
  const first = cut.ship()
  await until('it', async () => (await text(cut.open())) === 'half\n')
  cut.node.next({ is: 'refused' }, { is: 'refused' })
  cut.node.seen.set(undefined)
  await first
  expect((await cut.open().resume(KEY)).isFinished).toBe(true)
  expect(await text(cut.open())).toMatch(/^half\n\n\[tektite: the Pod was gone before/)
})

test('Secrets that cannot be read: nothing is stored', async () => {
  const { node, open } = world()
  node.say(1n, 'hunter2-hunter2\n')
  node.end()
  let reads = 0
  const stop = new AbortController()
  const shipping = shipContainer(
    {
      store: open(),
      openLog: node.open,
      async maskerFor() {
        reads += 1
        if (reads === 2) stop.abort()
        throw new Error('may not be read')
      },
      takeFollower: () => () => {},
      flushBytes: () => 1,
      log: SILENT,
    },
    node.seen,
    'step-s',
    stop.signal,
  )
  await shipping
  expect(reads).toBe(2)
  expect((await open().resume(KEY)).size).toBe(0)
})

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'cuts, refusals, workers that come and go and overlap: whole, in order, once, masked (seed %d)',
  async seed => {
    const random = seededRandom(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const { node, open, ship } = world({
      blobs: memoryBlobs(() => below(4)),
      crumb: () => 1 + below(90),
      flushBytes: 1 + below(300),
    })
    let whole = ''
    let at = 0n
    const say = () => {
      at += below(3) === 0 ? 0n : BigInt(below(400_000_000))
      const secret = below(4) === 0 ? SECRETS[0] : below(6) === 0 ? 'hunter2-' : ''
      const line = below(9) === 0 ? 'first line\n' : `${at} ${'x'.repeat(below(60))}${secret}\n`
      whole += line
      node.say(at, line)
      if (line === 'first line\n' && below(2) === 0) {
        whole += 'second line\n'
        node.say(at, 'second line\n')
      }
    }
    /** Who was hired last may overlap with one before, as when a frozen one thaws; not with more. */
    const workers: { readonly stop: AbortController; readonly done: Promise<void> }[] = []
    const hire = () => {
      const stop = new AbortController()
      workers.at(-2)?.stop.abort()
      workers.push({ stop, done: ship(stop.signal) })
    }
    hire()
    for (let step = 0; step < 40; step++) {
      say()
      const dice = below(8)
      if (dice === 0) node.next({ is: 'refused' })
      if (dice === 1) node.next({ is: 'cut', bytes: below(400) })
      if (dice === 2) node.next({ is: 'cut', bytes: below(400), clean: true })
      if (dice === 3) {
        const gone = workers.at(-1)!
        gone.stop.abort()
        if (below(2) === 0) await gone.done
        hire()
      }
      if (dice === 4) hire()
      await new Promise(resolve => setImmediate(resolve))
    }
    node.end()
    hire()
    await Promise.all(workers.map(({ done }) => done))
    const masker = createMasker(SECRETS.map(secret => Buffer.from(secret)))
    const masked = Buffer.concat([masker.write(Buffer.from(whole)), masker.end()]).toString()
    expect(await text(open())).toBe(masked)
    expect((await open().resume(KEY)).isFinished).toBe(true)
  },
)
