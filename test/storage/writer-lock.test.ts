import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/storage/lmdb.js'
import { acquireWriterLock } from '../../src/storage/writer-lock.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const fixture = new URL('fixtures/hold.mjs', import.meta.url).pathname

/** Another process on the same directory, and the first line it says. */
async function holder(directory: string): Promise<{ child: ChildProcess; says: string; gone: Promise<unknown> }> {
  const child = spawn(process.execPath, [fixture, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const [says] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return { child, says, gone }
}

test('a second process is refused, with the pid of the first and a way out', async () => {
  const directory = temporaryDirectory('lock')
  const { child, says } = await holder(directory)
  expect(says).toBe('open')
  const message = expect.stringMatching(new RegExp(`${directory}.* pid ${child.pid}\\..*another data directory`))
  expect(() => openDatabase(directory, { durable: false })).toThrow(expect.objectContaining({ message }))
  expect((await holder(directory)).says).toEqual(message)
})

test('after kill -9 of the holder the next one gets in, and finds its writes', async () => {
  const directory = temporaryDirectory('lock')
  const first = await holder(directory)
  first.child.kill('SIGKILL')
  await first.gone
  const database = openDatabase(directory, { durable: false })
  expect(database.textTable('who').get(['pid'])).toBe(`${first.child.pid}`)
  expect(() => openDatabase(directory, { durable: false })).toThrow('already open in this process')
  await database.close()
  expect((await holder(directory)).says).toBe('open')
})

test('a lock of an earlier process with the same pid is taken over', () => {
  const directory = temporaryDirectory('lock')
  writeFileSync(join(directory, 'writer.7.lock'), `${process.pid} another-boot/1234\n`)
  const lock = acquireWriterLock(directory)
  expect(() => acquireWriterLock(directory)).toThrow(`pid ${process.pid}`)
  lock.release()
  acquireWriterLock(directory).release()
})

test('an empty lock file, as a full disk leaves it, holds nobody off', () => {
  const directory = temporaryDirectory('lock')
  writeFileSync(join(directory, 'writer.1.lock'), '')
  acquireWriterLock(directory).release()
})

test('numbers are never given out again, and old files are cleared away', () => {
  const directory = join(temporaryDirectory('lock'), 'made', 'on', 'demand')
  for (let round = 1; round <= 12; round++) {
    acquireWriterLock(directory).release()
    expect(readdirSync(directory)).toEqual([`writer.${round}.lock`])
  }
})

test('of many processes that start at once behind a dead holder, one gets in', async () => {
  const directory = temporaryDirectory('lock')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'writer.3.lock'), `${process.pid} another-boot/1234\n`)
  const all = await Promise.all(Array.from({ length: 6 }, () => holder(directory)))
  const inside = all.filter(one => one.says === 'open')
  expect(inside).toHaveLength(1)
  for (const { says } of all) if (says !== 'open') expect(says).toContain(`pid ${inside[0]!.child.pid}`)
  const held = readdirSync(directory).filter(name => name.endsWith('.lock') && name.startsWith('writer.'))
  expect(
    held.filter(name => readFileSync(join(directory, name), 'utf8').startsWith(`${inside[0]!.child.pid} `)),
  ).toHaveLength(1)
  expect(existsSync(join(directory, 'data.mdb'))).toBe(true)
})

test('a directory that is made is for its owner only', () => {
  const directory = join(temporaryDirectory('lock'), 'store')
  const lock = acquireWriterLock(directory)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  lock.release()
})
