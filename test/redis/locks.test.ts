import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { SILENT } from '../../src/lib/log.js'
import { connectForRequests, type Redis } from '../../src/redis/connection.js'
import { createLocks } from '../../src/redis/locks.js'
import { ROOT } from '../helpers/cli.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { until } from '../kubelet/until.js'

let server: TestRedis
let redis: Redis
let prefix: string
let count = 0
beforeAll(async () => {
  server = await startRedis()
  redis = connectForRequests({ redisUrl: server.url, log: SILENT })
})
afterAll(async () => {
  redis.disconnect()
  await server.close()
})
beforeEach(() => {
  prefix = `test-${++count}`
})

/** As another process has them. */
function others() {
  const connection = connectForRequests({ redisUrl: server.url, log: SILENT })
  onTestFinished(() => connection.disconnect())
  return createLocks(connection, { prefix, log: SILENT })
}

test('of three that want a duty one has it; when that one closes, the next has', async () => {
  const began: number[] = []
  let atOnce = 0
  const duties = [0, 1, 2].map(each =>
    others().singly('duty', () => {
      began.push(each)
      atOnce += 1
      return {
        close: async () => {
          atOnce -= 1
        },
      }
    }),
  )
  for (let round = 1; round <= 3; round++) {
    await until('somebody to have it', () => began.length === round)
    expect(atOnce).toBe(1)
    await duties[began.at(-1)!]!.close()
  }
  expect([...began].sort()).toEqual([0, 1, 2])
  expect(atOnce).toBe(0)
})

test('who opens something that fails leaves the duty to others, and tries again', async () => {
  let tries = 0
  const failing = others().singly('duty', () => {
    tries += 1
    throw new Error('not here')
  })
  onTestFinished(() => failing.close())
  await until('two tries', () => tries >= 2)
  let hasIt = false
  const other = others().singly('duty', () => {
    hasIt = true
    return { close: async () => {} }
  })
  onTestFinished(() => other.close())
  await until('the other to have it', () => hasIt)
})

test('work in turn never overlaps, also when it is the same process', async () => {
  const order: string[] = []
  const many = [others(), others(), others()].flatMap(({ inTurn }) => [inTurn, inTurn])
  const results = await Promise.all(
    many.map((inTurn, each) =>
      inTurn('line', async () => {
        order.push(`begin ${each}`)
        await pause(3)
        order.push(`end ${each}`)
        return each
      }),
    ),
  )
  expect(results).toEqual([0, 1, 2, 3, 4, 5])
  for (let i = 0; i < order.length; i += 2) expect(order[i + 1]).toBe(order[i]?.replace('begin', 'end'))
})

test('work that fails gives its turn on', async () => {
  const { inTurn } = others()
  await expect(inTurn('line', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await others().inTurn('line', async () => 'next')).toBe('next')
})

test('while Redis is away nobody takes over, and who cannot renew gives up in time', { timeout: 30_000 }, async () => {
  const own = await startRedis()
  onTestFinished(() => own.close())
  const connection = connectForRequests({ redisUrl: own.url, log: SILENT })
  onTestFinished(() => connection.disconnect())
  let open = 0
  let ours = () => false
  const duty = createLocks(connection, { prefix, log: SILENT }).singly('duty', isOurs => {
    open += 1
    ours = isOurs
    return {
      close: async () => {
        open -= 1
      },
    }
  })
  onTestFinished(() => duty.close())
  await until('it to have it', () => ours())
  await own.kill('SIGSTOP')
  await until('it to give up', () => open === 0 && !ours())
  await own.kill('SIGCONT')
  await until('it to have it again', () => open === 1 && ours())
})

interface Holder {
  readonly child: ChildProcess
  readonly holds: () => boolean
}

/** A process that says when it takes over and when it knows that it has lost. */
function holder(): Holder {
  const program = `
    import { connectForRequests } from '${join(ROOT, 'dist/src/redis/connection.js')}'
    import { createLocks } from '${join(ROOT, 'dist/src/redis/locks.js')}'
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const redis = connectForRequests({ redisUrl: '${server.url}', log })
    createLocks(redis, { prefix: '${prefix}', log }).singly('duty', () => {
      console.log('has')
      return { close: async () => console.log('lost') }
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return { child, holds: () => said.trim().endsWith('has') }
}

test('a holder that is killed or frozen is followed, and one that thaws knows that it has lost', async () => {
  const [first, second] = [holder(), holder()]
  const [held, next] = await until('one to have it', () =>
    first.holds() ? [first, second] : second.holds() && [second, first],
  )
  held!.child.kill('SIGSTOP')
  await until('the other to take over', () => next!.holds())
  held!.child.kill('SIGCONT')
  await until('the frozen one to know', () => !held!.holds())
  expect(next!.holds()).toBe(true)
  const ended = once(next!.child, 'exit')
  next!.child.kill('SIGKILL')
  await ended
  await until('the first to have it again', () => held!.holds())
})
